"""Derating by heat, and the check of the mains voltage.  Pure."""

from __future__ import annotations

from math import inf
from typing import Final

_STEPS: Final = ((71.0, 3), (68.0, 2), (65.0, 1))
HYSTERESIS_C: Final = 3.0

UNDER_VOLTS: Final = 207.0
"""230 V less 10 %."""
UNDER_AFTER_S: Final = 3.0


class HeatDerating:
    """65 C: half the current; 68 C: the smallest; 71 C: none.  Each step is left 3 C below where it was entered."""

    __slots__ = ("step",)

    def __init__(self) -> None:
        self.step = 0

    def update(self, celsius: float) -> bool:
        """Take a new temperature; whether the step changed."""
        before = self.step
        rising = next((step for at, step in _STEPS if celsius >= at), 0)
        falling = next((step for at, step in _STEPS if celsius > at - HYSTERESIS_C), 0)
        self.step = max(rising, min(before, falling))
        return self.step != before

    def cap(self, min_amps: float, max_amps: float) -> float:
        """Amperes per phase that may be signalled by a connector of that range; infinite: heat limits nothing."""
        return (inf, max(max_amps / 2.0, min_amps), min_amps, min_amps)[self.step]

    @property
    def too_hot(self) -> bool:
        return self.step == 3


class UndervoltageCheck:
    """Mains below 207 V for 3 s are a fault."""

    __slots__ = ("_low_since", "wake_at")

    def __init__(self) -> None:
        self._low_since = inf
        self.wake_at = inf

    def update(self, now: float, volts: float) -> bool:
        """Take a new voltage; whether the mains have been too low for 3 s."""
        self._low_since = min(self._low_since, now) if volts < UNDER_VOLTS else inf
        due = self._low_since + UNDER_AFTER_S
        self.wake_at = due if now < due else inf
        return now >= due
