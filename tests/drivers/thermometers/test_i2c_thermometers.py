"""LM75 and a thermistor at an ADS1115, on a bus of memory."""

from __future__ import annotations

import pytest

from drivers.devices import DeviceFailure
from drivers.ports.i2c_bus import I2cBus
from drivers.thermometers.i2c_thermometers import ads1115_thermometer, lm75_thermometer
from drivers.thermometers.ntc import Ntc


class Words:
    """smbus2's word transfers: registers with the high byte first on the wire."""

    def __init__(self, registers: dict[int, int]) -> None:
        self.registers = registers
        self.error_at: int | None = None
        self.done = 0

    def _step(self) -> None:
        self.done += 1
        if self.done == self.error_at:
            raise OSError(121, "x")

    def read_word_data(self, address: int, register: int) -> int:
        self._step()
        word = self.registers[register]
        return (word & 0xFF) << 8 | word >> 8

    def write_word_data(self, address: int, register: int, value: int) -> None:
        self._step()
        self.registers[register] = (value & 0xFF) << 8 | value >> 8

    def close(self) -> None: ...


@pytest.mark.parametrize(("word", "celsius"), [(0x1900, 25.0), (0x7D00, 125.0), (0xE700, -25.0), (0x1980, 25.5)])
def test_an_lm75(word: int, celsius: float) -> None:
    """The words of its data sheet."""
    words = Words({0: word, 2: 0x4B00})
    thermometer = lm75_thermometer(I2cBus("/dev/i2c-1", lambda _: words), monotonic=lambda: 0.0)
    thermometer.poll()
    assert thermometer.celsius(0.0) == celsius


@pytest.mark.parametrize(
    ("registers", "error_at"), [({0: 0x1900, 2: 0xFFFF}, None), ({0: 1, 2: 2}, 1), ({0: 1, 2: 2}, 2)]
)
def test_what_is_no_lm75(registers: dict[int, int], error_at: int | None) -> None:
    """Another chip, or none."""
    words = Words(registers)
    words.error_at = error_at
    thermometer = lm75_thermometer(I2cBus("/dev/i2c-1", lambda _: words), monotonic=lambda: 0.0)
    thermometer.poll()
    assert isinstance(thermometer.celsius(0.0), DeviceFailure)


class Ads(Words):
    """An ADS1115 that converts at once, or never."""

    converts = True

    def write_word_data(self, address: int, register: int, value: int) -> None:
        super().write_word_data(address, register, value)
        if not self.converts:
            self.registers[1] &= 0x7FFF


def ads_of(words: Words) -> float | DeviceFailure:
    bus = I2cBus("/dev/i2c-1", lambda _: words)
    thermometer = ads1115_thermometer(bus, Ntc(), 0x49, 2, monotonic=lambda: 0.0, sleep=lambda _: None)
    thermometer.poll()
    return thermometer.celsius(0.0)


def test_a_thermistor() -> None:
    """Half of 3.3 V is 25 degrees; the input and the range are those that were asked for."""
    words = Ads({0: round(1.65 / 4.096 * 0x8000), 1: 0})
    assert ads_of(words) == pytest.approx(25.0, abs=0.05)
    assert words.registers[1] == 0xE383


@pytest.mark.parametrize("error_at", [1, 2, 3])
def test_no_answer(error_at: int) -> None:
    """At each transfer."""
    words = Ads({0: 0x4000, 1: 0})
    words.error_at = error_at
    assert isinstance(ads_of(words), DeviceFailure)


def test_a_thermistor_that_is_not_there() -> None:
    """Open, short, a chip that does not convert, a voltage below ground."""
    for counts, says in ((0x6800, "not connected"), (0x0010, "short-circuited"), (0xFF00, "short-circuited")):
        failure = ads_of(Ads({0: counts, 1: 0}))
        assert isinstance(failure, DeviceFailure)
        assert says in failure.cause
    stuck = Ads({0: 0x4000, 1: 0})
    stuck.converts = False
    failure = ads_of(stuck)
    assert isinstance(failure, DeviceFailure)
    assert failure.cause == "it does not convert"
