"""Everything that must survive a power cut, as frozen rows.  No behaviour but the row's own key.

A record is a flat Struct: the store keeps one column per field (nested Structs and tuples as JSON).  A new field
needs a numbered migration in `daemon/store/schema/`, additive, with a default, so that the version before can read.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from ocpp16.messages.security import CertificateHashData

Delivery = Literal["none", "waiting", "confirmed", "parked"]


class Stamp(msgspec.Struct, frozen=True):
    """When a fact happened: by boot and monotonic clock, and in UTC as soon as that is known."""

    mono: float
    boot: str
    utc: float | None = None
    exact: bool = True
    """False: its boot ended before UTC was known, `utc` is the floor; order is kept, the hour is not."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the table named like its class in snake case."""

    table: ClassVar[str] = ""

    @property
    def key(self) -> int | str:
        """The row's primary key: by rule the first field."""
        value: int | str = getattr(self, self.__struct_fields__[0])
        return value


class Unit(Record, frozen=True, kw_only=True):
    """The unit itself: one row."""

    table: ClassVar[str] = "unit"
    name: str = "unit"
    boot_id: str = ""
    """Kernel boot in which this process last ran."""
    board_boot_id: str = ""
    board_session_id: str = ""
    """Boot and session of the board that was last attached."""
    utc_offset: float | None = None
    """UTC minus CLOCK_MONOTONIC of `boot_id`, once the Central System has sent it."""
    floor_utc: float = 0.0
    """No timestamp is sent below this: the latest time at which this unit is known to have run."""
    registered: bool = False
    """A Central System has accepted this station at least once (§4.2.1)."""
    shutdown: str = ""
    """Before a planned end: the StopTransaction reason that belongs to it; "" after any other end."""
    upload: str = ""
    """§5.9: the DiagnosticsStatus of the last upload, until its end is confirmed."""


class Setting(Record, frozen=True, kw_only=True):
    """A configuration key that differs from its first value."""

    table: ClassVar[str] = "setting"
    name: str
    value: str


class Availability(Record, frozen=True, kw_only=True):
    """§5.2: what ChangeAvailability made of a connector (0: the station)."""

    table: ClassVar[str] = "availability"
    connector: int
    operative: bool = True
    scheduled: bool | None = None
    """The value of `operative` that waits for the end of a transaction."""


class Occupancy(Record, frozen=True, kw_only=True):
    """A transaction ended while the plug stayed in: the connector is Finishing until the user acts (§4.9)."""

    table: ClassVar[str] = "occupancy"
    connector: int
    finishing: bool = False
    held_for: str | None = None
    """Whose cable stays locked in the socket (E 3.5), and his group."""
    held_group: str | None = None


class LatchedFault(Record, frozen=True, kw_only=True):
    """A fault that no restart clears (`evsectl selftest --clear-latched` does)."""

    table: ClassVar[str] = "latched_fault"
    name: str
    """`CONNECTOR/CODE`, connector 0 for the station."""
    connector: int
    code: str
    detail: str = ""


class CachedTag(Record, frozen=True, kw_only=True):
    """§3.5.1: the newest IdTagInfo of a card, valid or not."""

    table: ClassVar[str] = "cached_tag"
    id_tag: str
    """Case-folded: identifiers compare case-insensitively (§7.28)."""
    status: str
    expires_utc: float | None = None
    parent_id_tag: str | None = None
    used: int = 0
    """Rises with each use: the smallest is the longest unused."""


class MeterSwap(Record, frozen=True, kw_only=True):
    """The meter of a connector was exchanged: its register has nothing to do with earlier bills."""

    table: ClassVar[str] = "meter_swap"
    connector: int
    after_number: int
    """Our number of the last transaction that the old meter billed."""


class RegisterSeen(Record, frozen=True, kw_only=True):
    """What a meter had shown when it began to count backwards: no restart lets it bill by less."""

    table: ClassVar[str] = "register_seen"
    connector: int
    wh: int


class Equipment(Record, frozen=True, kw_only=True):
    """The parts of a connector: which meter, and how often the contactor has switched, under load and without."""

    table: ClassVar[str] = "equipment"
    connector: int
    meter_serial: str = ""
    meter_model: str = ""
    loaded: int = 0
    unloaded: int = 0
    session_id: str = ""
    """The board session whose counts of its own were …"""
    session_loaded: int = 0
    session_unloaded: int = 0


