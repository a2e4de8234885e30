"""The cable: fixed, or in a socket with a lock."""

from __future__ import annotations

from drivers.simulated.cable import CABLE_AMPS, SimulatedCable
from drivers.simulated.lock import SimulatedLock


def test_a_fixed_cable_is_always_there() -> None:
    """From the beginning; a socket is empty at first."""
    assert SimulatedCable(False, SimulatedLock(set())).present
    assert SimulatedCable(True, SimulatedLock(set())).amps(0.0) == 0.0


def test_the_driver_takes_his_cable() -> None:
    """Neither held by the car nor locked it goes."""
    lock = SimulatedLock(set())
    cable = SimulatedCable(True, lock)
    cable.present = cable.held = True
    assert cable.amps(0.0) == CABLE_AMPS
    lock.position, cable.held = True, False
    assert cable.amps(1.0) == CABLE_AMPS and not cable.is_shut
    lock.position = False
    assert cable.amps(2.0) == 0.0
    lock.position = True
    assert cable.is_shut


def test_it_survives_a_power_cut() -> None:
    """Cable and lock stay as they are."""
    cable = SimulatedCable(True, SimulatedLock(set()))
    cable.restore({"present": True, "locked": True})
    assert cable.state() == {"present": True, "locked": True} and cable.amps(0.0) == CABLE_AMPS
