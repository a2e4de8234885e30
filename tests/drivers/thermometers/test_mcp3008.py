"""A thermistor at an MCP3008, on an SPI device of memory."""

from __future__ import annotations

from itertools import cycle

import pytest

from drivers.devices import DeviceFailure
from drivers.ports.spi_device import SpiDevice
from drivers.thermometers.mcp3008 import mcp3008_thermometer
from drivers.thermometers.ntc import Ntc


class Mcp:
    max_speed_hz = mode = 0

    def __init__(self, *counts: int) -> None:
        self.counts = cycle(counts)
        self.asked: set[tuple[int, ...]] = set()
        self.there = True

    def xfer2(self, data: list[int]) -> list[int]:
        self.asked.add(tuple(data))
        if not self.there:
            raise OSError(5, "x")
        counts = next(self.counts)
        return [0xFF, counts >> 8 & 0x07 | 0xF8, counts & 0xFF]

    def close(self) -> None: ...


def shown(mcp: Mcp, channel: int = 0) -> float | DeviceFailure:
    thermometer = mcp3008_thermometer(SpiDevice("/dev/spidev0.1", open_=lambda _: mcp), Ntc(), channel, lambda: 0.0)
    thermometer.poll()
    return thermometer.celsius(0.0)


def test_the_middle_of_some_samples() -> None:
    """Half of the reference is 25 degrees; single-ended, the channel as asked for."""
    mcp = Mcp(511, 512, 540)
    assert shown(mcp, 5) == pytest.approx(25.0, abs=0.1)
    assert mcp.asked == {(0x01, 0xD0, 0x00)}


@pytest.mark.parametrize(
    ("counts", "says"),
    [((1023,), "not connected"), ((0,), "short"), ((100, 900), "differ"), ((0x7FF,), "no answer")],
)
def test_what_is_no_thermistor(counts: tuple[int, ...], says: str) -> None:
    """Open, short, noise, nothing at the bus."""
    failure = shown(Mcp(*counts))
    assert isinstance(failure, DeviceFailure)
    assert says in failure.cause


def test_a_device_that_is_gone() -> None:
    """The port's own failure."""
    mcp = Mcp(512)
    mcp.there = False
    assert isinstance(shown(mcp), DeviceFailure)
