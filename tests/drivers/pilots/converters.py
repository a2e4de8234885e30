"""Converters and generators in memory: registers as the data sheets have them, counts as a test sets them."""

from __future__ import annotations

from typing import NamedTuple

from drivers.devices import DeviceFailure

GONE = DeviceFailure("the bus", "no answer", "check its wiring")


class Ads1115Model:
    """An I2C bus with one converter: counts by input; a conversion ends when it is asked for the `slow`-th time."""

    device = "/dev/i2c-9"

    def __init__(self, *counts: int) -> None:
        self.counts = list(counts)
        self.gone = False
        self.slow = 1
        self.foreign: int | None = None
        """Another program's configuration."""
        self._config = 0
        self._asked = 0
        self.reads_left = 10**9
        """After so many reads it is gone."""
        self.noise = 0
        self._conversions = 0

    def write_word(self, address: int, register: int, word: int) -> DeviceFailure | None:
        assert (address, register) == (0x48, 1)
        if self.gone:
            return GONE
        self._config, self._asked = word, 0
        return None

    def read_word(self, address: int, register: int) -> int | DeviceFailure:
        assert address == 0x48
        self.reads_left -= 1
        if self.gone or self.reads_left < 0:
            return GONE
        if register == 1:
            self._asked += 1
            if self.foreign is not None:
                return self.foreign
            return self._config & 0x7FFF | (0x8000 if self._asked >= self.slow else 0)
        assert self._asked >= self.slow, "read before the conversion was over"
        self._conversions += 1
        return (self.counts[self._config >> 12 & 3] + self._conversions * self.noise % 3) & 0xFFFF


class Mcp3008Model:
    """Each transfer takes the next of `signal`, over and over, at the input that `input` says; others are 0."""

    device = "/dev/spidev9.0"

    def __init__(self, *signal: int, at: int = 0) -> None:
        self.signal = signal
        self.input = at
        self.answers: bytes | DeviceFailure | None = None
        self._next = 0

    def transfer(self, data: bytes) -> bytes | DeviceFailure:
        assert len(data) == 3 and data[0] == 1
        if self.answers is not None:
            return self.answers
        counts = 0
        if data[1] >> 4 & 7 == self.input:
            counts = self.signal[self._next % len(self.signal)]
            self._next += 1
        return bytes((0, counts >> 8, counts & 0xFF))


class ChannelState(NamedTuple):
    period_ns: int
    duty_ns: int
    enabled: bool


class MemoryGenerator:
    """`does` overrides what it was told."""

    device = "PWM x channel 0"

    def __init__(self) -> None:
        self.told: list[int] = []
        self.does: ChannelState | DeviceFailure | None = None
        self.refuses: DeviceFailure | None = None

    def set(self, duty_ns: int) -> DeviceFailure | None:
        if self.refuses is None:
            self.told.append(duty_ns)
        return self.refuses

    def state(self) -> ChannelState | DeviceFailure:
        return self.does or ChannelState(1_000_000, self.told[-1], True)


class Ticks:
    """A clock that goes on by what is slept."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds
