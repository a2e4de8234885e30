"""A board of in-memory devices: nothing of the simulator, every device a few attributes that a test sets by hand."""

from __future__ import annotations

from math import inf
from typing import Any

from drivers.board_protocol import check
from drivers.devices import (
    ConnectorDevices,
    DeviceFailure,
    MeterIdentity,
    MeterSample,
    PilotSample,
    Reading,
    StationDevices,
    SupplySample,
)
from drivers.host.connector import ConnectorSetup
from drivers.host.host import BoardIdentity, Host
from drivers.reflex.pilot_signal import STEADY_NS
from drivers.reflex.state_machine import Limits
from tests.drivers.rig import VOLTS

Message = dict[str, Any]

BROKEN = DeviceFailure("device at pin 7", "no answer", "check its wiring")


class MemoryPilot:
    """`state` is the vehicle's; `failure` breaks both directions."""

    def __init__(self) -> None:
        self.wake_at = inf
        self.state = "A"
        self.duty_ns = 0
        self.failure: DeviceFailure | None = None
        self.refuses: DeviceFailure | None = None
        self.valid_for_s = inf
        self.at: float | None = None
        """When it was sampled last; None: at every call."""

    def signal(self, now: float, duty_ns: int) -> DeviceFailure | None:
        if self.refuses is None:
            self.duty_ns = duty_ns
        return self.refuses

    def sample(self, now: float) -> PilotSample | DeviceFailure:
        self.wake_at = inf
        if self.failure is not None:
            return self.failure
        high, at = VOLTS[self.state], now if self.at is None else self.at
        return PilotSample(at, high, high if self.duty_ns == STEADY_NS else -12.0, at + self.valid_for_s)


class MemoryContactor:
    """It follows at once; `stuck` keeps it where it is; without `contact` nobody can see that."""

    def __init__(self) -> None:
        self.wake_at = inf
        self.closed = False
        self.stuck = False
        self.contact = True
        self.refuses: DeviceFailure | None = None
        self.unreadable: DeviceFailure | None = None
        self.commands: list[bool] = []

    def switch(self, now: float, closed: bool) -> DeviceFailure | None:
        self.commands.append(closed)
        if self.refuses is None and not self.stuck:
            self.closed = closed
        return self.refuses

    def feedback(self, now: float) -> bool | DeviceFailure | None:
        if self.unreadable is not None:
            return self.unreadable
        return self.closed if self.contact else None


class MemoryMeter:
    """`at` makes it a meter that is read in a thread: it answers with what was sampled then."""

    def __init__(self) -> None:
        self.wake_at = inf
        self.wh = 1000.0
        self.amps = 0.0
        self.volts: tuple[float, ...] = (230.0,)
        self.failure: DeviceFailure | None = None
        self.at: float | None = None
        """When it was sampled last; None: at every call."""
        self.identity = MeterIdentity()
        self._since = 0.0

    def latest(self, now: float) -> MeterSample:
        self.wake_at = inf
        at = now if self.at is None else self.at
        self.wh += 230.0 * self.amps * (at - self._since) / 3600.0
        self._since = at
        shown = self.failure or Reading(self.wh, self.volts, (self.amps,), (230.0 * self.amps,))
        return MeterSample(at, shown, self.identity)


class MemoryLock:
    def __init__(self) -> None:
        self.wake_at = inf
        self.position = False
        self.stuck = False
        self.failure: DeviceFailure | None = None

    def drive(self, now: float, locked: bool) -> DeviceFailure | None:
        if not self.stuck:
            self.position, self.wake_at = locked, now
        return self.failure

    def locked(self, now: float) -> bool | DeviceFailure:
        self.wake_at = inf
        return self.failure or self.position


class MemoryProximity:
    def __init__(self) -> None:
        self.wake_at = inf
        self.carries: float | DeviceFailure = 0.0

    def amps(self, now: float) -> float | DeviceFailure:
        return self.carries


class MemoryResidualCurrent:
    def __init__(self) -> None:
        self.wake_at = inf
        self.state: bool | DeviceFailure = False

    def tripped(self, now: float) -> bool | DeviceFailure:
        return self.state


class MemoryContact:
    def __init__(self) -> None:
        self.wake_at = inf
        self.state: bool | DeviceFailure = False

    def active(self, now: float) -> bool | DeviceFailure:
        return self.state


class MemoryReader:
    def __init__(self) -> None:
        self.wake_at = inf
        self.cards: list[str] = []
        self.failure: DeviceFailure | None = None

    def read(self, now: float) -> str | DeviceFailure | None:
        return self.failure or (self.cards.pop(0) if self.cards else None)


