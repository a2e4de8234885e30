"""A vehicle that sleeps in B2, or draws nothing in C, is woken once by 4 s of state F (IEC 61851-1 A.5.3).  Pure."""

from __future__ import annotations

from math import inf
from typing import Final

AFTER_S: Final = 30.0
IDLE_S: Final = 300.0
"""In state C it may take its time."""
DRAWS_NOTHING: Final = 0.01
"""Of what it may draw."""
FOR_S: Final = 4.0


class WakeUp:
    """`settle` at every occasion; while `active` the pilot is at -12 V and says nothing of the vehicle."""

    __slots__ = ("_after_s", "_asleep_since", "_began_at", "_done", "active", "wake_at")

    def __init__(self) -> None:
        self.active = False
        self.wake_at = inf
        self._done = False
        self._after_s = AFTER_S
        self._asleep_since = inf
        self._began_at = inf

    def settle(self, now: float, plugged: bool, asleep: bool, after_s: float = AFTER_S) -> None:
        """`plugged`: there is a vehicle; `asleep`: it does not charge, though it may; `after_s`: its time to sleep."""
        self.wake_at = inf
        if not plugged:
            self._done = self.active = False
        if self.active:
            if asleep and now < self._began_at + FOR_S:
                self.wake_at = self._began_at + FOR_S
                return
            self.active = False
        if not asleep or self._done:
            self._asleep_since = inf
            return
        if after_s != self._after_s:
            self._after_s, self._asleep_since = after_s, inf
        self._asleep_since = min(self._asleep_since, now)
        if now < self._asleep_since + after_s:
            self.wake_at = self._asleep_since + after_s
            return
        self.active = self._done = True
        self._began_at = now
        self.wake_at = now + FOR_S
