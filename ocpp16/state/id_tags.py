"""What is said about a card, and when two identifiers are the same.  Who says it stands in the profiles."""

from __future__ import annotations

from typing import NamedTuple

from ocpp16.messages.types import AuthorizationStatus


class Verdict(NamedTuple):
    """What is known about a card, and from whom."""

    status: str
    parent_id_tag: str | None
    source: str

    @property
    def accepted(self) -> bool:
        return self.status == AuthorizationStatus.ACCEPTED


def same(one: str, other: str) -> bool:
    """Identifiers are compared case-insensitively (§7.28)."""
    return one.casefold() == other.casefold()
