"""Ports for the contract tests: silent, gone, or answering garbage.  Nothing of a machine is touched."""

from __future__ import annotations

from typing import Any, Final

from drivers.devices import DeviceFailure
from drivers.pilots.adc import AdcSample
from drivers.ports.modbus_frames import BusFailure, BusFault

MOODS: Final = ("silent", "gone", "zeros", "ones")
"""No answer; the device is gone; every bit is 0; every bit is 1."""
GONE: Final = DeviceFailure("port", "the device is gone", "check its plug")
SILENT: Final = DeviceFailure("port", "no answer", "check its wiring")


class KitPort:
    """Answers every call of every kind of port in its mood."""

    device = "port of the contract test"
    baud = 9600

    def __init__(self, mood: str) -> None:
        self._mood = mood
        self._failure = {"gone": GONE, "silent": SILENT}.get(mood)
        self._bit = mood == "ones"

    # --- modbus -------------------------------------------------------------------------------------------------------

    def read(self, *arguments: Any) -> Any:
        """Modbus (address, function, register, count), serial (most, within_s), I2C (address, length), a file ()."""
        if len(arguments) == 4:
            if self._failure is not None:
                return BusFailure(BusFault.SILENT, self._failure)
            return (0xFFFF if self._bit else 0,) * arguments[3]
        if self._mood == "silent" and len(arguments) == 2 and isinstance(arguments[1], float):
            return b""
        if self._failure is not None:
            return self._failure
        if not arguments:
            return "1" if self._bit else "0"
        length = arguments[1] if isinstance(arguments[1], int) else arguments[0]
        return (b"\xff" if self._bit else b"\0") * min(int(length), 256)

    def write(self, *arguments: Any) -> Any:
        if len(arguments) == 3 and self._failure is not None:
            return BusFailure(BusFault.SILENT, self._failure)
        return GONE if self._mood == "gone" else None

    def close(self) -> None:
        """Nothing is open."""

    # --- I2C, SPI, keys -----------------------------------------------------------------------------------------------

    def read_word(self, address: int, register: int) -> Any:
        return self._failure or (0xFFFF if self._bit else 0)

    def write_word(self, address: int, register: int, value: int) -> Any:
        return self._failure

    def read_byte(self, address: int, register: int) -> Any:
        return self._failure or (0xFF if self._bit else 0)

    def write_byte(self, address: int, register: int, value: int) -> Any:
        return self._failure

    def transfer(self, data: bytes) -> Any:
        return self._failure or (b"\xff" if self._bit else b"\0") * len(data)

    def pressed(self, within_s: float) -> Any:
        return self._failure if self._mood == "gone" else [28] if self._bit else []

    # --- GPIO, PWM, ADC -----------------------------------------------------------------------------------------------

    def output(self, *arguments: Any, **named: Any) -> KitPort:
        return self

    def input(self, *arguments: Any, **named: Any) -> KitPort:
        return self

    def set(self, value: Any) -> Any:
        return self._failure

    def is_on(self) -> Any:
        return self._failure or self._bit

    def release(self) -> None:
        """Nothing is held."""

    def state(self) -> Any:
        return self._failure or GONE

    def latest(self, now: float) -> Any:
        return self._failure or AdcSample(now, 0, 0)
