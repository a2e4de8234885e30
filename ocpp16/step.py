"""Everything that a step can ask for, and the one order in which it is carried out.

`moments` is that order: daemon, simulator and replay walk the same list.  Nothing is carried out here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from ocpp16.records import Record

Lamp = Literal[
    "off", "available", "preparing", "charging", "suspended", "finishing", "reserved", "unavailable", "faulted"
]


class Outlet(msgspec.Struct, frozen=True):
    """The levels of a connector, set again after every step; never commands."""

    connector: int
    offered_amps: float = 0.0
    """Amperes per phase that the car may draw; 0: no energy.  Between 0 and 6 A nothing can be signalled: no energy."""
    locked: bool = False
    in_service: bool = True
    lamp: Lamp = "off"
    transaction: bool = False
    """A transaction stands behind this level, also a suspended one.  False: none, or one that is being stopped."""


class Save(msgspec.Struct, frozen=True):
    """Insert the row, or replace the one with the same key."""

    record: Record


class Delete(msgspec.Struct, frozen=True):
    """Delete the row of a table by its key."""

    table: str
    key: int | str


Write = Save | Delete


class Link(msgspec.Struct, frozen=True):
    """The connection to the Central System: a level."""

    connected: bool = True
    ping_interval_s: int = 0
    """WebSocketPingInterval; 0: no pings of ours."""
    epoch: int = 0
    """A new number: close the connection and open another one."""
    connection_set: int = 0
    """Number of the set of URL, profile and credentials to connect with; 0: that of the local file."""


class Job(msgspec.Struct, frozen=True, tag=True):
    """Long or final work outside of the Charge Point."""


class Restart(Job, frozen=True):
    """End the process when every frame so far is sent.  HardReset: reboot the whole unit, by its hook."""

    how: Literal["SoftReset", "HardReset", "Exit"]
    retries: int = 0
    """§9.1 ResetRetries: further tries of a failed reboot."""


class Seal(msgspec.Struct, frozen=True):
    """What a signed firmware image is verified by (W L01)."""

    certificate: str
    """PEM."""
    signature: str = ""
    """Base64."""
    utc: float = 0.0
    """Seconds since 1970: the time by which certificates are judged …"""
    exact: bool = True
    """… or, where it is not known, a time that has surely passed."""


class Download(Job, frozen=True):
    """Fetch a firmware file; `JobDone.detail` is its path, or the error."""

    ref: int
    location: str


FILE_ENDINGS = (".gz", ".tgz", ".tar", ".zip", ".log", ".txt", ".bin")
"""The location of an upload that ends so names the file itself; any other is a folder."""


class Upload(Job, frozen=True):
    """Send the diagnostics or the security log of a window of time (seconds since 1970; None: open) as `file_name`."""

    ref: int
    location: str
    file_name: str
    oldest_utc: float | None = None
    latest_utc: float | None = None
    what: Literal["diagnostics", "diagnostics-log", "security-log"] = "diagnostics"
    """For GetDiagnostics, or one of the two logs of GetLog."""


class Install(Job, frozen=True):
    """Give a downloaded file to the integrator's installer; done: the next start runs it."""

    ref: int
    file: str
    seal: Seal | None = None
    """Of a signed image: what is installed is verified, not only what was downloaded."""


class CheckSigner(Job, frozen=True):
    """Is the certificate that shall sign a firmware image valid?  `JobDone.verdict`: "certificate" or "revoked"."""

    ref: int
    seal: Seal


class VerifyImage(Job, frozen=True):
    """Does the signature fit a downloaded image, and is it no older one?

    `JobDone.detail` is its SHA-256; `verdict`: "signature", "certificate", "revoked" or "version".
    """

    ref: int
    file: str
    seal: Seal


TrialStep = Literal["ask", "keep", "go-back"]


class Trial(Job, frozen=True):
    """About the image that was installed last: does it run, is it kept, does the earlier one come back?

    "ask": `JobDone.verdict` "runs", "earlier" (the one before runs) or "" (the integrator's system has no trial).
    """

    ref: int
    what: TrialStep
    digest: str
    """SHA-256 of that image."""


class KeepSet(Job, frozen=True):
    """Check a connection set and make it durable: the set `base` with `changes`, name and value.

    Names: `url`, `security_profile`, `authorization_key` (hexadecimal), `station_certificate` and `station_key` (file
    names in the folders of certificates and keys).
    """

    ref: int
    number: int
    base: int
    changes: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:  # the values may be secrets
        return f"KeepSet(ref={self.ref}, number={self.number}, base={self.base})"


