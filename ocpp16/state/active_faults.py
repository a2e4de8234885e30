"""The fault codes in force of the station or of one connector, oldest first, and what was seen of each."""

from __future__ import annotations

from collections.abc import Collection


class ActiveFaults:
    """An ordered set of fault codes; their meaning is in `status/faults.py`."""

    def __init__(self) -> None:
        self.codes: tuple[str, ...] = ()
        """Oldest first; read in every step, written by the methods below alone."""
        self.since: dict[str, float] = {}
        """Monotonic second from which each code is in force."""
        self.details: dict[str, str] = {}
        """What was measured, or the cause in the words of who found it; of a code without any: ""."""
        self.recorded: frozenset[str] = frozenset()
        """Those that an earlier life recorded: `since` is when they were read."""

    def set(self, code: str, at: float = 0.0, detail: str = "", recorded: bool = False) -> None:
        """Add a code, in force since that monotonic second; one that is in force already keeps its place."""
        if code not in self.codes:
            self.codes = (*self.codes, code)
            self.since[code], self.details[code] = at, detail
            self.recorded = self.recorded | {code} if recorded else self.recorded - {code}

    def explain(self, code: str, detail: str) -> None:
        """What is seen of it now; nothing where it is not in force."""
        if code in self.codes:
            self.details[code] = detail

    def clear(self, code: str) -> None:
        """Remove a code, where it is in force."""
        self.codes = tuple(other for other in self.codes if other != code)

    def retain(self, codes: Collection[str] = ()) -> None:
        """Remove all codes but these."""
        self.codes = tuple(code for code in self.codes if code in codes)


def merged(one: ActiveFaults, other: ActiveFaults) -> tuple[str, ...]:
    """The codes of both, oldest first; of one moment those of the first before those of the second."""
    if not one.codes or not other.codes:
        return one.codes or other.codes
    both = [(faults.since[code], code) for faults in (one, other) for code in faults.codes]
    return tuple(code for _, code in sorted(both, key=lambda entry: entry[0]))
