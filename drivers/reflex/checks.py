"""Two checks that take time to be sure: the vehicle's diode, and the current against what is signalled.  Pure."""

from __future__ import annotations

from math import inf
from typing import Final

from drivers.reflex.pilot_signal import DIODE_LOW_V

TOLERANCE: Final = 1.1
TOLERANCE_AMPS: Final = 0.5
HARD: Final = 1.25
SOFT_S: Final = 7.0
HARD_S: Final = 1.0
FOLLOW_S: Final = 5.0
"""A vehicle has so long to follow a lower PWM."""


class DiodeCheck:
    """Under PWM the negative half-wave must stay at -12 V; proven anew each time PWM begins."""

    __slots__ = ("_bad_since", "patience_s", "proven")

    def __init__(self, patience_s: float) -> None:
        self.patience_s = patience_s
        self.proven = False
        self._bad_since = inf

    def restart(self) -> None:
        self.proven, self._bad_since = False, inf

    def sample(self, now: float, low_volts: float) -> None:
        """The negative peak of a sample taken under PWM."""
        self.proven = low_volts <= DIODE_LOW_V
        self._bad_since = inf if self.proven else min(self._bad_since, now)

    def fails_at(self) -> float:
        """When it will have failed, if no good sample comes; infinite: nothing is wrong."""
        return self._bad_since + self.patience_s


class CurrentCheck:
    """A vehicle that draws more than it may: 10 % and 0.5 A above for 7 s, or a quarter above for 1 s."""

    __slots__ = ("_grace_amps", "_grace_until", "_over_since")

    def __init__(self) -> None:
        self._grace_amps = 0.0
        self._grace_until = -inf
        self._over_since = inf

    def lowered(self, now: float, from_amps: float) -> None:
        """What is signalled fell: the old level is tolerated until the vehicle must have followed."""
        self._grace_amps = max(from_amps, self._grace_amps if now < self._grace_until else 0.0)
        self._grace_until = now + FOLLOW_S

    def warned(self, now: float, drawn: float) -> None:
        """The vehicle is told less because of what it draws: until it must have followed that is tolerated."""
        self._grace_amps, self._grace_until, self._over_since = drawn, now + FOLLOW_S, inf

    def fails_at(self, now: float, signalled: float, drawn: float | None) -> tuple[float, bool]:
        """When to look again (infinite: nothing is wrong), and whether it will then have failed if nothing changes."""
        if signalled == 0.0 or drawn is None or drawn <= _tolerated(signalled):
            self._over_since = inf
            return inf, False
        limit = signalled
        if now < self._grace_until:
            limit = max(signalled, self._grace_amps)
            if drawn <= _tolerated(limit):
                self._over_since = inf
                return self._grace_until, False
        self._over_since = min(self._over_since, now)
        return self._over_since + (HARD_S if drawn > limit * HARD else SOFT_S), True


def _tolerated(amps: float) -> float:
    return (amps + TOLERANCE_AMPS) * TOLERANCE
