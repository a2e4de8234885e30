"""The table of readers: every name of the board file makes its driver from ports and plain values."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.ports.i2c_bus import I2cBus
from drivers.ports.key_events import KeyEvents
from drivers.ports.serial_port import SerialPort
from drivers.ports.spi_device import SpiDevice
from drivers.readers import DRIVERS

PORTS: dict[str, Any] = {
    "serial": SerialPort("/dev/nowhere"),
    "i2c": I2cBus("/dev/nowhere"),
    "spi": SpiDevice("/dev/spidev9.9"),
    "keyboard": KeyEvents("/dev/nowhere"),
}


@pytest.mark.parametrize("name", ["pn532-uart", "pn532-i2c", "mfrc522", "rdm6300", "usb-keyboard"])
def test_each_is_made_from_its_table(name: str) -> None:
    """It names its place, waits for cards, and is lost where nothing is."""
    driver = DRIVERS[name]
    ports = {argument: PORTS[kind] for argument, kind in driver.ports.items()}
    values = {key: parameter.default for key, parameter in driver.parameters.items()}
    reader = driver.make(**ports, **values)
    assert "/dev/" in reader.device
    assert reader.read(0.0) is None
    assert reader.poll() > 0.0
    assert not isinstance(reader.read(0.0), str)
    assert reader.read(0.0) is not None
    assert set(DRIVERS) == {"pn532-uart", "pn532-i2c", "mfrc522", "rdm6300", "usb-keyboard"}
