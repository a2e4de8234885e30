"""The lock of a detachable cable: what to drive, how long to try, when it is a fault.  Pure; moves nothing itself."""

from __future__ import annotations

from math import inf
from typing import Final

TRIES: Final = 3
TRY_S: Final = 1.0


class LockReflex:
    """Follows the level `wanted`; a failed movement is repeated until the lock has shown that it can.

    It never unlocks while there is voltage.  An outlet without a cable is locked where that is wanted.
    """

    __slots__ = ("_since", "drive", "failed", "wake_at")

    def __init__(self) -> None:
        self.drive = False
        """Level for the actuator, True: locked."""
        self.failed = ""
        """`lock-open` (does not lock), `lock-closed` (does not unlock), or nothing."""
        self.wake_at = inf
        self._since = inf

    def settle(self, now: float, wanted: bool, live: bool, locked: bool | None) -> None:
        """`locked` is the position as sensed (None: it cannot be sensed), `live` the contactor."""
        target = wanted
        if self.failed:
            target = self.failed == "lock-open"
        if live:
            target = True
        if target != self.drive:
            self.drive, self._since = target, now
        self.wake_at = inf
        if locked == target:
            self._since = inf
            if self.failed and locked == (self.failed == "lock-open"):
                self.failed = ""
                self.settle(now, wanted, live, locked)
            return
        self._since = min(self._since, now)
        gives_up_at = self._since + TRIES * TRY_S
        if now >= gives_up_at:
            self.failed = "lock-open" if target else "lock-closed"
        else:
            self.wake_at = gives_up_at
