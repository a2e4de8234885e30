"""A bench of memory: the board file of an integrator, its ports, and what stands at them."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from drivers.bench.findings import Bench
from drivers.board_file.check import checked
from drivers.board_file.machine_checks import Machine
from drivers.board_file.model import PartsBoard
from drivers.driver_table import SerialSettings
from drivers.ports.gpio import Gpio
from drivers.ports.modbus import ModbusMaster
from tests.drivers.ports.fake_gpio import FakeGpio
from tests.drivers.ports.wire import Wire

BOARD = """\
kind = "parts"
name = "acme-7k"
fail_safe = ["strict-gpiod"]

[bus.rs485]
port = "/dev/serial/by-id/usb-x"
baud = 9600

[bus.i2c]
device = "/dev/i2c-1"

[connector.1]
outlet = "socket"

[connector.1.pilot]
driver = "pwm-ads1115"
pwm = { device = "fe20c000.pwm", channel = 0 }
adc = { bus = "i2c", address = 0x48, high = 0, low = 1 }
calibration = { high = [0.0, 0.001], low = [0.0, 0.001] }

[connector.1.contactor]
driver = "gpio"
lines = [17]
feedback = 27

[connector.1.meter]
driver = "sdm120"
bus = "rs485"
address = 1

[connector.1.lock]
driver = "gpio-motor"
lock = 5
unlock = 6
feedback = 13

[connector.1.proximity]
driver = "ads1115"
adc = { bus = "i2c", address = 0x49, high = 0, low = 1 }

[reader]
driver = "rdm6300"
port = "/dev/serial0"

[lamp]
red = 20
green = 21
"""


def board_of(text: str) -> PartsBoard:
    found = checked(tomllib.loads(text), text, Machine(Path("/nowhere")))
    assert not found.problems, found.problems
    return found.board


class Ads:
    """An ADS1115 that sees the pilot: `volts` at both peaks, in thousandths, with noise in the last digit."""

    def __init__(self) -> None:
        self.volts = 12.0
        self.config = self.reads = 0

    def read_word(self, address: int, register: int) -> int:
        self.reads += 1
        return self.config if register == 1 else (round(self.volts * 1000) + self.reads % 2) & 0xFFFF

    def write_word(self, address: int, register: int, value: int) -> None:
        self.config = value

    device = "/dev/i2c-1"


class Pwm:
    device = "PWM"

    def __init__(self) -> None:
        self.duty_ns = -1

    def set(self, duty_ns: int) -> None:
        self.duty_ns = duty_ns

    def state(self) -> Any:
        from drivers.ports.sysfs_pwm import PwmState

        return PwmState(1_000_000, self.duty_ns, True)


class MemoryPorts:
    """`Ports`; serial ports answer at `speaks` only, at other settings nothing comes back."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.answer: Callable[[bytes], bytes | None] = lambda request: None
        self.speaks = SerialSettings(9600, "N", 1)
        self.lines: list[tuple[str, SerialSettings]] = []
        self.wires: dict[str, Wire] = {}
        self.fake = FakeGpio()
        self.ads = Ads()
        self.channel = Pwm()

    def serial(self, path: str, settings: SerialSettings, direction: str) -> Any:
        self.lines.append((path, settings))
        right = settings[:2] == self.speaks[:2]
        wire = Wire(lambda request: self.answer(request) if right else None, settings.baud)
        wire.now = self.clock.now
        self.wires[path] = wire
        self.clock.wires.append(wire)
        return wire

    def modbus(self, line: Any) -> Any:
        return ModbusMaster(line, monotonic=line.monotonic)

    def i2c(self, path: str) -> Any:
        return self.ads

    def gpio(self) -> Any:
        return Gpio(lambda: self.fake, monotonic=self.clock)

    def pwm(self, device: str, channel: int, inverted: bool) -> Any:
        return self.channel

    def spi(self, path: str) -> Any:
        raise AssertionError(path)

    keyboard = file = spi


class Clock:
    """One time for the bench; `each` is called at every look, so that the world may move."""

    def __init__(self) -> None:
        self.now = 0.0
        self.wires: list[Wire] = []
        self.each: Callable[[], None] = lambda: None

    def __call__(self) -> float:
        self.now = max([self.now, *(wire.now for wire in self.wires)])
        self.each()
        return self.now

    def sleep(self, pause_s: float) -> None:
        self.now += pause_s
        for wire in self.wires:
            wire.now = max(wire.now, self.now)


class Stand:
    def __init__(self, text: str = BOARD) -> None:
        self.clock = Clock()
        self.ports = MemoryPorts(self.clock)
        self.bench = Bench(board_of(text), self.ports, self.clock, self.clock.sleep)
