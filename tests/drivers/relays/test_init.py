"""The table of contactors: names of the board file, and drivers that are made from it."""

from __future__ import annotations

from drivers.ports.gpio import Gpio
from drivers.relays import DRIVERS
from tests.drivers.ports.fake_gpio import FakeGpio


def test_each_is_made_from_its_table() -> None:
    """From lines and defaults."""
    assert set(DRIVERS) == {"gpio", "gpio-pump"}
    for driver in DRIVERS.values():
        fake = FakeGpio()
        values = {key: parameter.default for key, parameter in driver.parameters.items()} | {"lines": (17,)}
        relay = driver.make(gpio=Gpio(lambda fake=fake: fake), **values)
        assert fake.levels[17] is False
        assert relay.switch(0.0, True) is None
        assert fake.levels[17] is True