class SweepSets(Job, frozen=True):
    """Remove the files of all connection sets but these."""

    kept: tuple[int, ...]


class ReadRoot(Job, frozen=True):
    """Read one root certificate and store it under a new name: answered by `CertificateRead`.

    `roots`: names of those in force, to be tried as its signers.  `utc`: the time to judge it by; None: the host's.
    """

    ref: int
    pem: str
    role: str
    roots: tuple[str, ...] = ()
    utc: float | None = None
    cross_signed: bool = False
    """One that a root of `roots` has signed need not be self-signed."""


class ReadChain(Job, frozen=True):
    """Read the station's new certificate and its chain, and store them: answered by `CertificateRead`."""

    ref: int
    pem: str
    key: str
    """Name of the private key that it must belong to."""
    roots: tuple[str, ...] = ()
    utc: float | None = None
    common_name: str = ""
    """What the certificate must name."""


class MakeKey(Job, frozen=True):
    """Make a private key, which never leaves the key store, and a CSR: answered by `KeyMade`."""

    ref: int
    common_name: str
    organization: str


class UseCertificates(Job, frozen=True):
    """From the next connection on these count; files of certificates and keys that `keep` does not name are removed.

    `keep` (): none is, because a job is under way whose file has no row yet.  `roots` (), `certificate` "", `key` "":
    those of the configuration file.
    """

    roots: tuple[str, ...] = ()
    certificate: str = ""
    key: str = ""
    keep: tuple[str, ...] = ()


class CancelJob(Job, frozen=True):
    """The result of that job is not needed any more."""

    ref: int


class Order(msgspec.Struct, frozen=True):
    """Something only the board can do: answered by `BoardDone` with the same `ref`."""

    ref: int
    what: Literal["unlock", "selftest", "clear-latched"]
    connector: int | None = None


class Reply(msgspec.Struct, frozen=True):
    """The answer to a request at the control socket."""

    ref: int
    ok: bool
    text: str


class Note(msgspec.Struct, frozen=True):
    """A log message: a code of the catalogue (`daemon/journal/catalogue.py`) and its fields."""

    code: str
    fields: Mapping[str, str | int | float | bool | None]


class Step(msgspec.Struct, frozen=True):
    """All that one event brings about."""

    outlets: tuple[Outlet, ...] = ()
    records: tuple[Write, ...] = ()
    frames: tuple[str, ...] = ()
    link: Link = Link()
    jobs: tuple[Job, ...] = ()
    orders: tuple[Order, ...] = ()
    replies: tuple[Reply, ...] = ()
    notes: tuple[Note, ...] = ()
    wake_at: float | None = None
    """Step again with `Tick` at this monotonic second at the latest; None: nothing is awaited."""


CERTIFICATE_JOBS = ReadRoot | ReadChain | MakeKey | UseCertificates
"""Those of the key store."""


class Withdraw(msgspec.Struct, frozen=True):
    """Lower (or zero) an offer that fell, or that no transaction stands behind any more."""

    outlet: Outlet


class Commit(msgspec.Struct, frozen=True):
    """All records in one durable transaction."""

    records: tuple[Write, ...]


class Tell(msgspec.Struct, frozen=True):
    """Send, start or log one thing, now that it is stored."""

    what: str | Link | Job | Order | Reply | Note


class Offer(msgspec.Struct, frozen=True):
    """Raise an offer, or change what does not feed energy."""

    outlet: Outlet


Moment = Withdraw | Commit | Tell | Offer


def moments(step: Step, before: Mapping[int, Outlet], link: Link | None) -> Iterator[Moment]:
    """The step's moments in the one order: withdraw, commit, tell, offer.

    `before`: each outlet as it was last carried out; `link`: the link as it was last sent.  Only differences come.
    """
    rest = []
    for outlet in step.outlets:  # 1. safety does not wait for the disk
        old = before.get(outlet.connector)
        if old is not None and (outlet.offered_amps < old.offered_amps or old.transaction > outlet.transaction):
            yield Withdraw(outlet)
        elif outlet != old:
            rest.append(outlet)
    if step.records:  # 2. nothing is sent that a power cut could make forgotten
        yield Commit(step.records)
    for frame in step.frames:  # 3. in the order in which a receiver needs it
        yield Tell(frame)
    if step.link != link:
        yield Tell(step.link)
    for note in step.notes:
        yield Tell(note)
    for order in step.orders:
        yield Tell(order)
    for reply in step.replies:
        yield Tell(reply)
    for job in step.jobs:
        yield Tell(job)
    for outlet in rest:  # 4. no energy before its transaction is on disk
        yield Offer(outlet)
