"""The last sample of a thermometer that is read by a thread, and how old it may be."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Final

from drivers.devices import DeviceFailure

PERIOD_S: Final = 1.0
STALE_AFTER_S: Final = 10.0
LOWEST_C, HIGHEST_C = -55.0, 150.0


class SampledThermometer:
    """A `Thermometer`; `poll` belongs to the thread of its port.

    measure  degrees Celsius, or why there are none; may take a second
    """

    def __init__(
        self, device: str, measure: Callable[[], float | DeviceFailure], monotonic: Callable[[], float]
    ) -> None:
        self.device = device
        self.wake_at = -inf
        self._measure = measure
        self._monotonic = monotonic
        self._sample: float | DeviceFailure = DeviceFailure(device, "not read yet", "wait")
        self._at = -inf

    def celsius(self, now: float) -> float | DeviceFailure:
        self.wake_at = now + PERIOD_S
        sample = self._sample
        if isinstance(sample, float) and now > self._at + STALE_AFTER_S:
            return DeviceFailure(self.device, "it hangs", "check its wiring; restart evsed-board")
        return sample

    def poll(self) -> float:
        """One measurement."""
        measured = self._measure()
        if isinstance(measured, float) and not LOWEST_C <= measured <= HIGHEST_C:
            measured = DeviceFailure(self.device, f"it shows {measured:g} °C", "check the thermometer and its wiring")
        self._at, self._sample = self._monotonic(), measured
        return PERIOD_S
