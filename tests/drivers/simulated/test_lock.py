"""The simulated lock: it takes its time, and may be stuck."""

from __future__ import annotations

from math import inf

from drivers.simulated.lock import MOVES_IN_S, SimulatedLock


def test_it_takes_its_time() -> None:
    """A command is followed 0.3 s later."""
    lock = SimulatedLock(set())
    lock.drive(0.0, True)
    assert not lock.locked(0.0) and lock.wake_at == MOVES_IN_S
    assert lock.locked(MOVES_IN_S) and lock.wake_at == inf


def test_a_level_taken_back_in_the_middle_of_the_movement() -> None:
    """The lock stays where it is."""
    lock = SimulatedLock(set())
    lock.drive(0.0, True)
    lock.drive(0.1, False)
    assert not lock.locked(9.0) and lock.wake_at == inf


def test_stuck_and_free_again() -> None:
    """A stuck lock moves as soon as it is free."""
    causes = {"lock-open"}
    lock = SimulatedLock(causes)
    lock.drive(0.0, True)
    for now in (1.0, 3.0):
        assert not lock.locked(now) and lock.wake_at == inf
    causes.clear()
    assert not lock.locked(4.0)
    assert lock.locked(4.3)
    causes.add("lock-closed")
    lock.drive(5.0, False)
    assert lock.locked(9.0)
