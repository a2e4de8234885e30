"""A start button: one card a press, without chatter, stuck after a minute."""

from __future__ import annotations

from drivers.devices import DeviceFailure
from drivers.inputs.button import ButtonReader
from drivers.ports.gpio import Gpio
from tests.drivers.ports.fake_gpio import FakeGpio


def test_a_press_is_a_card() -> None:
    """Once; chatter is none; pressed at the start it is none either; pressed for a minute it is stuck."""
    fake = FakeGpio()
    button = ButtonReader(Gpio(lambda: fake), 4, "FREE")
    fake.levels[4] = False
    assert button.read(0.0) is None
    fake.levels[4] = True
    assert [button.read(0.02), button.read(0.1)] == [None, None]
    fake.levels[4] = False
    assert button.read(1.0) == "FREE"
    fake.levels[4] = True
    assert button.read(1.01) is None
    fake.levels[4] = False
    assert button.read(1.02) is None
    assert button.read(60.9) is None
    stuck = button.read(61.1)
    assert isinstance(stuck, DeviceFailure)
    assert stuck.remedy == "free the button"
    fake.levels[4] = True
    assert [button.read(61.2), button.read(61.3)] == [None, None] or button.read(61.4) is None
    fake.levels[4] = False
    assert button.read(62.0) == "FREE"
    assert button.wake_at > 62.0
    fake.busy[4] = "broken"
    assert isinstance(button.read(63.0), DeviceFailure)
