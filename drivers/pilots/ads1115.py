"""An ADS1115 behind peak detectors: 16 bits, four inputs, one conversion at a time; two pilots may share one.

At most 860 samples a second: of a 1 kHz signal it must be given the held peaks, never the signal itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Protocol

from drivers.devices import DeviceFailure
from drivers.pilots.adc import AdcSample, Latest

CONVERSION: Final = 0x00
CONFIG: Final = 0x01
START: Final = 0x8000
"""Written: begin a conversion; read: none is running."""
SINGLE_ENDED: Final = 0x4000
RANGE_4_096_V: Final = 0x0200
SINGLE_SHOT: Final = 0x0100
FASTEST: Final = 0x00E0
NO_COMPARATOR: Final = 0x0003
CONVERTS_IN_S: Final = 0.0013
LOOKS: Final = 5
"""So often a conversion is waited for once more; then the converter does not convert."""
PERIOD_S: Final = 0.008
PAUSE_S: Final = 0.1
"""After a failure."""


class WordBus(Protocol):
    """What is needed of an I2C bus."""

    device: str

    def read_word(self, address: int, register: int) -> int | DeviceFailure:
        """Most significant byte first."""

    def write_word(self, address: int, register: int, word: int) -> DeviceFailure | None:
        """Most significant byte first."""


class Ads1115:
    """One converter; `poll` is called by a thread of its bus and measures every pair of inputs."""

    def __init__(
        self,
        bus: WordBus,
        address: int,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._bus = bus
        self._address = address
        self._monotonic = monotonic
        self._sleep = sleep
        self._pairs: list[tuple[int, int, Latest]] = []

    def inputs(self, high: int, low: int) -> Latest:
        """The peaks at two of the inputs 0 to 3."""
        latest = Latest(f"ADS1115 at {self._bus.device}, address 0x{self._address:02x}, A{high} and A{low}", noisy=True)
        self._pairs.append((high, low, latest))
        return latest

    def poll(self) -> float:
        """Measure all; seconds until the next time."""
        began = self._monotonic()
        for high, low, latest in self._pairs:
            counts = self._both(high, low)
            if isinstance(counts, DeviceFailure):
                for _, _, each in self._pairs:
                    each.put(counts._replace(device=each.device))
                return PAUSE_S
            latest.put(AdcSample(self._monotonic(), *counts))
        return max(0.0, PERIOD_S - (self._monotonic() - began))

    def _both(self, high: int, low: int) -> tuple[int, int] | DeviceFailure:
        positive = self._convert(high)
        if isinstance(positive, DeviceFailure):
            return positive
        negative = self._convert(low)
        return negative if isinstance(negative, DeviceFailure) else (positive, negative)

    def _convert(self, channel: int) -> int | DeviceFailure:
        """Counts of one input, -32,768 to 32,767.  A conversion of another input is never taken for it."""
        mux = SINGLE_ENDED | channel << 12
        config = mux | RANGE_4_096_V | SINGLE_SHOT | FASTEST | NO_COMPARATOR
        failure = self._bus.write_word(self._address, CONFIG, config | START)
        if failure is not None:
            return failure
        for _ in range(LOOKS):
            self._sleep(CONVERTS_IN_S)
            state = self._bus.read_word(self._address, CONFIG)
            if isinstance(state, DeviceFailure):
                return state
            if state & ~START != config:
                return DeviceFailure(
                    "ADS1115",
                    "its settings are not ours",
                    "check the address: another program or device is there",
                )
            if state & START:
                word = self._bus.read_word(self._address, CONVERSION)
                return word if isinstance(word, DeviceFailure) else (word - 0x10000 if word & 0x8000 else word)
        return DeviceFailure("ADS1115", "it does not convert", "check its supply")
