"""The fault codes in force of the station or of one connector, oldest first."""

from __future__ import annotations

from collections.abc import Collection


class ActiveFaults:
    """An ordered set of fault codes; their meaning is in `status/faults.py`."""

    def __init__(self) -> None:
        self.codes: tuple[str, ...] = ()
        """Oldest first; read in every step, written by the methods below alone."""
        self.details: dict[str, str] = {}
        """What is known of a fault in force beyond its code."""

    def set(self, code: str, detail: str = "") -> None:
        """Add a code; one that is in force already keeps its place, and its detail becomes this one."""
        self.details[code] = detail
        if code not in self.codes:
            self.codes = (*self.codes, code)

    def clear(self, code: str) -> None:
        """Remove a code, where it is in force."""
        self.codes = tuple(other for other in self.codes if other != code)

    def retain(self, codes: Collection[str] = ()) -> None:
        """Remove all codes but these."""
        self.codes = tuple(code for code in self.codes if code in codes)
