"""A whole board of parts in memory: drivers of a few lines on ports of a few lines, read from a real board file."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from math import inf
from pathlib import Path
from typing import Any

from drivers.assembly.board import Assembled, assemble
from drivers.board_file.check import checked
from drivers.board_file.machine_checks import Machine
from drivers.board_file.model import PartsBoard
from drivers.devices import DeviceFailure, MeterSample, Reading
from drivers.driver_table import Driver, Parameter, SerialSettings
from drivers.pilots import DRIVERS as PILOTS
from drivers.reflex.pilot_signal import STEADY_NS
from tests.drivers.board_file.samples import BOARD
from tests.drivers.pilots.converters import Ads1115Model, ChannelState, Mcp3008Model, Ticks

VOLTS = {"A": 12.0, "B": 9.0, "C": 6.0, "D": 3.0, "E": 0.0}


class MemoryLine:
    def __init__(self) -> None:
        self.on = False

    def set(self, on: bool) -> DeviceFailure | None:
        self.on = on
        return None

    def is_on(self) -> bool | DeviceFailure:
        return self.on


class LineContactor:
    """Follows its lines at once, and so does its feedback."""

    def __init__(self, gpio: Any, lines: tuple[int, ...], feedback: int | None, active: str) -> None:
        self.wake_at = inf
        self.lines = [gpio.line(line) for line in lines]
        self.stuck: bool | None = None

    def switch(self, now: float, closed: bool) -> DeviceFailure | None:
        for line in self.lines:
            line.set(closed)
        return None

    def feedback(self, now: float) -> bool | DeviceFailure | None:
        return all(line.on for line in self.lines) if self.stuck is None else self.stuck


class SlowMeter:
    """Answers with what its thread has read last."""

    def __init__(self, bus: Any, address: int) -> None:
        self.wake_at = inf
        self.bus, self.address = bus, address
        self.amps = 0.0
        self.sample = MeterSample(-inf, DeviceFailure("meter", "not read yet", "wait"))

    def poll(self) -> float:
        now = self.bus.clock()
        self.sample = MeterSample(now, Reading(1000.0 + now, (230.0 + now % 1,), (self.amps,), (self.amps * 230.0,)))
        return 1.0

    def latest(self, now: float) -> MeterSample:
        return self.sample


class Contact:
    def __init__(self, gpio: Any, line: int, active: str) -> None:
        self.wake_at = inf
        self.line = gpio.line(line)

    def tripped(self, now: float) -> bool | DeviceFailure:
        self.wake_at = now + 0.01
        return bool(self.line.on)

    active = tripped


LINE = Parameter("line", required=True)
ACTIVE = Parameter("choice", "high", choices=("high", "low"))
FAMILIES: dict[str, Mapping[str, Driver]] = {
    "pilot": PILOTS,
    "contactor": {
        "gpio": Driver(
            LineContactor,
            {"gpio": "gpio"},
            {"lines": Parameter("lines", required=True, high=3), "feedback": Parameter("line"), "active": ACTIVE},
        )
    },
    "meter": {
        "sdm120": Driver(
            SlowMeter, {"bus": "modbus"}, {"address": Parameter("whole", 1, low=1, high=247)}, bauds=(9600,)
        )
    },
    "rcd": {"gpio": Driver(Contact, {"gpio": "gpio"}, {"line": LINE, "active": ACTIVE})},
    "emergency_stop": {"gpio": Driver(Contact, {"gpio": "gpio"}, {"line": LINE, "active": ACTIVE})},
}


class MemoryChannel:
    """A PWM channel and the car at the other end: what the converter sees follows from both."""

    device = "PWM x"

    def __init__(self) -> None:
        self.duty_ns = 0

    def set(self, duty_ns: int) -> DeviceFailure | None:
        self.duty_ns = duty_ns
        return None

    def state(self) -> ChannelState:
        return ChannelState(1_000_000, self.duty_ns, True)


class MemoryPorts:
    """The ports of a machine; `car` is the state that the vehicle at channel 0 takes."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.lines: dict[int, MemoryLine] = {}
        self.channels: dict[int, MemoryChannel] = {}
        self.converter = Ads1115Model(0, 0, 0, 0)
        self.converter.noise = 1
        self.car = "A"
        self.diode = True
        self.settings: list[tuple[str, SerialSettings, str]] = []

    def line(self, number: int) -> MemoryLine:
        return self.lines.setdefault(number, MemoryLine())

    def play(self) -> None:
        """What the peak detectors hold now."""
        for number, channel in self.channels.items():
            plus = VOLTS[self.car]
            high = plus if channel.duty_ns else -12.0
            low = high if channel.duty_ns == STEADY_NS else -12.0 if self.diode else -plus
            self.converter.counts[2 * number : 2 * number + 2] = [round(high / 0.001), round(low / 0.001)]

    def serial(self, path: str, settings: SerialSettings, direction: str) -> Any:
        self.settings.append((path, settings, direction))
        return path

    def modbus(self, line: Any) -> Any:
        return self

    def i2c(self, path: str) -> Any:
        return self.converter

    def spi(self, path: str) -> Any:
        return Mcp3008Model(0)

    def keyboard(self, path: str) -> Any:
        return ("keyboard", path)

    def file(self, path: str) -> Any:
        return ("file", path)

    def gpio(self) -> Any:
        return self

    def pwm(self, device: str, channel: int, inverted: bool) -> Any:
        return self.channels.setdefault(channel, MemoryChannel())


