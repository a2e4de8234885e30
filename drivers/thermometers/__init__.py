"""Thermometers: the table of their drivers."""

from __future__ import annotations

from typing import Any, Final

from drivers.driver_table import Driver, Parameter

NTC: Final = {
    "ohms_25": Parameter("number", 10_000.0, low=100, high=1_000_000, unit="ohm", says="the thermistor at 25 °C"),
    "beta": Parameter("number", 3950.0, low=1000, high=6000, unit="K", says="its beta"),
    "pull_up_ohms": Parameter("number", 10_000.0, low=100, high=1_000_000, unit="ohm", says="resistor to the supply"),
}


def _w1(path: Any) -> Any:
    from drivers.thermometers.w1 import w1_thermometer  # late: a board has one kind of thermometer

    return w1_thermometer(path)


def _lm75(bus: Any, address: int) -> Any:
    from drivers.thermometers.i2c_thermometers import lm75_thermometer

    return lm75_thermometer(bus, address)


def _ads1115(bus: Any, address: int, input: int, supply_v: float, **ntc: float) -> Any:
    from drivers.thermometers.i2c_thermometers import ads1115_thermometer
    from drivers.thermometers.ntc import Ntc

    return ads1115_thermometer(bus, Ntc(**ntc), address, input, supply_v)


def _mcp3008(port: Any, input: int, **ntc: float) -> Any:
    from drivers.thermometers.mcp3008 import mcp3008_thermometer
    from drivers.thermometers.ntc import Ntc

    return mcp3008_thermometer(port, Ntc(**ntc), input)


DRIVERS: Final = {
    "w1": Driver(_w1, {"path": "file"}, {}, says="a DS18B20 at the kernel's 1-wire bus"),
    "lm75": Driver(
        _lm75,
        {"bus": "i2c"},
        {"address": Parameter("whole", 0x48, low=0x03, high=0x77, says="I2C address")},
        says="an LM75 or compatible thermometer",
    ),
    "ntc-ads1115": Driver(
        _ads1115,
        {"bus": "i2c"},
        {
            "address": Parameter("whole", 0x49, low=0x48, high=0x4B, says="I2C address of an ADS1115 of its own"),
            "input": Parameter("whole", 0, low=0, high=3, says="the input with the thermistor"),
            "supply_v": Parameter("number", 3.3, low=1, high=4, unit="V", says="the supply of the divider"),
            **NTC,
        },
        says="an NTC thermistor at an ADS1115",
    ),
    "ntc-mcp3008": Driver(
        _mcp3008,
        {"port": "spi"},
        {"input": Parameter("whole", 0, low=0, high=7, says="the input with the thermistor"), **NTC},
        says="an NTC thermistor at an MCP3008",
    ),
}
