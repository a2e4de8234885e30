"""An NTC thermistor at an input of an MCP3008: as a share of its reference, which is the divider's supply."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from drivers.devices import DeviceFailure
from drivers.ports.spi_device import SpiDevice
from drivers.thermometers.ntc import Ntc
from drivers.thermometers.sampled import SampledThermometer

COUNTS: Final = 1023
SAMPLES: Final = 15
SPREAD: Final = 100
"""Counts by which samples of one moment differ at most; no temperature moves so fast."""
WIRING: Final = "check the thermistor, its wiring and that an MCP3008 is there"


def mcp3008_thermometer(
    spi: SpiDevice, ntc: Ntc, channel: int = 0, monotonic: Callable[[], float] = time.monotonic
) -> SampledThermometer:
    """The middle one of some samples."""
    device = f"thermistor at input {channel} of {spi.device}"

    def measure() -> float | DeviceFailure:
        samples = []
        for _ in range(SAMPLES):
            got = spi.transfer(bytes((0x01, 0x80 | channel << 4, 0x00)))
            if isinstance(got, DeviceFailure):
                return got
            if got[1] & 0x04:  # the chip begins its answer with a zero
                return DeviceFailure(device, "no answer", WIRING)
            samples.append((got[1] & 0x03) << 8 | got[2])
        samples.sort()
        if samples[-1] - samples[0] > SPREAD:
            return DeviceFailure(device, "its samples differ", WIRING)
        celsius = ntc.celsius(samples[SAMPLES // 2] / COUNTS)
        return DeviceFailure(device, celsius, WIRING) if isinstance(celsius, str) else celsius

    return SampledThermometer(device, measure, monotonic)
