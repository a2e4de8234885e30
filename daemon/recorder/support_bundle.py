"""The diagnostics for a back-office: one tar.gz of the station's state, log and flight-recorder files.

It holds no secret and no card number: secrets are empty, cards are the pseudonyms of the flight recorder.
"""

from __future__ import annotations

import io
import os
import sys
import tarfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import msgspec

from daemon import host_clock
from daemon.config.model import Config
from daemon.filesystem import private
from daemon.journal.redaction import holds_id_tag, is_secret
from daemon.recorder.flight_recorder import FILES, unit_key
from daemon.recorder.pseudonyms import Pseudonyms
from daemon.threads import in_thread
from daemon.transfers.files import made_folder
from ocpp16.events import Now
from ocpp16.step import Upload

Rows = Sequence[Mapping[str, Any]]


class StationReports(Protocol):
    """What the contract machine shows (`ocpp16.views`)."""

    def status(self, now: Now) -> dict[str, object]: ...
    def queue(self) -> list[dict[str, object]]: ...
    def transaction_rows(self) -> list[dict[str, object]]: ...
    def configuration_rows(self) -> list[dict[str, object]]: ...


class Window(msgspec.Struct, frozen=True):
    """A period of time in seconds since 1970; None: open."""

    oldest: float | None = None
    latest: float | None = None

    def holds(self, began: float | None, ended: float | None) -> bool:
        """Whether something overlaps the period; what has no time does."""
        before = ended is not None and self.oldest is not None and ended < self.oldest
        after = began is not None and self.latest is not None and began > self.latest
        return not before and not after


class BundleSources(NamedTuple):
    """Where the content comes from."""

    config: Config
    views: StationReports
    daemon_status: Callable[[], dict[str, Any]]
    log: Callable[[], Rows]
    recorded: Callable[[], Awaitable[None]]
    """Returns when the flight recorder's lines are on disk."""
    clock: Callable[[], Now] = host_clock.now


async def write_diagnostics(job: Upload, sources: BundleSources) -> str:
    """Collect the current state and write the bundle in a thread; returns its file name.  Raises OSError."""
    await sources.recorded()
    config, views, now = sources.config, sources.views, sources.clock()
    window = Window(job.oldest_utc, job.latest_utc)
    parts = {
        "about": {
            "hall": sources.daemon_status(),
            "python": sys.version,
            "product": config.product,
            "settings": _settings(config),
        },
        "status": views.status(now),
        "log": within(sources.log(), window, "utc", "utc"),
        "configuration": views.configuration_rows(),
        "queue": views.queue(),
        "transactions": within(views.transaction_rows(), window, "began", "ended"),
    }
    data = {name: msgspec.to_builtins(part) for name, part in parts.items()}
    store = config.store_dir

    def write() -> str:
        pseudonyms = Pseudonyms(unit_key(store))
        write_bundle(made_folder(store) / job.file_name, data, store, window, pseudonyms, now.utc or 0.0)
        return job.file_name

    return await in_thread(write)


def _settings(config: Config) -> dict[str, Any]:
    """The configuration file's settings; `masked` takes the secrets out."""
    kept: dict[str, Any] = msgspec.to_builtins(config, enc_hook=str)
    return {name: value for name, value in kept.items() if name != "product"}


def write_bundle(
    file: Path, parts: Mapping[str, Any], store: Path, window: Window, pseudonyms: Pseudonyms, utc: float
) -> None:
    """`parts`: name to what is written as JSON.  Raises OSError; an unfinished file is removed."""
    draft = file.with_suffix(".new")
    try:
        with open(draft, "wb", opener=private) as out, tarfile.open(fileobj=out, mode="w:gz") as archive:
            for name, part in parts.items():
                text = msgspec.json.format(msgspec.json.encode(masked(part, pseudonyms)), indent=1)
                _add(archive, f"{file.name.removesuffix('.tar.gz')}/{name}.json", text, utc)
            for path in recorded(store, window):
                with path.open("rb") as source:
                    data = source.read()
                _add(archive, f"{file.name.removesuffix('.tar.gz')}/{path.name}", data, path.stat().st_mtime)
        os.replace(draft, file)
    finally:
        draft.unlink(missing_ok=True)


def _add(archive: tarfile.TarFile, name: str, data: bytes, utc: float) -> None:
    info = archive.tarinfo(name)
    info.size, info.mtime, info.mode = len(data), int(utc), 0o600
    archive.addfile(info, io.BytesIO(data))


def recorded(store: Path, window: Window) -> list[Path]:
    """The recorder's files that overlap the window, whole, so that they can be replayed; oldest first."""
    found, began = [], None
    for name in reversed(FILES):
        path = store / name
        try:
            ended = path.stat().st_mtime
        except OSError:
            continue
        if window.holds(began, ended):
            found.append(path)
        began = ended
    return found


def within(rows: Rows, window: Window, began: str, ended: str) -> list[Mapping[str, Any]]:
    """The rows that overlap the window, by the fields that name their times."""
    return [row for row in rows if window.holds(_seconds(row.get(began)), _seconds(row.get(ended)))]


def _seconds(value: object) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value).timestamp()
        except ValueError:
            return None
    return None


def masked(part: Any, pseudonyms: Pseudonyms) -> Any:
    """The same without card numbers and secrets, at any depth."""
    if isinstance(part, Mapping):
        if is_secret(str(part.get("key", ""))) and "value" in part:
            part = {**part, "value": ""}
        return {name: _masked_field(str(name), value, pseudonyms) for name, value in part.items()}
    if isinstance(part, list | tuple):
        return [masked(item, pseudonyms) for item in part]
    return part


def _masked_field(name: str, value: Any, pseudonyms: Pseudonyms) -> Any:
    if isinstance(value, str) and value:
        if holds_id_tag(name):
            return pseudonyms.tag(value)
        if is_secret(name):
            return ""
    return masked(value, pseudonyms)