class Transaction(Record, frozen=True, kw_only=True):
    """One transaction from its start to the acknowledged stop: StartTransaction and StopTransaction are read off it."""

    table: ClassVar[str] = "charge"
    number: int
    """Our own number; the Central System's comes with StartTransaction.conf."""
    connector: int
    id_tag: str
    parent_id_tag: str | None = None
    began: Stamp
    meter_start_wh: int
    reservation_id: int | None = None
    start_seq: int
    """Place of StartTransaction in the order of all reports."""
    start: Delivery = "waiting"
    transaction_id: int | None = None
    verdict: str = ""
    """Status in StartTransaction.conf; empty while it has not come."""
    energy_ends_wh: int | None = None
    """MaxEnergyOnInvalidId: register at which the energy ends; `meter_start_wh` or less: at once."""
    last_wh: int
    last: Stamp
    """Register and time with which a transaction ends after a power cut, where the meter cannot be read."""
    told_utc: float | None = None
    """Latest UTC of a value that was sent: nothing of this transaction lies before."""
    stop_sampled: str = ""
    stop_aligned: str = ""
    """StopTxnSampledData and StopTxnAlignedData as they were at the start: a changed list counts from the next one."""
    stopping: str = ""
    """The reason of the stop that is under way, until the contactor is open; "" before."""
    stop_id_tag: str | None = None
    ended: Stamp | None = None
    meter_stop_wh: int | None = None
    reason: str = ""
    stop_seq: int | None = None
    stop: Delivery = "none"
    error: str = ""
    """Why StartTransaction was parked: the last answer of the Central System."""
    stop_error: str = ""
    """The same of the StopTransaction."""
    stop_exact: bool = True
    """False: the meter could not be read at the end, `meter_stop_wh` is the last register known."""


class MeasuredValue(msgspec.Struct, frozen=True, omit_defaults=True):
    """The data of one SampledValue (§7.43), without its context; all fields are strings as on the wire."""

    value: str
    measurand: str
    unit: str | None = None
    phase: str | None = None
    location: str | None = None


class Sample(Record, frozen=True, kw_only=True):
    """Values of one instant, for MeterValues or for StopTransaction.transactionData."""

    table: ClassVar[str] = "sample"
    seq: int
    connector: int
    number: int | None = None
    """The transaction (our number) that ran at that instant."""
    at: Stamp
    context: str
    values: tuple[MeasuredValue, ...]
    for_stop: bool = False
    """True: belongs into StopTransaction.transactionData."""
    state: Delivery = "waiting"
    error: str = ""


class ListedTag(Record, frozen=True, kw_only=True):
    """§3.5.2: a card of the Local Authorization List."""

    table: ClassVar[str] = "listed_tag"
    id_tag: str
    """Case-folded."""
    status: str
    expires_utc: float | None = None
    parent_id_tag: str | None = None


class ListVersion(Record, frozen=True, kw_only=True):
    """The version last sent with the list: one row."""

    table: ClassVar[str] = "list_version"
    name: str = "list"
    version: int = 0


class Reservation(Record, frozen=True, kw_only=True):
    """§3.12: a connector (0: whichever is free) kept for a card, or for its group."""

    table: ClassVar[str] = "reservation"
    reservation_id: int
    connector: int
    id_tag: str
    parent_id_tag: str | None = None
    expires_utc: float


class Profile(Record, frozen=True, kw_only=True):
    """§3.13: an installed charging profile; `document`: the JSON that was received."""

    table: ClassVar[str] = "profile"
    profile_id: int
    connector: int
    number: int | None = None
    """TxProfile: the transaction (our number) that it belongs to."""
    document: str


UpdateState = Literal[
    "waiting", "downloading", "downloaded", "installing", "rebooting", "installed", "download-failed", "install-failed"
]


class FirmwareUpdate(Record, frozen=True, kw_only=True):
    """§5.19: the one firmware update that is under way; it goes on after every reboot."""

    table: ClassVar[str] = "firmware_update"
    name: str = "update"
    location: str
    retrieve_utc: float
    retries_left: int
    retry_interval_s: int
    state: UpdateState = "waiting"
    file: str = ""
    told: str = ""
    """The FirmwareStatus that was sent last; "" where it must be sent (again)."""


class SecurityOccurrence(Record, frozen=True, kw_only=True):
    """W A04: a security event; one row for each cause and day."""

    table: ClassVar[str] = "security_event"
    number: int
    """Place in their order."""
    type: str
    """A `SecurityEvent`."""
    tech_info: str
    """Its cause."""
    began: Stamp
    """The first that the Central System has not heard of."""
    last: Stamp
    count: int = 1
    told: int = 0
    """So many of them the Central System has confirmed …"""
    notify: bool = False
    """… if it must hear of them at all."""
    logged: int = 0
    """Number of its newest entry in the security log …"""
    logged_count: int = 0
    """… and the count that stands there."""


