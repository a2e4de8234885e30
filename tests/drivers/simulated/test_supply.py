"""The simulated mains."""

from __future__ import annotations

from math import inf

from drivers.simulated.supply import SimulatedSupply


def test_volts_and_backup() -> None:
    """Without mains the board lives on its backup supply."""
    supply = SimulatedSupply(230.0)
    assert supply.sample(0.0) == (230.0, False)
    supply.set(5.0, 0.0)
    assert (supply.wake_at, supply.sample(5.0), supply.wake_at) == (5.0, (0.0, True), inf)
