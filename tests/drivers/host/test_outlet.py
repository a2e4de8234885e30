"""The outlet: a fixed cable, or a socket whose cable must be there and locked."""

from __future__ import annotations

from math import inf

from drivers.host.outlet import Hold, Outlet
from tests.drivers.host.tiny_board import BROKEN, MemoryLock, MemoryProximity


def socket() -> tuple[Outlet, MemoryProximity, MemoryLock]:
    proximity, lock = MemoryProximity(), MemoryLock()
    return Outlet(proximity, lock, 32.0), proximity, lock


def test_a_fixed_cable_is_always_there() -> None:
    """It has no lock and holds nothing up."""
    outlet = Outlet(None, None, 32.0)
    outlet.want(True)
    outlet.settle(0.0, False)
    assert (outlet.cable, outlet.hold(), outlet.cap_amps()) == ((True, False, 32.0), ("", False), inf)


def test_a_socket_without_cable_or_lock_holds_energy_up() -> None:
    """No cable: at once; not locked: gently; locked: nothing but what the cable carries."""
    outlet, proximity, _ = socket()
    outlet.settle(0.0, False)
    assert outlet.hold() == Hold("no cable", True) and outlet.cap_amps() == inf
    proximity.carries = 20.0
    outlet.settle(0.0, False)
    assert outlet.hold() == Hold("the cable is not locked", False)
    outlet.want(True)
    outlet.settle(0.1, False)
    outlet.settle(0.2, False)
    assert outlet.hold() == Hold() and outlet.cap_amps() == 20.0


def test_a_proximity_circuit_that_fails() -> None:
    """Nothing is known of the cable: no energy, and the reason names the device."""
    outlet, proximity, _ = socket()
    proximity.carries = BROKEN
    outlet.settle(0.0, False)
    assert outlet.hold() == Hold(str(BROKEN), True) and not outlet.cable.present


def test_an_order_to_unlock() -> None:
    """It goes before the level; a new cable or vehicle ends it, and so does a level that unlocks and locks anew."""
    for ends in ("vehicle", "cable", "level"):
        outlet, proximity, lock = socket()
        proximity.carries = 20.0
        outlet.want(True)
        for now in (0.0, 0.1):
            outlet.settle(now, False)
        assert outlet.cable.locked
        outlet.unlock()
        assert outlet.unlocking_ended() is None
        for now in (0.2, 0.3):
            outlet.settle(now, False)
        assert outlet.unlocking_ended() == (True, "unlocked") and not lock.position
        outlet.want(True)
        outlet.settle(0.4, False)
        assert not outlet.reflex.drive
        if ends == "vehicle":
            outlet.vehicle_connected()
        elif ends == "cable":
            for proximity.carries in (0.0, 20.0):
                outlet.settle(0.5, False)
        else:
            outlet.want(False)
        outlet.want(True)
        outlet.settle(0.6, False)
        assert outlet.reflex.drive


def test_a_lock_that_cannot_be_sensed() -> None:
    """It counts as not where it should be: after three tries a fault, and the device that failed is known."""
    outlet, proximity, lock = socket()
    proximity.carries, lock.failure = 20.0, BROKEN
    outlet.want(True)
    for now in (0.0, 1.0, 3.1, 4.1):
        outlet.settle(now, False)
    assert outlet.reflex.failed == "lock-open" and outlet.failure == BROKEN


def test_it_does_not_unlock_under_voltage() -> None:
    """Whatever is wanted."""
    outlet, proximity, lock = socket()
    proximity.carries = 20.0
    outlet.want(True)
    outlet.settle(0.0, False)
    outlet.want(False)
    outlet.settle(0.1, True)
    assert lock.position


def test_an_order_to_unlock_exercises_an_open_lock() -> None:
    """§5.18: that a lock stands open proves nothing: it locks once, then unlocks, and only then is it answered."""
    outlet, _, lock = socket()
    outlet.settle(0.0, False)
    outlet.unlock()
    seen = []
    for tick in range(1, 6):
        outlet.settle(tick / 10, False)
        seen.append((lock.position, outlet.unlocking_ended()))
    moved = [position for position, _ in seen]
    assert True in moved and not lock.position, moved
    assert [ended for position, ended in seen if position] == [None] * moved.count(True)
    assert seen[-1] == (False, (True, "unlocked"))


def test_an_exercise_ends_with_a_level_that_locks() -> None:
    """A driver begins meanwhile: whoever asked is told, and the cable stays locked."""
    outlet, proximity, _ = socket()
    proximity.carries = 20.0
    outlet.settle(0.0, False)
    outlet.unlock()
    outlet.want(False)
    outlet.want(True)
    outlet.settle(0.1, False)
    assert outlet.unlocking_ended() == (False, "it was locked anew")
