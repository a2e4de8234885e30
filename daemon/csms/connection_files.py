"""The content of each connection set: URL, profile, key, and where its certificates lie, one private file a set.

A file is written under a new name and made durable before any row names it; without a row it is swept away.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec.structs import replace

from daemon.config.model import Config
from daemon.csms.endpoint import central_system_url
from daemon.csms.failure_causes import ConnectionFailed
from daemon.csms.link_security import Credentials, LinkSecurity, password_bytes
from daemon.csms.tls_context import SYSTEM, TlsSettings
from daemon.csms.tls_judgement import Moment
from daemon.filesystem import private, read_regular, sync_file, sync_folder
from daemon.security.certificate_jobs import CERTIFICATES, TlsFiles
from daemon.security.key_store import KEYS
from ocpp16.events import LocalSet
from ocpp16.step import KeepSet

FOLDER = "connection"
MARK_KEY = "mark.key"
KEY_BYTES = 32


class SetContent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is in the file; paths of certificates are absolute, or below the store's folder."""

    url: str
    security_profile: int
    authorization_key: str = ""
    """Hexadecimal."""
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    station_certificate: str = ""
    """Name of a certificate in the certificate store, which counts instead of `cert_file`."""
    station_key: str = ""
    """Name of its key in the key store."""

    def __repr__(self) -> str:  # the key stays out of tracebacks
        return f"SetContent(security_profile={self.security_profile})"


