"""The lock's reflex: three tries, insistence, and never unlocking under voltage."""

from __future__ import annotations

from math import inf

from drivers.reflex.lock import LockReflex


def test_it_follows_the_level() -> None:
    """Locked as wanted, at rest once it is so."""
    lock = LockReflex()
    lock.settle(0.0, True, False, False)
    assert lock.drive and lock.wake_at == 3.0
    lock.settle(0.3, True, False, True)
    assert lock.wake_at == inf and not lock.failed
    lock.settle(1.0, False, False, True)
    assert not lock.drive


def test_it_never_unlocks_under_voltage() -> None:
    """Whatever is wanted: as long as the contactor is closed the cable stays."""
    lock = LockReflex()
    lock.settle(0.0, False, True, True)
    assert lock.drive
    lock.settle(1.0, False, False, True)
    assert not lock.drive


def test_a_lock_that_does_not_lock() -> None:
    """After 3 s a fault, insisted on until the lock has shown that it can, even if nobody wants it any more."""
    lock = LockReflex()
    lock.settle(0.0, True, False, False)
    lock.settle(3.0, True, False, False)
    assert lock.failed == "lock-open"
    lock.settle(4.0, False, False, False)
    assert lock.drive and lock.failed
    lock.settle(5.0, False, False, True)
    assert not lock.failed and not lock.drive


def test_a_lock_that_does_not_unlock() -> None:
    """The same the other way round."""
    lock = LockReflex()
    lock.settle(0.0, False, False, True)
    lock.settle(3.0, False, False, True)
    assert lock.failed == "lock-closed" and not lock.drive
    lock.settle(9.0, False, False, False)
    assert not lock.failed


def test_12_as_it_begins() -> None:
    """Nothing is driven before somebody wants it."""
    lock = LockReflex()
    assert (lock.drive, lock.failed, lock.wake_at) == (False, "", float("inf"))
