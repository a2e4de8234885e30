"""The Control Pilot of a simulated connector: what the board measures at its end of the pilot wire."""

from __future__ import annotations

from collections.abc import Callable, Set
from math import inf

from drivers.devices import PilotSample
from drivers.reflex.pilot_signal import STEADY_NS, amps_of
from drivers.simulated.car import Car


class SimulatedPilot:
    """A `Pilot` device.

    causes  the faults that are on
    car_at  the car that is plugged in, brought up to the second given; None without one
    """

    __slots__ = ("_car_at", "_causes", "_duty_ns", "signalled_amps", "wake_at")

    def __init__(self, causes: Set[str], car_at: Callable[[float], Car | None]) -> None:
        self._causes = causes
        self._car_at = car_at
        self._duty_ns = STEADY_NS
        self.signalled_amps = 0.0
        """What the signal allows the car."""
        self.wake_at = inf

    def signal(self, now: float, duty_ns: int) -> None:
        self._duty_ns = duty_ns
        self.signalled_amps = round(amps_of(duty_ns), 2)

    def sample(self, now: float) -> PilotSample:
        self.wake_at = inf
        car = self._car_at(now)
        if "pilot-short" in self._causes:
            return PilotSample(now, 0.0, 0.0, inf)
        high = self._high_volts(car)
        if self._duty_ns == STEADY_NS:
            return PilotSample(now, high, high, inf)
        rectified = car is None or "diode" not in self._causes
        return PilotSample(now, high, -12.0 if rectified else -high, inf)

    def _high_volts(self, car: Car | None) -> float:
        if car is None:
            return 12.0
        if "ventilation" in self._causes:
            return 3.0
        return 6.0 if car.ready else 9.0
