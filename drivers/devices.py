"""What a board is made of, as protocols: a new device is one class that fits one of them.  No behaviour.

Common to all devices:

* Times are seconds of CLOCK_MONOTONIC and are passed in as `now`; they never fall.
* Every call returns at once.  What takes longer (a serial bus, a reader that blocks) is read in a thread of the board
  process; the device then answers with what was read last, and when.
* A device that fails returns a `DeviceFailure`; it raises nothing.  The host takes every failure to the safe side: no
  pilot sample counts as a lost pilot, an unknown contactor position as not the commanded one, an unknown residual
  current as one that flows.
* Two calls with the same `now` and nothing commanded in between answer the same.
* `wake_at` is the second at which the host must look at the device again at the latest; infinite where nothing is due.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, Protocol

from drivers.board_protocol import Packet

CpState = Literal["A", "B", "C", "D", "E", "F"]
"""IEC 61851-1 Table A.1: no vehicle, connected, ready, ready with ventilation, no supply or short, not available."""


class DeviceFailure(NamedTuple):
    """A device that does not do its work, in terms of the person who has to repair it."""

    device: str
    """Its name on the board, e.g. "meter at /dev/ttyS0, address 1"."""
    cause: str
    """E.g. "no answer"."""
    remedy: str
    """What to do, e.g. "check the wiring and the address"."""

    def __str__(self) -> str:
        return f"{self.device}: {self.cause}; {self.remedy}"[:200]


class PilotSample(NamedTuple):
    """The Control Pilot's two peaks, and how long they are valid."""

    at: float
    """When it was measured."""
    high_volts: float
    """Positive peak, -15 to +15 V; anything else counts as a broken input."""
    low_volts: float
    """Negative peak while PWM is on; equal to the positive one while the pilot is steady."""
    valid_until: float
    """From this second on the sample is stale; infinite where every change is reported at once."""


class Reading(NamedTuple):
    """The values of an energy meter.  Tuples hold one value per phase; empty: not measured."""

    wh: float
    """Import register in Wh; never falls, not even over a power cut."""
    volts: tuple[float, ...] = ()
    amps: tuple[float, ...] = ()
    watts: tuple[float, ...] = ()


class MeterIdentity(NamedTuple):
    """Which meter it is: printable ASCII of at most 25 characters, as in BootNotification (§6.3)."""

    serial: str = ""
    """Its own number; empty while it is not known, or where it has none."""
    model: str = ""
    """Maker and kind, e.g. "Eastron SDM120"; empty: not known."""


class MeterSample(NamedTuple):
    """The latest answer of a meter, and when it was given."""

    at: float
    reading: Reading | DeviceFailure
    identity: MeterIdentity = MeterIdentity()


class SupplySample(NamedTuple):
    """The mains supply of the whole station."""

    volts: float | None
    """The lowest phase voltage; None: not measured."""
    on_backup: bool
    """The mains are gone and stored energy keeps the board running for some seconds."""


class Device(Protocol):
    """Common to all devices that change by themselves."""

    @property
    def wake_at(self) -> float:
        """Look at this device no later than at this second (may be infinite)."""


class Pilot(Device, Protocol):
    """Control Pilot generator and its measurement (IEC 61851-1 Annex A): hardware PWM, never software."""

    def signal(self, now: float, duty_ns: int) -> DeviceFailure | None:
        """High time of each period of 1,000,000 ns; 1,000,000: steady +12 V.  A refused signal is repeated."""

    def sample(self, now: float) -> PilotSample | DeviceFailure:
        """The latest measurement of both peaks."""


class Relay(Device, Protocol):
    """The mains contactor of one connector and its auxiliary contact."""

    def switch(self, now: float, closed: bool) -> DeviceFailure | None:
        """Command it.  A refused command is repeated; `feedback` shows what came of it within 0.2 s."""

    def feedback(self, now: float) -> bool | DeviceFailure | None:
        """Position of the auxiliary contact, True: closed; None: the board has none."""


class Meter(Device, Protocol):
    """The energy meter of one connector, polled every second while current can flow, else every ten."""

    def latest(self, now: float) -> MeterSample:
        """The latest sample.  One older than 3 s counts as no answer."""


class CardReader(Device, Protocol):
    """A reader of identification cards, of one connector or of the whole station."""

    def read(self, now: float) -> str | DeviceFailure | None:
        """The next card that was presented: its whole UID as upper-case hex, 1 to 20 characters; None: no card."""


