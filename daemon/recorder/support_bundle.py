"""The diagnostics that a back-office is sent: one tar.gz of what the station shows and has written down.

No secret is in it, and no card number: secrets are zeros, cards the pseudonyms of the flight recorder.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

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

if TYPE_CHECKING:
    import tarfile

Rows = Sequence[Mapping[str, Any]]


class Views(Protocol):
    """What the contract machine shows."""

    def status(self, now: Now) -> dict[str, object]: ...
    def queue(self) -> list[dict[str, object]]: ...
    def transaction_rows(self) -> list[dict[str, object]]: ...
    def configuration_rows(self) -> list[dict[str, object]]: ...


class Window(msgspec.Struct, frozen=True):
    """Seconds since 1970; None: open."""

    oldest: float | None = None
    latest: float | None = None

    def holds(self, began: float | None, ended: float | None) -> bool:
        """Whether something overlaps it; what has no time is in it."""
        before = ended is not None and self.oldest is not None and ended < self.oldest
        after = began is not None and self.latest is not None and began > self.latest
        return not before and not after


class BundleSources(NamedTuple):
    """Where everything is found."""

    config: Config
    views: Views
    hall: Callable[[], dict[str, Any]]
    log: Callable[[], Rows]
    recorded: Callable[[], Awaitable[None]]
    """Waits until the flight recorder's lines are written."""
    clock: Callable[[], Now] = host_clock.now


async def write_diagnostics(job: Upload, shown: BundleSources) -> str:
    """Gathers what is shown now and writes the bundle in a thread; returns its file name.  Raises OSError."""
    await shown.recorded()
    config, views, now = shown.config, shown.views, shown.clock()
    window = Window(job.oldest_utc, job.latest_utc)
    parts = {
        "about": {
            "hall": shown.hall(),
            "python": sys.version,
            "product": config.product,
            "settings": _settings(config),
        },
        "status": views.status(now),
        "log": within(shown.log(), window, "utc", "utc"),
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
    """`parts`: name to what is written as JSON.  Raises OSError; an unfinished file does not stay."""
    import tarfile  # late: only for this

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
    """The recorder's files that overlap the window, whole, so that they can be replayed; the oldest first."""
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
        from datetime import datetime

        try:
            return datetime.fromisoformat(value).timestamp()
        except ValueError:
            return None
    return None


def masked(part: Any, pseudonyms: Pseudonyms) -> Any:
    """The same without card numbers and secrets, however deep they stand."""
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
