"""The table of thermometers."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.devices import DeviceFailure
from drivers.ports.i2c_bus import I2cBus
from drivers.ports.spi_device import SpiDevice
from drivers.ports.sysfs_file import SysfsFile
from drivers.thermometers import DRIVERS

PORTS: dict[str, Any] = {
    "i2c": I2cBus("/dev/nowhere"),
    "spi": SpiDevice("/dev/spidev9.9"),
    "file": SysfsFile("/nowhere/28-*/temperature"),
}


@pytest.mark.parametrize("name", ["w1", "lm75", "ntc-ads1115", "ntc-mcp3008"])
def test_each_is_made_from_its_table(name: str) -> None:
    """And fails with a value where nothing is."""
    driver = DRIVERS[name]
    ports = {argument: PORTS[kind] for argument, kind in driver.ports.items()}
    thermometer = driver.make(**ports, **{key: value.default for key, value in driver.parameters.items()})
    thermometer.poll()
    failure = thermometer.celsius(0.0)
    assert isinstance(failure, DeviceFailure)
    assert failure.remedy
    assert set(DRIVERS) == {"w1", "lm75", "ntc-ads1115", "ntc-mcp3008"}
