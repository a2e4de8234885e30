"""What a board is made of, as protocols: a new device is one class that fits one of them.  No behaviour."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, Protocol

CpState = Literal["A", "B", "C", "D", "E", "F"]
"""IEC 61851-1 Table A.1: no vehicle, connected, ready, ready with ventilation, no supply or short, not available."""

Packet = dict[str, Any]


LEASE_OVER = "the lease ran out"
"""Why a pilot is steady whose offer nobody has renewed."""


class PilotSample(NamedTuple):
    """The Control Pilot's two peaks, and how long they may be believed."""

    at: float
    """CLOCK_MONOTONIC seconds."""
    high_volts: float
    low_volts: float
    """Negative peak while PWM is on; equal to the positive one while the pilot is steady."""
    good_until: float
    """Monotonic second from which on this sample is stale; infinite where every change is told at once."""


class Reading(NamedTuple):
    """One sample of an energy meter.  Tuples hold one value per phase, empty: not measured."""

    wh: float
    """Lifetime import register in Wh."""
    volts: tuple[float, ...] = ()
    amps: tuple[float, ...] = ()
    watts: tuple[float, ...] = ()


class Pilot(Protocol):
    """Control Pilot generator and its measurement."""

    def signal(self, duty_ns: int) -> None:
        """High time of each period of 1,000,000 ns; 1,000,000: steady +12 V.  OSError where the hardware refuses."""

    def sample(self) -> PilotSample:
        """Both peaks now.  OSError where they cannot be read."""


class Relay(Protocol):
    """The mains contactor of one connector and its auxiliary contact."""

    def switch(self, closed: bool) -> None:
        """Command it; returns at once.  OSError where the hardware refuses."""

    def feedback(self) -> bool | None:
        """Position of the auxiliary contact, True: closed; None: the board has none."""


class Meter(Protocol):
    def read(self) -> Reading:
        """A fresh sample; blocks for at most a second.  OSError where the meter does not answer."""


class CardReader(Protocol):
    def read(self) -> str:
        """Blocks until a card comes; its whole UID as upper-case hex.  OSError where the reader is lost."""


class Lamp(Protocol):
    def show(self, lamp: str) -> None:
        """One of the names in `seam.LAMPS`."""


class Lock(Protocol):
    """The pin that holds a detachable cable."""

    def drive(self, locked: bool) -> None:
        """Move it; returns at once."""

    def locked(self) -> bool:
        """Position as sensed."""


class Thermometer(Protocol):
    def read(self) -> float:
        """Degrees Celsius inside the housing.  OSError where it does not answer."""


class BoardHost(Protocol):
    """A whole board behind the seam, real or simulated.  Time is an argument; calls come with times that never fall.

    All answers are lists of messages in the direction `from_board`, in the order in which they must be sent.
    """

    def greet(self, now: float) -> list[Packet]:
        """For a client that has just come: hello, each connector's shape, then each one's present states.

        Where a car is plugged in, the pilot's A of the last unplugging goes before it (`Evse.present`): who was away
        must not take one car for another.
        """

    def receive(self, now: float, message: Packet) -> list[Packet]:
        """Act on a checked packet.  ProtocolError where it names what this board does not have."""

    def advance(self, now: float) -> list[Packet]:
        """Do everything that is due by now."""

    def is_live(self) -> bool:
        """Whether any contactor is commanded closed, confirmed or not."""

    def wake_at(self) -> float:
        """Call `advance` no later than this monotonic second (may be infinite)."""
