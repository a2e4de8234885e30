"""The proximity contact of a socket outlet: the coding resistor of the cable, in a divider at a converter."""

from __future__ import annotations

from math import inf
from typing import Final, Protocol

from drivers.devices import DeviceFailure
from drivers.reflex.pilot_signal import cable_amps

LOOKS_EVERY_S: Final = 0.05
WIRING: Final = "check the divider of the proximity contact and its supply"


class TwoInputs(Protocol):
    """A converter's latest sample of two inputs, in counts."""

    @property
    def device(self) -> str: ...
    def latest(self, now: float) -> tuple[float, int, int] | DeviceFailure: ...


class AdcProximity:
    """A `Proximity`: a resistor from the supply to the contact, the cable's from there to earth.

    adc           its first input stands at the contact, its second one at the supply of the divider
    pull_up_ohms  the resistor to the supply
    supply_counts counts of the supply where the converter measures against it (both inputs are then the contact); 0:
                  the second input is the supply
    """

    def __init__(self, adc: TwoInputs, pull_up_ohms: float = 1000.0, supply_counts: int = 0) -> None:
        self.wake_at = -inf
        self._adc = adc
        self._pull_up_ohms = pull_up_ohms
        self._supply_counts = supply_counts

    def amps(self, now: float) -> float | DeviceFailure:
        self.wake_at = now + LOOKS_EVERY_S
        ohms = self.ohms(now)
        return ohms if isinstance(ohms, DeviceFailure) else cable_amps(ohms)

    def ohms(self, now: float) -> float | DeviceFailure:
        """The resistor between contact and earth; infinite: none."""
        sample = self._adc.latest(now)
        if isinstance(sample, DeviceFailure):
            return sample
        _, contact, supply = sample
        if self._supply_counts:
            contact, supply = (contact + supply) // 2, self._supply_counts
        if supply <= 0 or contact > supply * 1.02:
            return DeviceFailure(self._adc.device, f"{contact} counts of {supply} are no divider", WIRING)
        share = max(0, contact) / supply
        return inf if share >= 0.99 else self._pull_up_ohms * share / (1.0 - share)