class Lamp(Protocol):
    """What shows a connector's status to the driver."""

    def show(self, now: float, lamp: str) -> DeviceFailure | None:
        """One of `board_protocol.LAMPS`; called at each change."""


class Lock(Device, Protocol):
    """The pin that holds a detachable cable.  Moving may take up to 1 s; after three tries it is a fault."""

    def drive(self, now: float, locked: bool) -> DeviceFailure | None:
        """Move it; called at each change."""

    def locked(self, now: float) -> bool | DeviceFailure:
        """Position as sensed."""


class Proximity(Device, Protocol):
    """The coding resistor of a detachable cable (IEC 61851-1 Annex B); only a socket outlet has this device."""

    def amps(self, now: float) -> float | DeviceFailure:
        """What the cable carries (`pilot_signal.cable_amps`), amperes per phase; 0: there is no cable."""


class ResidualCurrent(Device, Protocol):
    """The residual-current monitor of one connector.  It opens the contactor by itself; this input only reports it."""

    def tripped(self, now: float) -> bool | DeviceFailure:
        """Whether it sees a residual current, or is latched."""


class SelfTestingResidualCurrent(ResidualCurrent, Protocol):
    """One that can be made to trip for a test."""

    @property
    def has_test(self) -> bool:
        """Whether this one is wired so."""

    def begin_test(self, now: float) -> DeviceFailure | None:
        """With the contactor open.  It must trip within 1 s and let go within 3 s; a failed test counts as a trip."""

    def testing(self, now: float) -> bool:
        """Whether a test is under way."""


class Contact(Device, Protocol):
    """A contact that reports: emergency stop, tamper, the monitor of protective earth."""

    def active(self, now: float) -> bool | DeviceFailure:
        """Whether it reports what it is there for; a failure counts as if it did."""


class Vehicle(Protocol):
    """What is known of the vehicle's battery, where the vehicle communicates at all."""

    def soc_percent(self, now: float) -> float | None:
        """State of charge, 0 to 100; None: not known."""


class Thermometer(Device, Protocol):
    """The temperature inside the housing."""

    def celsius(self, now: float) -> float | DeviceFailure:
        """Degrees Celsius, -100 to 200.  A failure counts as too hot: the charge ends."""


class Supply(Device, Protocol):
    """The supervision of the mains supply."""

    def sample(self, now: float) -> SupplySample:
        """The mains now."""


class ConnectorDevices(NamedTuple):
    """All devices of one connector.  With `proximity` it is a socket outlet, without one it has a fixed cable."""

    pilot: Pilot
    contactor: Relay
    meter: Meter
    proximity: Proximity | None = None
    lock: Lock | None = None
    residual_current: ResidualCurrent | None = None
    reader: CardReader | None = None
    lamp: Lamp | None = None
    vehicle: Vehicle | None = None
    ground: Contact | None = None
    """Active: protective earth is lost."""

    def waking(self) -> list[Device]:
        """Those that change by themselves."""
        optional = (self.proximity, self.lock, self.residual_current, self.reader, self.ground)
        return [self.pilot, self.contactor, self.meter, *(device for device in optional if device is not None)]


class StationDevices(NamedTuple):
    """Devices that all connectors share."""

    thermometer: Thermometer | None = None
    supply: Supply | None = None
    reader: CardReader | None = None
    emergency_stop: Contact | None = None
    tamper: Contact | None = None


class BoardHost(Protocol):
    """A whole board behind the board socket.  Time is an argument; calls come with times that never fall.

    All answers are lists of messages in the direction `from_board`, in the order in which they must be sent.
    """

    def greet(self, now: float) -> list[Packet]:
        """For a client that has just connected: hello, each connector's shape, then each one's present states.

        Where a vehicle is plugged in, the pilot's A of the last unplugging goes before it (`Evse.present`): a client
        that was away must not take one vehicle for another.
        """

    def receive(self, now: float, message: Packet) -> list[Packet]:
        """Act on a checked packet.  ProtocolError where it names a connector that this board does not have."""

    def advance(self, now: float) -> list[Packet]:
        """Do everything that is due by now."""

    def open_all(self, now: float) -> None:
        """After an internal error: every contactor open, every pilot steady, whatever the reflex thinks."""

    def is_live(self) -> bool:
        """Whether any contactor is commanded closed, confirmed or not."""

    def wake_at(self) -> float:
        """Call `advance` no later than this monotonic second (may be infinite)."""
