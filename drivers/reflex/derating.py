"""Derating by heat, and the check of the mains voltage.  Pure."""

from __future__ import annotations

from math import inf
from typing import Final

_STEPS: Final = ((71.0, 3), (68.0, 2), (65.0, 1))
HYSTERESIS_C: Final = 3.0

UNDER_VOLTS: Final = 207.0
"""230 V less 10 %."""
UNDER_AFTER_S: Final = 3.0


AT_ONCE_C: Final = 85.0
"""From here on nothing waits for the vehicle."""
BLIND_S: Final = 60.0
"""Without a thermometer it goes on so long, with 6 A."""


class HeatDerating:
    """65 C: half the current; 68 C: the smallest; 71 C: none.  Each step is left 3 C below where it was entered."""

    __slots__ = ("_blind_since", "at_once", "blind", "step", "wake_at")

    def __init__(self) -> None:
        self.step = 0
        self.at_once = False
        """So hot that the contactor opens at once."""
        self.blind = False
        """There has been no temperature for so long that the charge has to end."""
        self._blind_since = inf
        self.wake_at = inf

    def lost(self, now: float) -> None:
        """The thermometer gives no temperature: 6 A for a minute, then nothing."""
        self._blind_since = min(self._blind_since, now)
        self.blind = now >= self._blind_since + BLIND_S
        self.wake_at = inf if self.blind else self._blind_since + BLIND_S

    def update(self, celsius: float) -> bool:
        """Take a new temperature; whether the step changed."""
        before = self.step
        self._blind_since = self.wake_at = inf
        self.blind, self.at_once = False, celsius >= AT_ONCE_C
        rising = next((step for at, step in _STEPS if celsius >= at), 0)
        falling = next((step for at, step in _STEPS if celsius > at - HYSTERESIS_C), 0)
        self.step = max(rising, min(before, falling))
        return self.step != before

    def cap(self, min_amps: float, max_amps: float) -> float:
        """Amperes per phase that may be signalled by a connector of that range; infinite: heat limits nothing."""
        if self._blind_since < inf:
            return min_amps
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


OVER_VOLTS: Final = 253.0
"""230 V and 10 %."""
FAR_OVER_VOLTS: Final = 275.0


class OvervoltageCheck:
    """Mains above 253 V for 3 s are a fault, above 275 V with the first sample."""

    __slots__ = ("_high_since",)

    def __init__(self) -> None:
        self._high_since = inf

    def update(self, now: float, volts: float) -> bool:
        """Take a new voltage; whether the mains are too high."""
        self._high_since = min(self._high_since, now) if volts > OVER_VOLTS else inf
        return volts > FAR_OVER_VOLTS or now >= self._high_since + UNDER_AFTER_S
