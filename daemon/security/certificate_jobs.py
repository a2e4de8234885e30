"""The jobs about certificates and keys: carried out in a thread, one after the other; each is answered by an event.

New files come under new names and are on disk before the event that names them; a row points to them; then what no
row names is removed.  So a power cut at any moment leaves one whole set in force.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from daemon.filesystem import read_followed, read_regular, sync_folder
from daemon.security import x509
from daemon.security.key_store import RSA_KINDS, KeyRefused, KeyStore, make_folder, new_name, write_durably
from daemon.security.key_store import sweep as sweep_files
from daemon.threads import in_thread
from ocpp16.events import CertificateRead, ConfiguredRead, Event, KeyMade
from ocpp16.records import Certificate, Record
from ocpp16.step import CERTIFICATE_JOBS, MakeKey, ReadChain, ReadRoot, UseCertificates

CERTIFICATES: Final = "certificates"
"""Folder of certificates, in the store's."""
NAME = re.compile(r"(central-system-root|manufacturer-root|station)-[0-9a-f]{32}\.pem(\.new)?")
SYSTEM: Final = "system"
ROOT, STATION = "central-system-root", "station"


class TlsFiles(NamedTuple):
    """Paths for the next connection.  `roots` () and `certificate` "": those of the configuration file."""

    roots: tuple[str, ...] = ()
    certificate: str = ""
    key: str = ""


class Settings(NamedTuple):
    """What the configuration file says: paths, and the kind of a new key."""

    ca_file: str = ""
    cert_file: str = ""
    key_kind: str = "P-256"
    over_ws: bool = True
    """Certificates may be installed on a connection without TLS."""


class MakeElsewhere(Protocol):
    """Makes a slow key outside of this process: its CSR, or why there is none."""

    def __call__(self, kind: str, name: str, common_name: str, organization: str, /) -> Awaitable[tuple[bool, str]]: ...


