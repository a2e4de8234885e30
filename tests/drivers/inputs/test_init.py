"""The table of inputs, by family."""

from __future__ import annotations

from drivers.inputs import DRIVERS
from drivers.ports.gpio import Gpio
from tests.drivers.ports.fake_gpio import FakeGpio


def test_each_is_made_from_its_table() -> None:
    """From its line and defaults; each names what it is."""
    assert {"rcd", "button", "emergency_stop", "tamper", "supply"} <= set(DRIVERS)
    for table in DRIVERS.values():
        for driver in table.values():
            if set(driver.ports) != {"gpio"}:
                continue
            fake = FakeGpio()
            values = {key: parameter.default for key, parameter in driver.parameters.items()} | {"line": 4}
            device = driver.make(gpio=Gpio(lambda fake=fake: fake), **values)
            assert device.wake_at == float("-inf")
            assert driver.says
