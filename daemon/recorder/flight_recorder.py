"""The flight recorder: a bounded ring of files with all that is needed to play an incident again on a desk.

Lines of JSON, compressed in batches: a snapshot, then events, the frames sent, notes.  Card numbers are pseudonyms,
secrets zeros.  It never stops the station: what cannot be written is dropped and said once.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from daemon.journal.redaction import is_secret, zeros
from daemon.recorder.pseudonyms import Pseudonyms
from ocpp16.events import Event, Now
from ocpp16.product import Identity, Product
from ocpp16.records import TABLES, Record, Unit
from ocpp16.step import Note

FILES = ("flight.jsonl.gz", "flight.1.jsonl.gz", "flight.2.jsonl.gz", "flight.3.jsonl.gz")
"""The present file and those before it."""
KEY_FILE = "flight.key"
FILE_BYTES = 512 << 10
"""A file of the ring, compressed: half a day of steady charging, days of an idle station."""
BATCH_BYTES = 64 << 10
BATCH_S = 60.0
"""Lines wait this long or until they are this many: spares the card."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What a ChargePoint is made of: with the events that follow it takes the same steps again."""

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
    """The unit's key of pseudonyms, made at the first start; where it cannot be kept, one for this life."""
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
    """Takes lines, gives batches: `take` what is due and hand it to `write`, in a thread if you like."""

    def __init__(self, folder: Path, key: bytes, complain: Callable[[str], None] = lambda _: None) -> None:
        self._folder = folder
        self._pseudonyms = Pseudonyms(key)
        self._complain = complain
        self._failed = False
        self._encode = msgspec.json.Encoder().encode
        self._lines: list[bytes] = []
        self._waiting = 0
        self._since = 0.0
        self._size = self._present_size()

    def _present_size(self) -> int:
        try:
            return (self._folder / FILES[0]).stat().st_size
        except OSError:
            return 0

    # --- what is written down -------------------------------------------------------------------------------------

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
        """The start of a life."""
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
        self._line(["event", now.mono, now.utc, self._pseudonyms.event(event)], now.mono)

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

    # --- to the card ----------------------------------------------------------------------------------------------

    def due(self, mono: float) -> bool:
        """Enough lines wait, or long enough."""
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
        """Append to the present file, or begin the next one where it has its size."""
        if not data:
            return
        try:
            if self._size >= FILE_BYTES:
                self._turn()
            with open(self._folder / FILES[0], "ab", opener=_private) as file:
                file.write(data)
            self._size += len(data)
            self._failed = False
        except OSError as error:
            if not self._failed:
                self._failed = True
                self._complain(error.strerror or str(error))

    def _turn(self) -> None:
        """Each file becomes the one before, the oldest goes."""
        for newer, older in reversed(list(pairwise(FILES))):
            with suppress(FileNotFoundError):
                os.replace(self._folder / newer, self._folder / older)
        self._size = 0

    def flush(self) -> None:
        """Everything, now."""
        self.write(self.take())


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def read_lines(file: Path) -> Iterator[list[Any]]:
    """The lines of a recorder file, plain or compressed; a torn end is left out."""
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


_TIMED = ("event", "note")
"""Lines that carry the host's UTC beside the monotonic second."""


def timed(lines: Iterable[list[Any]], unit: Unit) -> Iterator[tuple[list[Any], float | None]]:
    """Each line with its UTC, as far as anything here tells it: the line itself, or another word about its boot.

    The recorder writes down the host's UTC; what the Central System told stands in the row `unit`: that of the store
    for the newest life, and in each snapshot that of the life before it.
    """
    lives = _lives(lines)
    ends = [_unit_of(life[0][1]["records"]) for life in lives[1:]] + [(unit.boot_id, unit.utc_offset)]
    boots = [
        life[0][1]["boot_id"] if life[0][0] == "snapshot" else end[0]
        for life, end in zip(lives, ends, strict=bool(lives))
    ]
    offsets: dict[str, float] = {}
    for boot, life in zip(boots, lives, strict=True):
        offsets.update((boot, line[2] - line[1]) for line in life if line[0] in _TIMED and line[2] is not None)
    offsets.update((boot, offset) for boot, offset in ends if offset is not None)
    for boot, life in zip(boots, lives, strict=True):
        for line in life:
            utc = line[2] if line[0] in _TIMED else None
            if utc is None and boot in offsets and line[0] != "snapshot":
                utc = round(line[1] + offsets[boot], 3)
            yield line, utc


def _lives(lines: Iterable[list[Any]]) -> list[list[list[Any]]]:
    """Cut at the snapshots; the first life may have lost its own."""
    lives: list[list[list[Any]]] = []
    for line in lines:
        if line[0] == "snapshot" or not lives:
            lives.append([])
        lives[-1].append(line)
    return lives


def _unit_of(records: Iterable[tuple[str, dict[str, Any]]]) -> tuple[str, float | None]:
    """Boot and offset of the unit's row."""
    row = next((row for table, row in records if table == Unit.table), {})
    return row.get("boot_id", ""), row.get("utc_offset")