class CertificateJobs:
    """`take` a job; `deliver` gets its event.  `apply` gets the files of the next connection, at once.

    `encrypted`: whether the present connection has TLS.  `floor_utc`: a time that has certainly passed.
    """

    def __init__(
        self,
        store: Path,
        settings: Settings,
        deliver: Callable[[Event], None],
        apply: Callable[[TlsFiles], None],
        make_elsewhere: MakeElsewhere,
        *,
        encrypted: Callable[[], bool],
        floor_utc: Callable[[], float],
        credentials: str = "",
    ) -> None:
        self.keys = KeyStore(store, credentials)
        self._folder = store / CERTIFICATES
        self._settings = settings
        self._deliver = deliver
        self._apply = apply
        self._make_elsewhere = make_elsewhere
        self._encrypted = encrypted
        self._floor_utc = floor_utc
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._configured: set[str] = set()
        """Names of files that were copied from the configuration's, and perhaps have no row yet."""

    def take(self, job: CERTIFICATE_JOBS) -> None:
        """Begin it, after those before it."""
        if isinstance(job, UseCertificates):
            self._apply(tls_files(self._folder, self.keys, job))
            if not job.keep:
                return
        self._begin(self._do(job))

    def read_configured(self, records: Collection[Record]) -> None:
        """Look at the files that the configuration names; an event where the store does not know them yet."""
        rows = [row for row in records if isinstance(row, Certificate)]
        changed = {row.role for row in rows if not row.configured and row.state in ("in-force", "removed")}
        ca_file = "" if ROOT in changed and self._settings.ca_file != SYSTEM else self._settings.ca_file
        cert_file = "" if STATION in changed else self._settings.cert_file
        known = {row.name for row in rows if row.configured}
        self._begin(self._read_configured(ca_file, cert_file, known))

    def _begin(self, work: Awaitable[None]) -> None:
        async def in_turn() -> None:
            async with self._turn:
                await work

        task = asyncio.get_running_loop().create_task(in_turn())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _do(self, job: CERTIFICATE_JOBS) -> None:
        if isinstance(job, MakeKey):
            self._deliver(await self._made(job))
        elif isinstance(job, UseCertificates):
            await in_thread(partial(self._sweep, job.keep))
        else:
            self._deliver(await self._read(job))

    # --- reading ----------------------------------------------------------------------------------------------------

    async def _read(self, job: ReadRoot | ReadChain) -> CertificateRead:
        if not self._encrypted() and not self._settings.over_ws:
            what = "this station takes certificates over TLS only ([csms] certificates_over_ws = false)"
            return CertificateRead(job.ref, problem=what)
        try:
            if isinstance(job, ReadRoot):
                return await in_thread(partial(self._read_root, job))
            return await in_thread(partial(self._read_chain, job))
        except (x509.Unfit, KeyRefused) as unfit:
            return CertificateRead(job.ref, problem=str(unfit))
        except OSError as error:
            return CertificateRead(job.ref, failure=f"disk: {error.strerror}")
        except Exception as error:  # a parser's surprise: nothing of the text may come into a log
            return CertificateRead(job.ref, problem=f"it cannot be read ({type(error).__name__})")

    def _utc(self, known: float | None) -> float:
        return known if known is not None else max(time.time(), self._floor_utc())

    def _read_root(self, job: ReadRoot) -> CertificateRead:
        found = x509.read_root(job.pem, job.role, self._roots(job.roots), self._utc(job.utc), job.cross_signed)
        self._store(found.details.name, found.pem)
        return CertificateRead(job.ref, found.details, signed_by=found.signed_by)

    def _read_chain(self, job: ReadChain) -> CertificateRead:
        public = self.keys.public_key(job.key)
        found = x509.read_chain(job.pem, public, self._roots(job.roots), self._utc(job.utc), job.common_name)
        self._store(found.details.name, found.pem)
        return CertificateRead(job.ref, found.details)

    def _roots(self, names: Collection[str]) -> dict[str, bytes]:
        """One that cannot be read signs nothing."""
        found = {}
        for name in names:
            with suppress(OSError):
                found[name] = read_regular(self._folder / name)
        return found

    def _store(self, name: str, pem: bytes) -> None:
        """Under its own name, which its content determines, whole or not at all."""
        make_folder(self._folder)
        new = self._folder / f"{name}.new"
        new.unlink(missing_ok=True)
        write_durably(new, pem)
        os.replace(new, self._folder / name)
        sync_folder(self._folder)

    def _sweep(self, keep: Collection[str]) -> None:
        with suppress(OSError):  # the next start tries again
            sweep_files(self._folder, NAME, {*keep, *self._configured})
            self.keys.sweep(keep)

    # --- keys -------------------------------------------------------------------------------------------------------

    async def _made(self, job: MakeKey) -> KeyMade:
        kind, name = self._settings.key_kind, new_name()
        try:
            if kind in RSA_KINDS:
                ok, text = await self._make_elsewhere(kind, name, job.common_name, job.organization)
                return KeyMade(job.ref, name, text) if ok else KeyMade(job.ref, problem=text)
            csr = await in_thread(partial(make_request, self.keys, kind, name, job.common_name, job.organization))
            return KeyMade(job.ref, name, csr)
        except KeyRefused as refused:
            return KeyMade(job.ref, problem=str(refused))
        except OSError as error:
            return KeyMade(job.ref, problem=f"disk: {error.strerror}")
        except Exception as error:
            return KeyMade(job.ref, problem=f"internal error ({type(error).__name__}); please report this")

    # --- the configuration file -------------------------------------------------------------------------------------

    async def _read_configured(self, ca_file: str, cert_file: str, known: Collection[str]) -> None:
        try:
            event = await in_thread(partial(self._configured_now, ca_file, cert_file, known))
        except (OSError, x509.Unfit):  # said by the link at each attempt, with its reason
            return
        if event is not None:
            self._deliver(event)

    def _configured_now(self, ca_file: str, cert_file: str, known: Collection[str]) -> ConfiguredRead | None:
        """None: the store has the same rows already.  Raises OSError, Unfit."""
        system = ca_file == SYSTEM
        ca = read_followed(Path(ca_file)) if ca_file and not system else b""
        own = read_followed(Path(cert_file)) if cert_file else b""
        names = {*x509.names_in(ca, ROOT), *x509.names_in(own, STATION)[:1]}
        if names == set(known) and not system:
            return None
        roots = [(pem, one) for pem, one in (x509.read_all(ca, ROOT) if ca else []) if one.subject == one.issuer]
        for pem, one in roots:
            self._configured.add(one.name)
            self._store(one.name, pem)
        station = x509.read_all(own, STATION)[0][1] if own else None
        return ConfiguredRead(tuple(one for _, one in roots), station, system)


def tls_files(folder: Path, keys: KeyStore, used: UseCertificates) -> TlsFiles:
    """The paths of what counts; `folder`: of certificates."""
    key = ""
    if used.key and used.certificate:
        with suppress(KeyRefused):
            key = keys.path(used.key)
    certificate = str(folder / used.certificate) if key else ""
    return TlsFiles(tuple(str(folder / name) for name in used.roots), certificate, key)


def make_request(keys: KeyStore, kind: str, name: str, common_name: str, organization: str) -> str:
    """Make a key under that name, and its CSR in PEM; without a CSR there is no key.  Raises KeyRefused, OSError."""
    keys.make(kind, name)
    try:
        return keys.request(name, common_name, organization)
    except BaseException:
        keys.remove(name)
        raise
