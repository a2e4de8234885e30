"""The proximity contact: cables by their resistors, no cable, a short, a converter that fails."""

from __future__ import annotations

import pytest

from drivers.devices import DeviceFailure
from drivers.inputs.proximity import AdcProximity


class Adc:
    device = "ADS1115"

    def __init__(self, contact: int, supply: int) -> None:
        self.sample: tuple[float, int, int] | DeviceFailure = (0.0, contact, supply)

    def latest(self, now: float) -> tuple[float, int, int] | DeviceFailure:
        return self.sample


@pytest.mark.parametrize(
    ("ohms", "amps"), [(1500, 13.0), (680, 20.0), (220, 32.0), (100, 63.0), (10_000, 0.0), (10, 0.0)]
)
def test_cables(ohms: float, amps: float) -> None:
    """IEC 61851-1 annex B, with both kinds of converter."""
    share = ohms / (ohms + 1000)
    ratio = AdcProximity(Adc(round(26400 * share), 26400))
    assert ratio.amps(1.0) == amps
    assert ratio.wake_at > 1.0
    counts = round(1023 * share)
    assert AdcProximity(Adc(counts + 1, counts), supply_counts=1023).amps(1.0) == amps


def test_no_cable_at_all() -> None:
    """The contact stands at the supply."""
    proximity = AdcProximity(Adc(26390, 26400))
    assert (proximity.amps(0.0), proximity.ohms(0.0)) == (0.0, float("inf"))
    assert AdcProximity(Adc(-3, 26400)).amps(0.0) == 0.0


@pytest.mark.parametrize(("contact", "supply"), [(100, 0), (100, -5), (27000, 26400)])
def test_what_is_no_divider(contact: int, supply: int) -> None:
    """Its supply is missing, or it is wired otherwise."""
    failure = AdcProximity(Adc(contact, supply)).amps(0.0)
    assert isinstance(failure, DeviceFailure)
    assert "no divider" in failure.cause


def test_a_converter_that_fails() -> None:
    """Its own failure."""
    adc = Adc(0, 0)
    adc.sample = DeviceFailure("ADS1115", "no answer", "look")
    assert AdcProximity(adc).amps(0.0) == adc.sample
