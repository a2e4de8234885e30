"""Thermometers at an I2C bus: LM75 and its like, and an NTC thermistor at an input of an ADS1115."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from drivers.devices import DeviceFailure
from drivers.ports.i2c_bus import I2cBus
from drivers.thermometers.ntc import Ntc
from drivers.thermometers.sampled import SampledThermometer

LM75_TEMPERATURE, LM75_HYSTERESIS = 0x00, 0x02
ADS_RESULT, ADS_CONFIG = 0x00, 0x01
ADS_ONCE: Final = 0x8000 | 0x4000 | 0x0200 | 0x0100 | 0x0080 | 0x0003
"""One conversion of an input against ground, ±4.096 V, 128 a second, no comparator."""
CONVERTS_IN_S: Final = 0.012
FULL_SCALE_V: Final = 4.096
NTC_WIRING: Final = "check the thermistor and its wiring"


def lm75_thermometer(
    bus: I2cBus, address: int = 0x48, monotonic: Callable[[], float] = time.monotonic
) -> SampledThermometer:
    """9 bits at least, in the upper bits of the word."""
    device = f"LM75 at address {address:#04x} of {bus.device}"

    def measure() -> float | DeviceFailure:
        hysteresis = bus.read_word(address, LM75_HYSTERESIS)
        word = bus.read_word(address, LM75_TEMPERATURE)
        for got in (hysteresis, word):
            if isinstance(got, DeviceFailure):
                return got
        if hysteresis in (0x0000, 0xFFFF):  # at its start it is 75 degrees
            return DeviceFailure(device, "it is no LM75", "check the driver of the thermometer")
        assert isinstance(word, int)
        return (word - 0x10000 if word & 0x8000 else word) / 256.0

    return SampledThermometer(device, measure, monotonic)


def ads1115_thermometer(
    bus: I2cBus,
    ntc: Ntc,
    address: int = 0x49,
    channel: int = 0,
    supply_v: float = 3.3,
    *,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> SampledThermometer:
    """At an input (0 to 3) of an ADS1115 that nothing else uses: a pilot has its own."""
    device = f"thermistor at input {channel} of address {address:#04x}, {bus.device}"

    def measure() -> float | DeviceFailure:
        wanted = ADS_ONCE | channel << 12
        failure = bus.write_word(address, ADS_CONFIG, wanted)
        sleep(CONVERTS_IN_S)
        config = failure or bus.read_word(address, ADS_CONFIG)
        counts = bus.read_word(address, ADS_RESULT)
        if isinstance(config, DeviceFailure):
            return config
        if isinstance(counts, DeviceFailure):
            return counts
        if config != wanted:  # the highest bit: the conversion is over
            return DeviceFailure(device, "it does not convert", "check that an ADS1115 of its own is at this address")
        volts = (counts - 0x10000 if counts & 0x8000 else counts) / 0x8000 * FULL_SCALE_V
        celsius = ntc.celsius(volts / supply_v)
        return DeviceFailure(device, celsius, NTC_WIRING) if isinstance(celsius, str) else celsius

    return SampledThermometer(device, measure, monotonic)