class ConnectionFiles:
    """Reads and writes the files below `store_dir`; set 0 is what the configuration says."""

    def __init__(self, config: Config, moment: Callable[[], Moment]) -> None:
        self._config = config
        self._folder = config.store_dir / FOLDER
        self._moment = moment
        self._installed = TlsFiles()

    def use(self, installed: TlsFiles) -> None:
        """From the next attempt on these roots count in every set, and the certificate in each that names none."""
        self._installed = installed

    # --- the local file ---------------------------------------------------------------------------------------------

    def local_set(self) -> LocalSet:
        """What the configuration says, and a mark by which a later start sees whether it says the same."""
        csms, local = self._config.csms, self._local()
        return LocalSet(
            mark=self._mark(local),
            profile=csms.security_profile,
            encrypted=csms.url.lower().startswith("wss:"),
            password=bool(local.authorization_key),
            root=bool(csms.ca_file),
            certificate=bool(csms.cert_file and csms.key_file),
        )

    def _local(self) -> SetContent:
        csms = self._config.csms
        key = password_bytes(csms.authorization_key, csms.password).hex()
        return SetContent(csms.url, csms.security_profile, key, csms.ca_file, csms.cert_file, csms.key_file)

    def rests_on_this_file(self, mark: str) -> bool:
        """Whether a set with that mark rests on the configuration as it is now.  Writes nothing."""
        try:
            key = read_regular(self._folder / MARK_KEY)
        except OSError:
            return False
        return len(key) == KEY_BYTES and mark == _marked(self._local(), key)

    def _mark(self, local: SetContent) -> str:
        """Keyed, so that nobody guesses a password by it; where no key can be kept, none that is ever found again."""
        return _marked(local, self._mark_key())

    def _mark_key(self) -> bytes:
        try:
            key = read_regular(self._folder / MARK_KEY)
            if len(key) == KEY_BYTES:
                return key
        except OSError:
            pass
        key = os.urandom(KEY_BYTES)
        with suppress(OSError):
            self._write(MARK_KEY, key)
        return key

    # --- the files --------------------------------------------------------------------------------------------------

    def readable(self) -> tuple[int, ...]:
        """The numbers of all sets whose file is whole."""
        return tuple(number for number in self._numbers() if self._read(number) is not None)

    def _numbers(self) -> list[int]:
        try:
            names = os.listdir(self._folder)
        except OSError:
            return []
        found = [name.removeprefix("set-").removesuffix(".json") for name in names if name.startswith("set-")]
        return sorted(int(text) for text in found if text.isdecimal())

    def _read(self, number: int) -> SetContent | None:
        if number == 0:
            return self._local()
        try:
            return msgspec.json.decode(read_regular(self._folder / _name(number)), type=SetContent)
        except (OSError, ValueError):
            return None

    def _write(self, name: str, content: bytes) -> None:
        """Under a new name, whole or not at all, readable by nobody else.  Raises OSError."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        part = self._folder / f"{name}.part"
        part.unlink(missing_ok=True)
        with open(part, "wb", opener=private) as file:
            file.write(content)
            sync_file(file)
        part.rename(self._folder / name)
        sync_folder(self._folder)

    def keep(self, job: KeepSet) -> str:
        """Make the set of `job` durable, if a connection can be tried with it; else why not."""
        base = self._read(job.base)
        if base is None:
            return "the connection set that it rests on cannot be read"
        content = changed(base, dict(job.changes))
        if why := self._flaw(content):
            return why
        try:
            self._write(_name(job.number), msgspec.json.encode(content))
            sync_folder(self._folder.parent)
        except OSError as error:
            return f"it cannot be stored: {error.strerror}"
        return ""

    def _flaw(self, content: SetContent) -> str:
        try:
            url = central_system_url(content.url, self._config.station.id)
            LinkSecurity(self._credentials(content), self._moment).context(url.split(":", 1)[0])
        except ValueError as error:
            return str(error)
        except ConnectionFailed as failed:
            return failed.cause
        return ""

    def sweep(self, kept: Iterable[int]) -> None:
        """Remove the files of all other sets, and what was half written.  Never raises."""
        wanted = {_name(number) for number in kept} | {MARK_KEY}
        try:
            for name in set(os.listdir(self._folder)) - wanted:
                (self._folder / name).unlink(missing_ok=True)
        except OSError:
            pass  # the next sweep tries again

    # --- for the link -----------------------------------------------------------------------------------------------

    def connection(self, number: int) -> tuple[str, Credentials]:
        """URL and credentials of a set; of one that cannot be read any more, those of the configuration."""
        content = self._read(number) if number else None
        if content is None:
            content = self._local()
        return content.url, self._credentials(content)

    def _credentials(self, content: SetContent) -> Credentials:
        tls = TlsSettings(
            self._path(content.ca_file),
            self._path(content.cert_file),
            self._path(content.key_file),
            self._config.csms.wildcards,
        )
        tls = replace(tls, roots=self._installed.roots)
        certificate, key_file = self._station_files(content)
        if certificate:
            tls = replace(tls, cert_file=certificate, key_file=key_file)
        key = bytes.fromhex(content.authorization_key)
        return Credentials(content.security_profile, self._config.station.id, key, tls)

    def _station_files(self, content: SetContent) -> tuple[str, str]:
        """The set's own certificate and key; where it has none, or they are gone, those that are in force."""
        folder = self._config.store_dir
        if content.station_certificate:
            own = folder / CERTIFICATES / content.station_certificate, folder / KEYS / content.station_key
            if all(path.is_file() for path in own):
                return str(own[0]), str(own[1])
        return self._installed.certificate, self._installed.key

    def _path(self, name: str) -> str:
        return name if name in ("", SYSTEM) else str(Path(self._config.store_dir) / name)


def changed(base: SetContent, changes: dict[str, str]) -> SetContent:
    """`base` with the changes of a `KeepSet`; from profile 2 on, ws becomes wss on the same host, port and path."""
    fields = {**msgspec.structs.asdict(base), **changes}
    fields["security_profile"] = int(fields["security_profile"])
    if fields["security_profile"] >= 2 and "url" not in changes and base.url.lower().startswith("ws:"):
        fields["url"] = "wss" + base.url[2:]
    return SetContent(**fields)


def _marked(local: SetContent, key: bytes) -> str:
    return hashlib.blake2b(msgspec.json.encode(local), key=key, digest_size=16).hexdigest()


def _name(number: int) -> str:
    return f"set-{number}.json"
