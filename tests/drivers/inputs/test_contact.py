"""A contact: on at once, off without chatter."""

from __future__ import annotations

from drivers.devices import DeviceFailure
from drivers.inputs.contact import GpioContact
from drivers.ports.gpio import Gpio
from tests.drivers.ports.fake_gpio import FakeGpio


def test_on_at_once_off_after_a_moment() -> None:
    """An emergency stop that chatters stays pressed; a broken wire of one that is closed to ground is one."""
    fake = FakeGpio()
    contact = GpioContact(Gpio(lambda: fake), 4, active="high", pull="up")
    assert contact.device == "GPIO 4"
    assert contact.active(0.0) is True
    fake.levels[4] = False
    assert contact.active(0.04) is True
    assert contact.active(0.05) is False
    fake.levels[4] = True
    assert contact.active(0.06) is True
    assert 0.06 < contact.wake_at < 0.08
    fake.busy[4] = "broken"
    assert isinstance(contact.active(1.0), DeviceFailure)