class SecurityLogState(Record, frozen=True, kw_only=True):
    """How far the security log has come, and its upload: one row."""

    table: ClassVar[str] = "security_log"
    name: str = "log"
    entries: int = 0
    """How many entries it has got so far."""
    upload: str = ""
    """W: the UploadLogStatus of the last GetLog, until its end is confirmed …"""
    request_id: int = 0
    """… and its requestId."""
    hard_resets: str = ""
    """When the Central System had the unit reset of late: seconds since 1970."""


SignedUpdateState = Literal[
    "scheduled",
    "downloading",
    "paused",
    "downloaded",
    "verified",
    "install-scheduled",
    "install-waiting",
    "installing",
    "rebooting",
    "trial",
    "going-back",
    "installed",
    "download-failed",
    "invalid-signature",
    "verification-failed",
    "install-failed",
]


class SignedFirmwareUpdate(Record, frozen=True, kw_only=True):
    """W L01: the last signed firmware update; it goes on after every reboot, and its end can be asked for."""

    table: ClassVar[str] = "signed_firmware_update"
    name: str = "update"
    request_id: int
    location: str
    retrieve_utc: float
    install_utc: float | None = None
    """None: as soon as it is verified."""
    certificate: str
    """PEM, as it was received."""
    signature: str
    """Base64, as it was received."""
    retries_left: int
    """Of the download; later of verification, installation, trial."""
    retry_interval_s: int
    state: SignedUpdateState = "scheduled"
    file: str = ""
    digest: str = ""
    """SHA-256 of the verified image, hexadecimal."""
    boot_id: str = ""
    """Kernel boot in which the reboot into the new image was asked for."""
    told: str = ""
    """The SignedFirmwareStatus that was sent last; "" where it must be sent (again)."""
    confirmed: bool = False
    """Its end was confirmed."""


SetState = Literal["waiting", "trial", "doubted", "in-force"]


class ConnectionSet(Record, frozen=True, kw_only=True):
    """What a connection needs, by names: its content lies in private files of the daemon.  0: the local file's own."""

    table: ClassVar[str] = "connection_set"
    number: int
    """Rises with each change, and is never used again."""
    state: SetState = "waiting"
    local: str = ""
    """The mark of the local file on which it rests: of a file that was edited since, nothing here counts."""
    profile: int = 0
    encrypted: bool = False
    """Whether its URL is wss."""
    password: bool = False
    """Whether it has an AuthorizationKey."""
    root: str = ""
    """`local`: the local file names roots of the Central System; "": it does not."""
    certificate: str = ""
    """Name of the station's certificate; `local`: that of the local file; "": none."""
    changed: str = ""
    """What it changes, in names of keys."""
    elsewhere: bool = False
    """Its URL is another one, maybe of another Central System."""
    starts: int = 0
    """How many processes have tried it."""


CertificateRole = Literal["central-system-root", "manufacturer-root", "station", "pending-key"]
CertificateState = Literal["in-force", "fallback", "waiting", "removed"]


class Certificate(Record, frozen=True, kw_only=True):
    """A certificate, or the key of a CSR that is not answered yet: names and hashes, never a content."""

    table: ClassVar[str] = "certificate"
    name: str
    """Of its file in the folder of certificates (of a pending key: in that of keys)."""
    role: CertificateRole
    state: CertificateState = "in-force"
    """waiting: its notBefore has not come; fallback: the one before, in a hand-over; removed: only remembered."""
    configured: bool = False
    """It stands in the configuration file, which counts until the Central System changes something."""
    key_name: str = ""
    """Of its private key."""
    subject: str = ""
    issuer: str = ""
    serial_number: str = ""
    not_before: float = 0.0
    not_after: float = 0.0
    key_kind: str = ""
    since_utc: float = 0.0
    """When it was installed, or its CSR was made."""
    hashes: tuple[CertificateHashData, ...]
    proved: bool = True
    """False: a root that no connection has worked with yet; it is taken back where it hinders one."""


TABLES: tuple[type[Record], ...] = (
    Unit,
    Setting,
    Availability,
    Occupancy,
    LatchedFault,
    CachedTag,
    MeterSwap,
    RegisterSeen,
    Equipment,
    Transaction,
    Sample,
    ListedTag,
    ListVersion,
    Reservation,
    Profile,
    FirmwareUpdate,
    SecurityOccurrence,
    SecurityLogState,
    SignedFirmwareUpdate,
    ConnectionSet,
    Certificate,
)
