"""Ports are opened once each, by whoever needs them first; the machine's own are lazy."""

from __future__ import annotations

import pytest

from drivers.assembly.ports import MachinePorts, SharedPorts
from drivers.board_file.model import Bus
from drivers.driver_table import SerialSettings
from tests.drivers.assembly.memory_board import MemoryPorts
from tests.drivers.pilots.converters import Ticks

BUSES = {
    "rs485": Bus("rs485", "serial", "/dev/a", {"baud": 9600, "parity": "E", "stop_bits": 2, "direction": "rts"}),
    "i2c": Bus("i2c", "i2c", "/dev/i2c-1", {}),
}


def test_each_port_is_opened_once() -> None:
    """Whoever asks; the thread is named after the port."""
    ports = MemoryPorts(Ticks())
    shared = SharedPorts(BUSES, ports)
    name, bus = shared.port("modbus", "rs485", None)
    assert name == "bus rs485" and shared.port("modbus", "rs485", None)[1] is bus
    assert ports.settings == [("/dev/a", SerialSettings(9600, "E", 2), "rts")]
    assert shared.port("i2c", "i2c", None) == ("bus i2c", ports.converter)
    assert shared.port("spi", "/dev/spidev0.0", None)[0] == "/dev/spidev0.0"
    assert shared.port("keyboard", "/k", None) == ("/k", ("keyboard", "/k"))
    assert shared.port("file", "/f", None) == ("/f", ("file", "/f"))
    assert shared.port("gpio", None, None) == ("gpio", ports)
    shared.port("serial", "/dev/b", SerialSettings(115200))
    shared.port("serial", "/dev/c", None)
    assert [each[1].baud for each in ports.settings] == [9600, 115200, 9600]
    pwm = {"device": "x", "channel": 1, "inverted": False}
    assert shared.port("pwm", pwm, None)[1] is shared.port("pwm", pwm, None)[1]
    with pytest.raises(ValueError, match="no port is called parallel"):
        shared.port("parallel", None, None)


def test_a_converter_has_a_thread_of_its_own() -> None:
    """Two pairs of inputs of one are read by one thread; another converter by another."""
    shared = SharedPorts(BUSES, MemoryPorts(Ticks()))
    for address, high in ((0x48, 0), (0x48, 2), (0x49, 0)):
        shared.port("ads1115", {"bus": "i2c", "address": address, "high": high, "low": high + 1}, None)
    shared.port("mcp3008", {"device": "/dev/spidev0.0", "input": 0}, None)
    assert list(shared.threads) == ["ADC i2c 0x48", "ADC i2c 0x49", "ADC /dev/spidev0.0"]


def test_the_ports_of_the_machine_open_nothing_by_themselves() -> None:
    """On a machine that has none of them they can be made all the same; what is missing shows at the first use."""
    ports = MachinePorts()
    line = ports.serial("/dev/none", SerialSettings(), "adapter")
    made = [ports.modbus(line), ports.i2c("/dev/i2c-99"), ports.spi("/dev/spidev9.9"), ports.keyboard("/dev/none")]
    made += [ports.file("/none"), ports.gpio(), ports.pwm("none.pwm", 0, False)]
    assert all(made)
