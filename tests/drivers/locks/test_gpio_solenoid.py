"""A solenoid lock: on while locked, seen by its contact."""

from __future__ import annotations

from drivers.devices import DeviceFailure
from drivers.locks.gpio_solenoid import GpioSolenoidLock
from drivers.ports.gpio import Gpio
from tests.drivers.ports.fake_gpio import FakeGpio


def test_it_holds_for_as_long_as_it_is_on() -> None:
    """Open at the start; what fails is a value."""
    fake = FakeGpio()
    lock = GpioSolenoidLock(Gpio(lambda: fake), 5, 13, active="low", feedback_active="low", feedback_pull="up")
    assert fake.log[0] == ("claim", 5, True)
    assert lock.locked(1.0) is False
    assert lock.drive(1.0, True) is None
    assert fake.levels[5] is False
    fake.levels[13] = False
    assert lock.locked(1.1) is True
    assert lock.wake_at > 1.1
    fake.busy[5] = fake.busy[13] = "broken"
    assert isinstance(lock.drive(2.0, False), DeviceFailure)
    assert isinstance(lock.locked(2.0), DeviceFailure)
