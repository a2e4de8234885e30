"""The thermometer in the simulated housing."""

from __future__ import annotations

from math import inf


class SimulatedThermometer:
    """A `Thermometer` device; it shows `degrees` Celsius."""

    __slots__ = ("degrees", "wake_at")

    def __init__(self, degrees: float) -> None:
        self.degrees = degrees
        self.wake_at = inf

    def set(self, now: float, degrees: float) -> None:
        """It is as warm as this from now on."""
        self.degrees = degrees
        self.wake_at = now

    def celsius(self, now: float) -> float:
        self.wake_at = inf
        return self.degrees
