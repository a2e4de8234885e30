"""The fault codes in force of the station or of one connector, oldest first, with what was seen of each."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple


class Seen(NamedTuple):
    """What was seen of a fault, and when it was reported."""

    detail: str = ""
    """Measured values or the cause, in the words of who found it; "": nothing more than the code says."""
    mono: float | None = None
    """Monotonic second; None: it was on record before this start."""


NOTHING_SEEN = Seen()


NOTHING_SEEN = Seen()


class ActiveFaults:
    """An ordered set of fault codes; their meaning is in `status/faults.py`."""

    def __init__(self) -> None:
        self.codes: tuple[str, ...] = ()
        """Oldest first; read in every step, written by the methods below alone."""
        self.seen: dict[str, Seen] = {}
        """Of each code in force."""

    def set(self, code: str, seen: Seen = NOTHING_SEEN) -> None:
        """Add a code; one that is in force already keeps its place, and what was seen of it first."""
        if code not in self.codes:
            self.codes = (*self.codes, code)
            self.seen[code] = seen

    def explain(self, code: str, seen: Seen) -> None:
        """What is seen of it now; nothing where it is not in force."""
        if code in self.codes:
            self.seen[code] = seen

    def clear(self, code: str) -> None:
        """Remove a code, where it is in force."""
        self.codes = tuple(other for other in self.codes if other != code)
        self.seen.pop(code, None)

    def retain(self, codes: Collection[str] = ()) -> None:
        """Remove all codes but these."""
        self.codes = tuple(code for code in self.codes if code in codes)
        self.seen = {code: self.seen[code] for code in self.codes}
