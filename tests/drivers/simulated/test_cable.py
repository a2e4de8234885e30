"""The cable: fixed, or in a socket with a lock."""

from __future__ import annotations

from math import inf

from drivers.simulated.cable import SimulatedCable


def test_a_fixed_cable_is_always_there() -> None:
    """It has no lock and holds nothing up."""
    cable = SimulatedCable(socket=False)
    cable.wanted = True
    cable.settle(0.0, False, False, set())
    assert (cable.present, cable.locked, cable.hold(), cable.wake_at) == (True, False, ("", False), inf)


def test_a_socket_without_cable_or_lock_holds_energy_up() -> None:
    """No cable: at once; not locked: gently; locked: nothing."""
    cable = SimulatedCable(socket=True)
    assert cable.hold() == ("no cable", True)
    cable.present = cable.wanted = True
    cable.settle(0.0, False, True, set())
    assert cable.hold() == ("the cable is not locked", False)
    cable.settle(0.3, False, True, set())
    assert cable.locked and cable.hold() == ("", False)


def test_a_level_taken_back_in_the_middle_of_the_movement() -> None:
    """The lock stays where it is."""
    cable = SimulatedCable(socket=True)
    cable.present = cable.wanted = True
    cable.settle(0.0, False, True, set())
    cable.wanted = False
    cable.settle(0.1, False, True, set())
    cable.settle(9.0, False, True, set())
    assert not cable.locked and cable.wake_at == inf


def test_stuck_and_free_again() -> None:
    """A stuck lock moves as soon as it is free; in the dark it stays as it is."""
    cable = SimulatedCable(socket=True)
    cable.present = cable.wanted = True
    for now in (0.0, 1.0, 3.0):
        cable.settle(now, False, True, {"lock-open"})
    assert cable.reflex.failed == "lock-open" and not cable.locked
    cable.settle(4.0, False, True, set())
    cable.settle(4.3, False, True, set())
    assert cable.locked and not cable.reflex.failed
    again = SimulatedCable(socket=True)
    again.restore(cable.state())
    assert (again.present, again.locked) == (True, True)
