"""The lock of a simulated socket: it takes its time, and may be stuck."""

from __future__ import annotations

from collections.abc import Set
from math import inf
from typing import Final

MOVES_IN_S: Final = 0.3


class SimulatedLock:
    """A `Lock` device.  `causes` are the faults that are on; `position` is True where it is locked."""

    __slots__ = ("_causes", "_target", "position", "wake_at")

    def __init__(self, causes: Set[str]) -> None:
        self._causes = causes
        self._target = False
        self.position = False
        self.wake_at = inf

    def drive(self, now: float, locked: bool) -> None:
        self._target = locked
        self._plan(now)

    def locked(self, now: float) -> bool:
        if now >= self.wake_at:
            self.wake_at = inf
            self.position = self._target
        self._plan(now)
        return self.position

    def _plan(self, now: float) -> None:
        """A movement that has begun goes on; one that is not wanted any more, or is stuck, ends where it began."""
        stuck = ("lock-closed" if self.position else "lock-open") in self._causes
        self.wake_at = inf if self._target == self.position or stuck else min(self.wake_at, now + MOVES_IN_S)
