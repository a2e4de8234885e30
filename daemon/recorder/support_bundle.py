"""The diagnostics for a back-office: one tar.gz of the station's state, log and flight-recorder files.

It holds no secret and no card number: what is shown is named in `allow_list.py`, and cards are the pseudonyms of the
flight recorder everywhere, in log lines too.  The unit's key of pseudonyms is never in it.
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
from daemon.filesystem import read_regular, shared
from daemon.journal.allow_list import redacted_row
from daemon.journal.journal import LoggedNote
from daemon.journal.redaction import SECRET_SETTINGS
from daemon.recorder.flight_recorder import FILES, RARE_FILES, unit_key
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
    log: Callable[[], Sequence[LoggedNote]]
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
        "configuration": views.configuration_rows(),
        "queue": views.queue(),
        "transactions": within(views.transaction_rows(), window, "began", "ended"),
    }
    store, notes = config.store_dir, list(sources.log())

    def write() -> str:
        cards = Pseudonyms(unit_key(store)).tag
        data = {name: redacted_row(msgspec.to_builtins(part), cards) for name, part in parts.items()}
        data["about"]["settings"]["ocpp"] = redacted_row(config.ocpp, cards, shown=True)
        data["log"] = within([note.row(cards) for note in notes], window, "utc", "utc")
        write_bundle(made_folder(store) / job.file_name, data, store, window, now.utc or 0.0)
        return job.file_name

    return await in_thread(write)


def _settings(config: Config) -> dict[str, Any]:
    """The configuration file's settings without secrets, product and OCPP keys."""
    kept: dict[str, Any] = msgspec.to_builtins(config, enc_hook=str)
    csms = {name: value for name, value in kept["csms"].items() if name not in SECRET_SETTINGS}
    return {**{name: value for name, value in kept.items() if name not in ("product", "ocpp")}, "csms": csms}


def write_bundle(file: Path, parts: Mapping[str, Any], store: Path, window: Window, utc: float) -> None:
    """`parts`: name to what is written as JSON.  Raises OSError; an unfinished file is removed."""
    draft = file.with_suffix(".new")
    try:
        with open(draft, "wb", opener=shared) as out, tarfile.open(fileobj=out, mode="w:gz") as archive:
            for name, part in parts.items():
                text = msgspec.json.format(msgspec.json.encode(part), indent=1)
                _add(archive, f"{file.name.removesuffix('.tar.gz')}/{name}.json", text, utc)
            for path in recorded(store, window):
                data = read_regular(path)
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
    return [path for names in (RARE_FILES, FILES) for path in _overlapping(store, names, window)]


def _overlapping(store: Path, names: Sequence[str], window: Window) -> list[Path]:
    found, began = [], None
    for name in reversed(names):
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
