"""When a contactor may close: spaced, rested after a fault, not too often in an hour; how often it is tried.  Pure."""

from __future__ import annotations

from math import inf
from typing import Final

HOUR_S: Final = 3600.0
RETRY_S: Final = 1.0
"""A contactor that did not close is tried again after so long: it has carried nothing."""


class Closing:
    """every_s         between two closings
    tries            how often a closing is tried before it is a fault
    rest_s           after a fault that opens at once
    most_an_hour     closings within any 3600 s; infinite: as many as there are
    """

    __slots__ = ("_every_s", "_failed", "_most_an_hour", "_recent", "_rest_s", "_rest_until", "_tries", "closed_at")

    def __init__(self, every_s: float, tries: int, rest_s: float, most_an_hour: float) -> None:
        self._every_s = every_s
        self._tries = tries
        self._rest_s = rest_s
        self._most_an_hour = most_an_hour
        self._rest_until = -inf
        self._failed = 0
        self._recent: list[float] = []
        self.closed_at = -inf
        """When it was told to close last."""

    def earliest(self, now: float) -> float:
        """The second from which on it may close; it may lie in the past."""
        self._recent = [at for at in self._recent if at > now - HOUR_S]
        crowded = self._recent[0] + HOUR_S if len(self._recent) >= self._most_an_hour else -inf
        spaced = self.closed_at + (RETRY_S if self._failed else self._every_s)
        return max(spaced, self._rest_until, crowded)

    def closes(self, now: float) -> None:
        """It is told to close."""
        self.closed_at = now
        if not self._failed and self._most_an_hour < inf:
            self._recent.append(now)

    def confirmed(self) -> None:
        """It has closed."""
        self._failed = 0

    def did_not_close(self) -> bool:
        """Whether that is a fault by now; else it may be tried again."""
        self._failed += 1
        if self._failed < self._tries:
            return False
        self._failed = 0
        return True

    def rest(self, now: float) -> None:
        """A fault that opens at once is on."""
        self._rest_until = now + self._rest_s
