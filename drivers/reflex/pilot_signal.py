"""IEC 61851-1 arithmetic: volts to states, debounce, amperes to duty and back, cable coding.  No device, no clock."""

from __future__ import annotations

from math import inf
from typing import Final

from drivers.devices import CpState

MIN_AMPS: Final = 6.0
"""Less cannot be signalled: the pilot stays steady instead."""
PERIOD_NS: Final = 1_000_000
"""1 kHz."""
STEADY_NS: Final = PERIOD_NS
"""A duty of 100 %: steady +12 V, "no energy now" (states x1)."""

# Nominal +-1 V; between the windows lies the hysteresis: a boundary is crossed only by this much beyond its middle.
_BOUNDARIES: Final = ((10.5, "A", "B"), (7.5, "B", "C"), (4.5, "C", "D"), (1.5, "D", "E"), (-10.0, "E", "F"))
_HYSTERESIS_V: Final = 0.25
_ORDER: Final = "ABCDEF"
OUT_OF_RANGE_V: Final = 15.0

DIODE_LOW_V: Final = -10.0
"""With PWM on, the negative peak of a vehicle with a diode lies below this."""


def state_of(high_volts: float, last: CpState | None = None) -> CpState | None:
    """Table A.1: the state that a positive peak means, seen from the `last` one; None: a broken input."""
    if not -OUT_OF_RANGE_V <= high_volts <= OUT_OF_RANGE_V:
        return None
    for volts, above, below in _BOUNDARIES:
        if last is not None:
            volts += _HYSTERESIS_V if _ORDER.index(last) >= _ORDER.index(below) else -_HYSTERESIS_V
        if high_volts > volts:
            return above  # type: ignore[return-value]
    return "F"


def duty_ns(amps: float) -> int:
    """Table A.7: high time of the 1 ms period that allows at most `amps` (0 to 80); below 6 A the pilot is steady.

    Never rounded up.  Between 51 and 52.5 A nothing is defined: 51 A is signalled.
    """
    if amps < MIN_AMPS:
        return STEADY_NS
    if amps < 52.5:
        return _allowed(int(min(amps, 51.0) / 0.6 * 10_000 + 1e-6), amps)
    return _allowed(int((min(amps, 80.0) / 2.5 + 64.0) * 10_000 + 1e-6), amps)


def _allowed(duty: int, amps: float) -> int:
    """What binary fractions took off was given back above; it must not have become more than is allowed."""
    return duty if amps_of(duty) <= amps else duty - 1


def amps_of(duty: int) -> float:
    """Table A.8: what a vehicle may draw at this duty (nanoseconds of 1 ms); 0 where it may draw nothing."""
    percent = duty / 10_000
    if percent < 8.0 or percent > 97.0:
        return 0.0
    if percent <= 10.0:
        return MIN_AMPS
    if percent <= 85.0:
        return percent * 0.6
    return min((percent - 64.0) * 2.5, 80.0)


def cable_amps(ohms: float) -> float:
    """Annex B: what a detachable cable carries by its coding resistor; 0: no cable in the socket."""
    for at_least, amps in ((4500.0, 0.0), (1000.0, 13.0), (330.0, 20.0), (150.0, 32.0), (50.0, 63.0)):
        if ohms >= at_least:
            return amps
    return 0.0  # a short circuit is no coding


class Debounce:
    """A state that has to last before it counts.

    Leaving C or D is watched from the first departure on and is not forgiven before C or D has been steady again, so
    that a vehicle that chatters cannot hold the contactor.  Every other change has to be steady for `settle_s`.
    """

    __slots__ = ("_left_at", "_raw", "_raw_since", "leave_s", "settle_s", "state", "wake_at")

    def __init__(self, leave_s: float, settle_s: float) -> None:
        self.leave_s = leave_s
        self.settle_s = settle_s
        self.state: CpState | None = None  # not known yet
        self._raw: CpState | None = None
        self._raw_since = -inf
        self._left_at: float | None = None
        self.wake_at = inf

    def feed(self, now: float, raw: CpState) -> None:
        """What the last sample means."""
        if raw != self._raw:
            self._raw = raw
            self._raw_since = now
            if raw != self.state and self._left_at is None:
                self._left_at = now

    def settle(self, now: float) -> float | None:
        """Take over what has lasted: the second at which the new `state` began, or None where nothing changed."""
        self.wake_at = inf
        if self._raw is None or self._left_at is None:
            return None
        ready = self.state in ("C", "D")
        if self._raw == self.state:
            forgiven_at = self._raw_since + (self.leave_s if ready else 0.0)
            if now >= forgiven_at:
                self._left_at = None
            else:
                self.wake_at = forgiven_at
            return None
        since = self._left_at if ready else self._raw_since
        counts_at = since if self.state is None else since + (self.leave_s if ready else self.settle_s)
        if now < counts_at:
            self.wake_at = counts_at
            return None
        self.state = self._raw
        self._left_at = None
        return since
