"""An MCP3008 at the pilot itself: 10 bits, sampled fast enough that the extremes of some periods are both peaks."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Protocol

from drivers.devices import DeviceFailure
from drivers.pilots.adc import AdcSample, Latest

SAMPLES: Final = 128
"""At 1 MHz one takes 24 us and more: the whole covers at least three periods of 1 kHz."""
PERIOD_S: Final = 0.01
PAUSE_S: Final = 0.1
TRIMMED: Final = 2
"""So many of the most extreme samples at either end are left out: spikes, samples in an edge."""
FULL: Final = 1023


class Transfers(Protocol):
    """What is needed of an SPI device."""

    device: str

    def transfer(self, data: bytes) -> bytes | DeviceFailure:
        """Send, and what came back meanwhile."""


class Mcp3008:
    """One converter; `poll` is called by a thread of its own and samples every input that is used."""

    def __init__(self, spi: Transfers, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._spi = spi
        self._monotonic = monotonic
        self._inputs: list[tuple[int, Latest]] = []

    def inputs(self, channel: int) -> Latest:
        """Both peaks of what is at input 0 to 7."""
        latest = Latest(f"MCP3008 at {self._spi.device}, input {channel}", noisy=True)
        self._inputs.append((channel, latest))
        return latest

    def poll(self) -> float:
        """Sample all; seconds until the next time."""
        began = self._monotonic()
        for channel, latest in self._inputs:
            counts = self._sample(channel)
            if isinstance(counts, DeviceFailure):
                for _, each in self._inputs:
                    each.put(counts._replace(device=each.device))
                return PAUSE_S
            sample = AdcSample(self._monotonic(), counts[-1 - TRIMMED], counts[TRIMMED])
            latest.put(sample, moved=counts[0] != counts[-1])
        return max(0.0, PERIOD_S - (self._monotonic() - began))

    def _sample(self, channel: int) -> list[int] | DeviceFailure:
        """Sorted counts, 0 to 1023."""
        question = bytes((1, 0x80 | channel << 4, 0))
        counts = []
        for _ in range(SAMPLES):
            answer = self._spi.transfer(question)
            if isinstance(answer, DeviceFailure):
                return answer
            if len(answer) != 3 or answer[1] & 0x04:  # the converter pulls this bit low before its ten bits
                return DeviceFailure("MCP3008", "it does not answer", "check its wiring and its supply")
            counts.append((answer[1] & 0x03) << 8 | answer[2])
        return sorted(counts)
