"""The table of lamps."""

from __future__ import annotations

from drivers.lamps import DRIVERS
from drivers.ports.gpio import Gpio
from tests.drivers.ports.fake_gpio import FakeGpio


def test_it_is_made_from_its_table() -> None:
    """From one line and defaults."""
    fake = FakeGpio()
    driver = DRIVERS["gpio"]
    values = {key: parameter.default for key, parameter in driver.parameters.items()} | {"green": 3}
    assert driver.make(gpio=Gpio(lambda: fake), **values).show(0.0, "available") is None
    assert fake.levels == {3: True}
