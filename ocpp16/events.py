"""Everything that can happen to a Charge Point, as frozen facts in the past tense.  No behaviour.

Events are msgspec Structs with a tag, so that the flight recorder can store them and a replay can repeat them.
Monotonic times are seconds of CLOCK_MONOTONIC; energies are Wh of the meter's lifetime register.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec

from ocpp16.messages.security import CertificateHashData

CpState = Literal["A", "B", "C", "D", "E", "F"]
StoreState = Literal["ok", "full", "unwritable"]


class Now(NamedTuple):
    """The time of a step: that of its event."""

    mono: float
    """CLOCK_MONOTONIC seconds: all intervals and time-outs."""
    utc: float | None
    """Seconds since 1970 of the host's clock where it is known to be right, else None."""
    late_s: float = 0.0
    """By how much the step is taken after its event, because the process or its disk stood still.  Who waits for an
    answer to what this step sends waits from then on."""


class Event(msgspec.Struct, frozen=True, tag=True):
    """Something that happened."""


class Tick(Event, frozen=True):
    """Only time: `Step.wake_at` has come."""


class LocalSet(msgspec.Struct, frozen=True):
    """What the local file says of how to connect, without any secret."""

    mark: str
    """Another one: the file says something else."""
    profile: int = 0
    encrypted: bool = False
    password: bool = False
    root: bool = False
    certificate: bool = False


class Started(Event, frozen=True):
    """The process has started: always the first event.  `reset_failed`: its predecessor could not reboot the unit."""

    reset_failed: bool = False
    log_last: int | None = None
    """Number of the last entry in the security log; 0: it is empty; None: none is kept."""
    local_set: LocalSet | None = None
    """None: the local file says nothing of how to connect."""
    readable_sets: tuple[int, ...] = ()
    """Numbers of the connection sets whose files are whole."""


# --- the board ------------------------------------------------------------------------------------------------------


class ConnectorShape(msgspec.Struct, frozen=True):
    """What a connector is made of, as its board reports when it attaches."""

    connector: int
    """1..N."""
    min_amps: float = 6.0
    max_amps: float = 32.0
    phases: int = 1
    outlet: Literal["cable", "socket"] = "cable"
    lock: bool = False
    meter: bool = True
    measurands: tuple[str, ...] = ()
    offer: str = ""
    """What became of the last offer in this session of the board: "kept", "lapsed" (its lease ran out), "withdrawn" (no
    transaction stood behind it any more: `Outlet.transaction`); "": none yet, or the board does not know."""
    offer_at: float | None = None
    """Since when the last offer has (not) had a transaction behind it; None: not known."""


class BoardAttached(Event, frozen=True):
    """A board has reported its shape; its present states follow as the events below, then `BoardReady`."""

    boot_id: str
    session_id: str
    board: str
    connectors: tuple[ConnectorShape, ...]
    layers: tuple[str, ...] = ()


class BoardReady(Event, frozen=True):
    """All present states after `BoardAttached` are reported: what happened during an outage can be decided."""


class BoardLost(Event, frozen=True):
    """No board answers (any more)."""

    reason: str


class PilotChanged(Event, frozen=True):
    """IEC 61851-1 Table A.1: the debounced Control Pilot state."""

    connector: int
    state: CpState
    at: float


class CableChanged(Event, frozen=True):
    """A cable in the socket (always there with a fixed cable), its coding, and the lock."""

    connector: int
    present: bool
    max_amps: float
    locked: bool
    at: float


class ContactorChanged(Event, frozen=True):
    """The contactor; `confirmed`: by its feedback contact."""

    connector: int
    closed: bool
    confirmed: bool
    at: float


class MeterIdentified(Event, frozen=True):
    """Which meter it is: its own number and its kind, printable ASCII of at most 25 characters; "": not known."""

    connector: int
    serial: str = ""
    model: str = ""


class SwitchingsCounted(Event, frozen=True):
    """How often the contactor has opened since the board process started: under load, and without."""

    connector: int
    loaded: int
    unloaded: int


class MeterSampled(Event, frozen=True):
    """One reading.  Lists hold one value per phase; an empty list or None: not measured."""

    connector: int
    at: float
    wh: float
    volts: tuple[float, ...] = ()
    amps: tuple[float, ...] = ()
    watts: tuple[float, ...] = ()
    soc: float | None = None
    temperature: float | None = None


class CardPresented(Event, frozen=True):
    """A card at a reader; `connector` is None where one reader serves several."""

    connector: int | None
    id_tag: str
    at: float


class FaultChanged(Event, frozen=True):
    """A fault of a connector, or of the whole station (`connector` None); codes as in `evsectl sim fault`."""

    connector: int | None
    code: str
    on: bool
    latched: bool = False
    detail: str = ""
    at: float = 0.0


class OfferAcked(Event, frozen=True):
    """The amperes that the board really signals, and why they are less than offered ("" where they are not)."""

    connector: int
    amps: float
    why: str = ""


class BoardDone(Event, frozen=True):
    """The board carried out (or refused) an order of `Step.orders`."""

    ref: int
    ok: bool
    detail: str = ""


# --- the Central System ---------------------------------------------------------------------------------------------