class MemoryLamp:
    def __init__(self) -> None:
        self.shown: list[str] = []
        self.failure: DeviceFailure | None = None

    def show(self, now: float, lamp: str) -> DeviceFailure | None:
        self.shown.append(lamp)
        return self.failure


class MemoryThermometer:
    def __init__(self) -> None:
        self.wake_at = inf
        self.degrees: float | DeviceFailure = 20.0

    def celsius(self, now: float) -> float | DeviceFailure:
        self.wake_at = inf
        return self.degrees


class MemorySupply:
    def __init__(self) -> None:
        self.wake_at = inf
        self.volts: float | None = 230.0
        self.on_backup = False

    def sample(self, now: float) -> SupplySample:
        return SupplySample(self.volts, self.on_backup)


class TinyBoard:
    """One connector.  Set attributes of the devices, then `look`; `said` is everything since the greeting."""

    def __init__(
        self,
        socket: bool = False,
        greet: bool = True,
        volts_from_meter: bool = False,
        residual_current: MemoryResidualCurrent | None = None,
    ) -> None:
        self.now = 500.0
        self.seq = 0
        self.pilot = MemoryPilot()
        self.contactor = MemoryContactor()
        self.meter = MemoryMeter()
        self.lock = MemoryLock()
        self.proximity = MemoryProximity()
        self.residual_current = residual_current or MemoryResidualCurrent()
        self.reader = MemoryReader()
        self.station_reader = MemoryReader()
        self.lamp = MemoryLamp()
        self.thermometer = MemoryThermometer()
        self.supply = MemorySupply()
        self.emergency_stop = MemoryContact()
        self.tamper = MemoryContact()
        self.ground = MemoryContact()
        devices = ConnectorDevices(
            pilot=self.pilot,
            contactor=self.contactor,
            meter=self.meter,
            proximity=self.proximity if socket else None,
            lock=self.lock if socket else None,
            residual_current=self.residual_current,
            reader=self.reader,
            lamp=self.lamp,
            ground=self.ground,
        )
        self.host = Host(
            BoardIdentity("tiny", "boot-1", "session-1"),
            [ConnectorSetup(devices, Limits(max_amps=16.0), volts_from_meter=volts_from_meter)],
            StationDevices(self.thermometer, self.supply, self.station_reader, self.emergency_stop, self.tamper),
        )
        self.said: list[Message] = []
        self.greeting = self.host.greet(self.now) if greet else []

    def _record(self, messages: list[Message]) -> list[Message]:
        self.said += [check(message, "from_board") for message in messages]
        return messages

    def look(self, station: bool = False) -> None:
        """A device has changed, and says so."""
        (self.thermometer if station else self.pilot).wake_at = self.now
        self._record(self.host.look(self.now))

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while self.host.wake_at() <= end:
            self.now = max(self.now, self.host.wake_at())
            self._record(self.host.advance(self.now))
        self.now = end

    def vehicle(self, state: str) -> None:
        """The vehicle takes this state, and it counts."""
        self.pilot.state = state
        self.look()
        self.wait(0.2)

    def offer(self, amps: float, locked: bool = False, lamp: str = "off", lease_s: float = 20.0) -> Message:
        """The last `ack` that came at once."""
        self.seq += 1
        message = {"type": "offer", "connector": 1, "amps": amps, "locked": locked, "in_service": True, "lamp": lamp}
        told = self._record(self.host.receive(self.now, {**message, "lease_s": lease_s, "seq": self.seq}))
        return next(message for message in reversed(told) if message["type"] == "ack")

    def do(self, what: str) -> tuple[bool, str] | None:
        """The answer where it comes at once."""
        self.seq += 1
        order = {"type": "do", "what": what, "words": [], "connector": None, "seq": self.seq}
        told = self._record(self.host.receive(self.now, order))
        return next(((m["ok"], m["detail"]) for m in told if m["type"] == "done"), None)

    def charging(self) -> None:
        self.vehicle("B")
        self.offer(10.0)
        self.vehicle("C")
        self.meter.amps = 10.0
        self.wait(1.0)
        assert self.contactor.closed

    def of(self, kind: str) -> list[Message]:
        return [message for message in self.said if message["type"] == kind]

    def last(self, kind: str) -> Message:
        return self.of(kind)[-1]

    def faults(self) -> list[tuple[str, bool]]:
        return [(message["code"], message["on"]) for message in self.of("fault")]
