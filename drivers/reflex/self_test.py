"""The self-test of a connector before anything of it is closed: both levels of the pilot.  Pure.

The pilot is put to -12 V, where no vehicle changes anything, then to +12 V, where the level has to be one of A to D.
"""

from __future__ import annotations

from math import inf
from typing import Final, Literal

from drivers.reflex.pilot_signal import STEADY_NS, state_of

MINUS_V: Final = -10.8
"""-12 V, less a tenth."""
PHASE_S: Final = 1.0
"""A level that has not been seen by then is not there."""
AGAIN_S: Final = 10.0
"""A test that has failed is made again."""

Phase = Literal["minus", "plus", "waiting", "passed"]


class SelfTest:
    """`duty` is what to signal; `failed` says what is wrong, as long as it is."""

    __slots__ = ("_since", "failed", "phase", "wake_at")

    def __init__(self) -> None:
        self.phase: Phase = "minus"
        self._since = inf
        self.failed = ""
        self.wake_at = inf

    @property
    def passed(self) -> bool:
        return self.phase == "passed"

    @property
    def duty(self) -> int:
        """High time in nanoseconds of 1 ms."""
        return 0 if self.phase == "minus" else STEADY_NS

    def sample(self, now: float, high_volts: float) -> None:
        """A level that was measured while `duty` was signalled."""
        if self.phase == "minus" and high_volts <= MINUS_V:
            self._enter(now, "plus")
        elif self.phase == "plus" and state_of(high_volts) in ("A", "B", "C", "D"):
            self.failed = ""
            self._enter(now, "passed")

    def settle(self, now: float) -> None:
        """Time has passed."""
        self._since = min(self._since, now)
        if self.phase == "waiting":
            if now >= self._since + AGAIN_S:
                self._enter(now, "minus")
        elif self.phase != "passed" and now >= self._since + PHASE_S:
            self.failed = "the pilot does not reach -12 V" if self.phase == "minus" else "the pilot stays below state D"
            self._enter(now, "waiting")
        self.wake_at = self._since + (AGAIN_S if self.phase == "waiting" else PHASE_S)
        if self.phase == "passed":
            self.wake_at = inf

    def _enter(self, now: float, phase: Phase) -> None:
        self.phase, self._since = phase, now
