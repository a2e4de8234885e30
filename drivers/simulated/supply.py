"""The mains of a simulated station."""

from __future__ import annotations

from math import inf

from drivers.devices import SupplySample


class SimulatedSupply:
    """A `Supply` device; without mains the board runs on its backup supply."""

    __slots__ = ("volts", "wake_at")

    def __init__(self, volts: float) -> None:
        self.volts = volts
        self.wake_at = inf

    def set(self, now: float, volts: float) -> None:
        """Volts from now on; 0: the mains are gone."""
        self.volts = volts
        self.wake_at = now

    def sample(self, now: float) -> SupplySample:
        self.wake_at = inf
        return SupplySample(self.volts, self.volts == 0.0)
