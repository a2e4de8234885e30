"""The flight recorder: a bounded ring of files from which an incident can be replayed.

Lines of JSON, compressed in batches: a snapshot, then events, frames sent, notes.  Card numbers are pseudonyms, secrets
are zeros.  It never stops the station: what cannot be written is dropped, and logged once.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from daemon.journal.redaction import is_secret, zeros
from daemon.recorder.pseudonyms import Pseudonyms
from ocpp16.events import Event, Now
from ocpp16.product import Identity, Product
from ocpp16.records import TABLES, Record, Unit
from ocpp16.step import Note

FILES = ("flight.jsonl.gz", "flight.1.jsonl.gz", "flight.2.jsonl.gz", "flight.3.jsonl.gz")
"""The current file and those before it."""
KEY_FILE = "flight.key"
FILE_BYTES = 512 << 10
"""Of a file of the ring, compressed: half a day of steady charging, days of an idle station."""
BATCH_BYTES = 64 << 10
BATCH_S = 60.0
"""Lines are written after so many seconds or bytes: this spares the medium."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The arguments of a ChargePoint: with the events that follow it takes the same steps again."""

    seed: int
    boot_id: str
    build_utc: float
    product: Product
    identity: Identity
    first_values: dict[str, str]
    records: tuple[tuple[str, dict[str, Any]], ...]

    def rows(self) -> list[Record]:
        """The records, as they were."""
        kinds = {kind.table: kind for kind in TABLES}
        return [msgspec.convert(row, kinds[table]) for table, row in self.records]


def unit_key(folder: Path) -> bytes:
    """The unit's 32-octet key of pseudonyms, made at the first start; where it cannot be stored, one for this run."""
    file = folder / KEY_FILE
    try:
        key = file.read_bytes()
        if len(key) == 32:
            return key
    except OSError:
        pass
    key = os.urandom(32)
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(key)
    except OSError:
        pass
    return key


class FlightRecorder:
    """Collects lines: `take` those that are due and give them to `write`, possibly in another thread.

    `on_failure` is called once when writing starts to fail, with the reason, in the thread of `write`.
    """

    def __init__(self, folder: Path, key: bytes, on_failure: Callable[[str], None] = lambda _: None) -> None:
        self._folder = folder
        self._pseudonyms = Pseudonyms(key)
        self._on_failure = on_failure
        self._failed = False
        self._encode = msgspec.json.Encoder().encode
        self._lines: list[bytes] = []
        self._waiting = 0
        self._since = 0.0
        self._size = self._current_size()

    def _current_size(self) -> int:
        try:
            return (self._folder / FILES[0]).stat().st_size
        except OSError:
            return 0

    # --- lines ----------------------------------------------------------------------------------------------------

    def snapshot(
        self,
        records: Iterable[Record],
        seed: int,
        boot_id: str,
        build_utc: float,
        product: Product,
        identity: Identity,
        first_values: Mapping[str, str],
    ) -> None:
        """The start of a run: seed, configuration and all records."""
        rows = (self._pseudonyms.record(record) for record in records)
        hidden = {name: zeros(value) if is_secret(name) else value for name, value in first_values.items()}
        shot = Snapshot(
            seed=seed,
            boot_id=boot_id,
            build_utc=build_utc,
            product=product,
            identity=identity,
            first_values=hidden,
            records=tuple((row.table, msgspec.to_builtins(row)) for row in rows),
        )
        self._line(["snapshot", shot], 0.0)

    def event(self, now: Now, event: Event) -> None:
        late = [now.late_s] if now.late_s else []
        self._line(["event", now.mono, now.utc, self._pseudonyms.event(event), *late], now.mono)

    def sent(self, mono: float, frame: str) -> None:
        self._line(["sent", mono, self._pseudonyms.frame(frame)], mono)

    def note(self, now: Now, note: Note) -> None:
        self._line(["note", now.mono, now.utc, note.code, self._pseudonyms.fields(note.fields)], now.mono)

    def _line(self, line: list[Any], mono: float) -> None:
        data = self._encode(line)
        if not self._lines:
            self._since = mono
        self._lines.append(data)
        self._waiting += len(data) + 1

    # --- files ----------------------------------------------------------------------------------------------------

    def due(self, mono: float) -> bool:
        """Whether enough lines wait, or long enough."""
        return bool(self._lines) and (self._waiting >= BATCH_BYTES or mono - self._since >= BATCH_S)

    def take(self) -> bytes:
        """All lines that wait, as a gzip member of their own."""
        if not self._lines:
            return b""
        packer = zlib.compressobj(6, zlib.DEFLATED, 31)
        data = packer.compress(b"\n".join(self._lines) + b"\n") + packer.flush()
        self._lines.clear()
        self._waiting = 0
        return data

    def write(self, data: bytes) -> None:
        """Append a batch to the current file, or to a new one where that is full.  Never raises."""
        if not data:
            return
        try:
            if self._size >= FILE_BYTES:
                self._rotate()
            with open(self._folder / FILES[0], "ab", opener=_private) as file:
                file.write(data)
            self._size += len(data)
            self._failed = False
        except OSError as error:
            if not self._failed:
                self._failed = True
                self._on_failure(error.strerror or str(error))

    def _rotate(self) -> None:
        """Each file becomes the one before, the oldest is removed."""
        for newer, older in reversed(list(pairwise(FILES))):
            with suppress(FileNotFoundError):
                os.replace(self._folder / newer, self._folder / older)
        self._size = 0

    def flush(self) -> None:
        """Write everything now."""
        self.write(self.take())


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def read_lines(file: Path) -> Iterator[list[Any]]:
    """The lines of a recorder file, plain or compressed; a torn end is left out.  Raises OSError."""
    data = file.read_bytes()
    while data.startswith(b"\x1f\x8b"):
        unpacker = zlib.decompressobj(31)
        try:
            text = unpacker.decompress(data)
        except zlib.error:
            return
        yield from _decoded(text)
        data = unpacker.unused_data
    yield from _decoded(data)


