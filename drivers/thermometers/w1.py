"""A DS18B20 (1-wire thermometer) through the kernel's driver; a measurement takes three quarters of a second."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from drivers.devices import DeviceFailure
from drivers.ports.handle import Remedy
from drivers.ports.sysfs_file import SysfsFile
from drivers.thermometers.sampled import SampledThermometer

ABSENT: Final = Remedy("there is no 1-wire thermometer", "dtoverlay=w1-gpio in /boot/firmware/config.txt; its wiring")
WIRING: Final = "check its wiring and its pull-up resistor (4.7 k)"
AFTER_POWER_UP_M: Final = 85_000
"""Thousandths of a degree that it shows where its supply dipped before it had measured."""


def w1_thermometer(file: SysfsFile, monotonic: Callable[[], float] = time.monotonic) -> SampledThermometer:
    """The thermometer whose `temperature` this is."""

    def measure() -> float | DeviceFailure:
        text = file.read()
        if isinstance(text, DeviceFailure):
            return text
        try:
            thousandths = int(text)
        except ValueError:
            return DeviceFailure(file.device, f"it shows {text[:20]!r}", WIRING)
        if thousandths == AFTER_POWER_UP_M:
            return DeviceFailure(file.device, "it lost its supply while measuring", WIRING)
        return thousandths / 1000.0

    return SampledThermometer(file.device, measure, monotonic)