def parts_board(text: str = BOARD) -> PartsBoard:
    """A board file as the reader understands it."""
    text = text.replace("0.0101", "0.001")
    found = checked(tomllib.loads(text), text, Machine(Path("/nowhere")), FAMILIES.__getitem__)
    assert found.problems == []
    return found.board


class MemoryBoard:
    """The board in simulated time: threads are served, and the loop turns, every 10 ms or when something is due."""

    def __init__(self, text: str = BOARD, lines_persist: bool | None = None) -> None:
        self.clock = Ticks()
        self.ports = MemoryPorts(self.clock)
        self.assembled: Assembled = assemble(
            parts_board(text), self.ports, "boot", "session", lines_persist, self.clock
        )
        self.host = self.assembled.host
        for devices in self.assembled.threads.values():
            for watched in devices:
                converter = watched._device
                if hasattr(converter, "_monotonic"):
                    converter._monotonic, converter._sleep = self.clock, lambda _: None
        self._due = {id(watched): 0.0 for watched in self.assembled.watched()}
        self.hung: set[str] = set()
        """Threads that do nothing any more."""
        self.said: list[dict[str, Any]] = []
        self._seq = 0
        self.threads()
        self.said += self.host.greet(self.clock.now)

    def threads(self) -> None:
        self.ports.play()
        for name, devices in self.assembled.threads.items():
            for watched in devices:
                if name not in self.hung and self.clock.now >= self._due[id(watched)]:
                    self._due[id(watched)] = self.clock.now + watched.poll()

    def wait(self, seconds: float) -> None:
        end = self.clock.now + seconds
        while self.clock.now < end - 1e-9:
            self.clock.now = min(end, self.clock.now + 0.01)
            self.threads()
            self.said += self.host.advance(self.clock.now)

    def offer(self, amps: float, connector: int = 1) -> None:
        self._seq += 1
        offer = {"type": "offer", "connector": connector, "amps": amps, "locked": False, "in_service": True}
        self.said += self.host.receive(self.clock.now, {**offer, "lamp": "off", "lease_s": 20.0, "seq": self._seq})

    def faults(self) -> list[tuple[str, bool]]:
        return [(message["code"], message["on"]) for message in self.said if message["type"] == "fault"]

    def last(self, kind: str) -> dict[str, Any]:
        return next(message for message in reversed(self.said) if message["type"] == kind)