def _decoded(text: bytes) -> Iterator[list[Any]]:
    for line in text.splitlines():
        try:
            yield msgspec.json.decode(line, type=list[Any])
        except msgspec.DecodeError:
            return


# --- the time of recorded lines ---------------------------------------------------------------------------------------

_WITH_UTC = ("event", "note")
"""Kinds of lines that carry the host's UTC beside the monotonic second."""


class _UnitRow(NamedTuple):
    """Of the record `unit`: the boot, and what to add to its monotonic seconds for UTC (None: not known)."""

    boot_id: str
    utc_offset: float | None


def timed(lines: Iterable[list[Any]], unit: Unit) -> Iterator[tuple[list[Any], float | None]]:
    """Each line with its UTC (seconds since 1970), None where nothing here tells it.

    A line without UTC gets it from another line of the same boot, or from the record `unit`, which holds what the
    Central System told: `unit` of the store for the newest run, that of the next snapshot for each earlier one.
    """
    runs = _runs(lines)
    ends = [_unit_of_snapshot(run[0]) for run in runs[1:]] + [_UnitRow(unit.boot_id, unit.utc_offset)]
    boots = [_boot_id(run, end) for run, end in zip(runs, ends, strict=False)]
    offsets = _offsets(runs, boots, ends)
    for boot, run in zip(boots, runs, strict=True):
        for line in run:
            yield line, _utc(line, offsets.get(boot))


def _runs(lines: Iterable[list[Any]]) -> list[list[list[Any]]]:
    """The lines of each run of the process; a run begins with its snapshot, the first one may have lost it."""
    runs: list[list[list[Any]]] = []
    for line in lines:
        if line[0] == "snapshot" or not runs:
            runs.append([])
        runs[-1].append(line)
    return runs


def _unit_of_snapshot(line: list[Any]) -> _UnitRow:
    row: dict[str, Any] = next((row for table, row in line[1]["records"] if table == Unit.table), {})
    return _UnitRow(row.get("boot_id", ""), row.get("utc_offset"))


def _boot_id(run: list[list[Any]], end: _UnitRow) -> str:
    """Of its snapshot; without one, of the record `unit` at its end."""
    boot_id: str = run[0][1]["boot_id"] if run[0][0] == "snapshot" else end.boot_id
    return boot_id


def _offsets(runs: list[list[list[Any]]], boots: list[str], ends: list[_UnitRow]) -> dict[str, float]:
    """UTC minus monotonic seconds by boot: by the host's clock, or better by the Central System's."""
    offsets: dict[str, float] = {}
    for boot, run in zip(boots, runs, strict=True):
        for line in run:
            if line[0] in _WITH_UTC and line[2] is not None:
                offsets[boot] = line[2] - line[1]
    for end in ends:
        if end.utc_offset is not None:
            offsets[end.boot_id] = end.utc_offset
    return offsets


def _utc(line: list[Any], offset: float | None) -> float | None:
    if line[0] == "snapshot":  # has no time
        return None
    own: float | None = line[2] if line[0] in _WITH_UTC else None
    mono: float = line[1]
    return own if own is not None or offset is None else round(mono + offset, 3)
