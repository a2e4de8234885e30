"""A motor lock: driven for a moment, never both ways, again after a rest, seen by its contact."""

from __future__ import annotations

from itertools import pairwise

import pytest

from drivers.devices import DeviceFailure
from drivers.locks.gpio_motor import GpioMotorLock
from drivers.ports.gpio import Gpio
from tests.drivers.ports.fake_gpio import FakeGpio


@pytest.fixture
def fake() -> FakeGpio:
    return FakeGpio()


@pytest.fixture
def lock(fake: FakeGpio) -> GpioMotorLock:
    return GpioMotorLock(Gpio(lambda: fake, monotonic=iter(range(1000)).__next__), 5, 6, 13, 0.5)


def drives(fake: FakeGpio) -> tuple[bool, bool]:
    assert not (fake.levels[5] and fake.levels[6]), "both ways at once"
    return fake.levels[5], fake.levels[6]


def test_a_pulse_locks_it(lock: GpioMotorLock, fake: FakeGpio) -> None:
    """And ends by itself."""
    assert drives(fake) == (False, False)
    assert lock.drive(1.0, True) is None
    assert drives(fake) == (True, False)
    assert lock.locked(1.2) is False
    fake.levels[13] = True
    assert lock.locked(1.3) is True
    assert lock.wake_at <= 1.5
    assert lock.locked(1.5) is True
    assert drives(fake) == (False, False)
    assert lock.locked(9.0) is True
    assert drives(fake) == (False, False)


def test_it_is_turned_round_in_the_middle(lock: GpioMotorLock, fake: FakeGpio) -> None:
    """One way is off before the other is on."""
    lock.drive(1.0, True)
    lock.drive(1.1, False)
    assert drives(fake) == (False, True)
    lock.locked(1.6)
    assert drives(fake) == (False, False)


def test_one_that_does_not_arrive_is_driven_again_after_a_rest(lock: GpioMotorLock, fake: FakeGpio) -> None:
    """Pulse, rest, pulse: a motor that is stuck does not burn."""
    lock.drive(1.0, True)
    on = []
    for turn in range(100):
        lock.locked(1.0 + turn * 0.05)
        on.append(drives(fake)[0])
    assert 0.4 <= sum(on) / len(on) <= 0.6
    assert sum(one != other for one, other in pairwise(on)) >= 8


def test_what_fails(lock: GpioMotorLock, fake: FakeGpio) -> None:
    """Contact and motor, each as a value."""
    fake.busy[13] = "broken"
    assert isinstance(lock.locked(1.0), DeviceFailure)
    fake.busy = {5: "broken"}
    assert isinstance(lock.drive(2.0, True), DeviceFailure)
    assert isinstance(lock.locked(2.6), DeviceFailure), "the motor cannot be stopped"
    assert lock.locked(2.7) is False
    assert isinstance(lock.locked(3.2), DeviceFailure), "it cannot be driven again"
    fake.busy.clear()
    lock.locked(3.8)
    lock.locked(4.4)
    assert drives(fake) == (True, False)
