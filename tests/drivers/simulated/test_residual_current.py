"""The simulated residual-current monitor."""

from __future__ import annotations

from drivers.simulated.residual_current import SimulatedResidualCurrent


def test_it_follows_its_fault() -> None:
    """Tripped as long as `rcd` is on."""
    causes = {"rcd"}
    monitor = SimulatedResidualCurrent(causes)
    assert monitor.tripped(0.0)
    causes.clear()
    assert not monitor.tripped(1.0)
