"""The table of locks."""

from __future__ import annotations

from drivers.locks import DRIVERS
from drivers.ports.gpio import Gpio
from tests.drivers.ports.fake_gpio import FakeGpio


def test_each_is_made_from_its_table() -> None:
    """From lines and defaults."""
    assert set(DRIVERS) == {"gpio-motor", "gpio-solenoid"}
    lines = {"lock": 5, "unlock": 6, "line": 5, "feedback": 13}
    for driver in DRIVERS.values():
        fake = FakeGpio()
        values = {key: lines.get(key, parameter.default) for key, parameter in driver.parameters.items()}
        lock = driver.make(gpio=Gpio(lambda fake=fake: fake), **values)
        assert lock.locked(0.0) is False
