"""The simulated thermometer."""

from __future__ import annotations

from math import inf

from drivers.simulated.thermometer import SimulatedThermometer


def test_a_change_asks_to_be_read() -> None:
    """And is read once."""
    thermometer = SimulatedThermometer(25.0)
    assert (thermometer.celsius(0.0), thermometer.wake_at) == (25.0, inf)
    thermometer.set(5.0, 66.0)
    assert (thermometer.wake_at, thermometer.celsius(5.0), thermometer.wake_at) == (5.0, 66.0, inf)
