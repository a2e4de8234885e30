"""What is known about an idTag, and when two identifiers are the same (§3.5, §7.28)."""

from __future__ import annotations

from typing import NamedTuple

from ocpp16.messages.types import AuthorizationStatus

CENTRAL_SYSTEM = "Central System"


class Verdict(NamedTuple):
    """What is known about an idTag, and its source."""

    status: str
    """AuthorizationStatus (§7.2)."""
    parent_id_tag: str | None
    source: str
    """For the journal: cache, local list, `CENTRAL_SYSTEM`, or the station itself."""

    @property
    def accepted(self) -> bool:
        """Whether it may charge."""
        return self.status == AuthorizationStatus.ACCEPTED

    @property
    def by_central_system(self) -> bool:
        """Whether the Central System has just said so."""
        return self.source == CENTRAL_SYSTEM


def same(one: str, other: str) -> bool:
    """Whether two identifiers are equal; case does not count (§7.28)."""
    return one.casefold() == other.casefold()


def same_group(one: str | None, other: str | None) -> bool:
    """§3.5: whether two parentIdTags are there and equal."""
    return one is not None and other is not None and same(one, other)