class PeerCertificate(msgspec.Struct, frozen=True):
    """A certificate of the chain that the Central System proved itself by."""

    subject: str
    serial_number: str
    """Hexadecimal, without leading zeros."""
    not_before: float
    """Seconds since 1970."""
    not_after: float


class LinkUp(Event, frozen=True):
    """The WebSocket is open, subprotocol agreed.  `chain`: as verified, the trusted root last; without TLS: ()."""

    chain: tuple[PeerCertificate, ...] = ()
    connection_set: int = 0
    """With which it was made."""


class LinkDown(Event, frozen=True):
    """The WebSocket is gone, or an attempt failed: `stage` DNS, TCP, TLS, HTTP, WebSocket; the cause in one line.

    `code`: stable, of the daemon's table of failed connections.
    """

    stage: str = ""
    cause: str = ""
    next_attempt_s: float | None = None
    """Seconds to the next attempt; None: not known."""
    code: str = ""
    security_event: str = ""
    """The security event that it is (W); "": none."""
    connection_set: int = 0
    """With which it was made."""


class LinkQuiet(Event, frozen=True):
    """Nothing has come since our last ping: a message of OCPP must show whether the other side lives."""


class FrameReceived(Event, frozen=True):
    """A text message of the Central System."""

    text: str


# --- the unit -------------------------------------------------------------------------------------------------------


class StoreChanged(Event, frozen=True):
    """Room and writability of the store.  `full`: below the watermark; `unwritable`: nothing can be written."""

    state: StoreState
    detail: str = ""


class SecuritySeen(Event, frozen=True):
    """The daemon has seen a security event that only it can see; `event`: its name (W), `detail`: its cause."""

    event: str
    detail: str = ""


class MainsLost(Event, frozen=True):
    """The mains fail; a unit with backup supply has some seconds left (AQ-7.1)."""


class JobDone(Event, frozen=True):
    """A job of `Step.jobs` has ended."""

    ref: int
    ok: bool
    detail: str = ""
    failure: str = ""
    """Of a failed transfer: "bad-location", "denied", "not-supported"; "": anything else."""
    verdict: str = ""
    """What was found out about a firmware image, in one word (see the jobs)."""


class CertificateDetails(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of a certificate; texts are cut at 200 characters."""

    name: str
    """Of its file in the folder of certificates; "" where it was not stored."""
    subject: str
    issuer: str
    serial_number: str
    """Hexadecimal, without leading zeros."""
    not_before: float
    """Seconds since 1970."""
    not_after: float
    key_kind: str
    """Algorithm and size, for a person."""
    hashes: tuple[CertificateHashData, ...] = ()
    """By each hash algorithm; issuerKeyHash is "" where the issuer is not known."""


class CertificateRead(Event, frozen=True):
    """The answer to `ReadRoot` and `ReadChain`.

    `problem`: why it is not acceptable; `failure`: why it could not be stored; `signed_by`: the roots that signed it.
    """

    ref: int
    certificate: CertificateDetails | None = None
    problem: str = ""
    failure: str = ""
    signed_by: tuple[str, ...] = ()


class KeyMade(Event, frozen=True):
    """The answer to `MakeKey`: the name of the new key's file, and its CSR in PEM; `problem`: why there is none."""

    ref: int
    key: str = ""
    csr: str = ""
    problem: str = ""


class ConfiguredRead(Event, frozen=True):
    """What the configuration file names now, where that is not known already.

    `system`: the public authorities of the computer count (`ca_file = "system"`).
    """

    roots: tuple[CertificateDetails, ...] = ()
    station: CertificateDetails | None = None
    system: bool = False


class ShutdownAsked(Event, frozen=True):
    """The supervisor ends the process.  `ends_charge`: the board runs in this process and ends with it."""

    ends_charge: bool


# --- the control socket ---------------------------------------------------------------------------------------------


class SettingAsked(Event, frozen=True):
    """`evsectl config set KEY VALUE`."""

    ref: int
    key: str
    value: str


class StopAsked(Event, frozen=True):
    """`evsectl stop-transaction`: of a connector, or the only one running."""

    ref: int
    connector: int | None = None


class ResetAsked(Event, frozen=True):
    """`evsectl reset`."""

    ref: int
    kind: Literal["Soft", "Hard"]


class QueueAsked(Event, frozen=True):
    """`evsectl queue park|retry ITEM`; item None: every parked one (retry only)."""

    ref: int
    what: Literal["park", "retry"]
    item: int | None = None


class SelftestAsked(Event, frozen=True):
    """`evsectl selftest [--clear-latched]`."""

    ref: int
    clear_latched: bool = False


AnyEvent = (
    Tick
    | Started
    | BoardAttached
    | BoardReady
    | BoardLost
    | PilotChanged
    | CableChanged
    | ContactorChanged
    | MeterIdentified
    | SwitchingsCounted
    | MeterSampled
    | CardPresented
    | FaultChanged
    | OfferAcked
    | BoardDone
    | LinkUp
    | LinkDown
    | LinkQuiet
    | FrameReceived
    | StoreChanged
    | SecuritySeen
    | MainsLost
    | JobDone
    | CertificateRead
    | KeyMade
    | ConfiguredRead
    | ShutdownAsked
    | SettingAsked
    | StopAsked
    | ResetAsked
    | QueueAsked
    | SelftestAsked
)
