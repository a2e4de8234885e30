"""The flight recorder: a bounded ring of files from which an incident can be replayed, and one for what is rare.

Lines of JSON: a snapshot, then events, frames, notes; cards are pseudonyms, secrets are zeros.  A flood of one kind is
recorded in part and counted, and what is rare (starts, notes of a person's interest) has a place of its own, so that no
flood replaces it.  It never stops the station: what cannot be written is dropped, and logged once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from daemon.filesystem import private, read_regular
from daemon.journal.allow_list import redacted
from daemon.journal.catalogue import NOTICE, WARNING
from daemon.journal.flood_limit import Allowance, FloodLimit
from daemon.journal.journal import priority_of
from daemon.journal.redaction import note_fields, value_is_shown, zeros
from daemon.journal.seen_frame import SeenFrame
from daemon.recorder.pseudonyms import Pseudonyms
from daemon.recorder.ring import DailyRing, Ring, packed
from ocpp16.events import Event, Now
from ocpp16.product import Identity, Product
from ocpp16.records import TABLES, Record
from ocpp16.step import Note

FILES = ("flight.jsonl.gz", "flight.1.jsonl.gz", "flight.2.jsonl.gz", "flight.3.jsonl.gz")
"""The current file and those before it."""
RARE_FILES = ("rare.jsonl.gz", *(f"rare.{day}.jsonl.gz" for day in range(1, 8)))
"""Of what is rare: a day each."""
KEY_FILE = "flight.key"
FILE_BYTES = 512 << 10
"""Of a file of the ring, compressed: half a day of steady charging, days of an idle station."""
RARE_BYTES = 96 << 10
"""Of a day of what is rare, compressed: some thousand lines."""
BATCH_BYTES = 64 << 10
BATCH_S = 300.0
"""Lines are written after so many seconds or bytes: each write costs the medium some 60 kB, file system included."""
FAULT_S = 10.0
"""So long after a warning or an error: what led to it and followed is on the medium before somebody pulls the plug."""
WAITING_BYTES = 1 << 20
"""Lines that wait for a slow disk; more are left out."""

LINES, BYTES = Allowance(1000, 5.0), Allowance(256 << 10, 512.0)
"""Of one kind (an event of a connector, a message of one action and direction): far more than a station at work has."""
IDLE = Allowance(20, 1 / 30)
"""Frames that changed nothing, and the CALLERRORs that answer them."""
NOTES = Allowance(50, 0.1)
"""Of one code."""
RARE = Allowance(20, 20 / 3600)
"""Of one code, in the ring of what is rare."""
COUNT_S = 60.0
"""How often the number of lines left out is recorded."""
HARMLESS = ("idle:", "note:")
"""Kinds that a replay does without."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The arguments of a ChargePoint: with the events that follow it takes the same steps again."""

    seed: int
    boot_id: str
    build_utc: float
    product: Product
    identity: Identity
    first_values: dict[str, str]
    records: tuple[tuple[str, dict[str, Any]], ...]
    free_vend: str = ""
    """As a pseudonym, like every card."""

    def rows(self) -> list[Record]:
        """The records, as they were."""
        kinds = {kind.table: kind for kind in TABLES}
        return [msgspec.convert(row, kinds[table]) for table, row in self.records]


class Batch(NamedTuple):
    """Lines on their way to the disk."""

    lines: list[bytes | Callable[[], bytes]]
    """A long one is only made in the thread of the disk."""
    rare: list[bytes]


def unit_key(folder: Path) -> bytes:
    """The unit's 32-octet key of pseudonyms, made at the first start; where it cannot be stored, one for this run."""
    file = folder / KEY_FILE
    try:
        key = read_regular(file)
        if len(key) == 32:
            return key
    except OSError:
        pass
    key = os.urandom(32)
    try:
        with open(file, "wb", opener=private) as out:
            out.write(key)
    except OSError:
        pass
    return key


class FlightRecorder:
    """Collects lines: `take` those that are due and give them to `write`, in another thread.

    `on_failure` is called once when writing starts to fail, with the reason, in the thread of `write`.
    """

    def __init__(self, folder: Path, key: bytes, on_failure: Callable[[str], None] = lambda _: None) -> None:
        self._key = key
        self._pseudonyms = Pseudonyms(key)
        self._on_failure = on_failure
        self._failed = False
        self._encode = msgspec.json.Encoder().encode
        self._batch = Batch([], [])
        self._waiting = 0
        self._since = self._due_at = 0.0
        """When the first line that waits was recorded, and when all are written, on the monotonic clock."""
        self._limit, self._bytes, self._rare_limit = FloodLimit(), FloodLimit(), FloodLimit()
        self._counted_at = 0.0
        self._told: set[str] = set()
        """Kinds of which some are left out, since the last count."""
        self._lost = 0
        self._ring = Ring(folder, FILES, FILE_BYTES)
        self._rare = DailyRing(folder, RARE_FILES, RARE_BYTES)

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
        free_vend: str = "",
    ) -> None:
        """The start of a run: seed, configuration and all records."""
        rows = list(records)

        def line() -> bytes:
            cards = Pseudonyms(self._key).tag
            written = [redacted(row, cards) for row in rows]
            shot = Snapshot(
                seed=seed,
                boot_id=boot_id,
                build_utc=build_utc,
                product=product,
                identity=identity,
                first_values={n: value if value_is_shown(n) else zeros(value) for n, value in first_values.items()},
                records=tuple((row.table, msgspec.to_builtins(row)) for row in written),
                free_vend=cards(free_vend) if free_vend else "",
            )
            return self._encode(["snapshot", shot])

        self._batch.lines.append(line)
        self._batch.rare.append(self._encode(["start", boot_id, len(rows)]))

    def event(self, now: Now, event: Event) -> None:
        """Something that happened, frames excepted."""
        kind = f"event:{type(event).__name__}:{getattr(event, 'connector', None)}"
        line = ["event", now.mono, now.utc, redacted(event, self._pseudonyms.tag), *_late(now)]
        self._line(kind, LINES, line, now.mono)

    def received(self, now: Now, frame: SeenFrame) -> None:
        """A frame of the Central System."""
        text = frame.text(self._pseudonyms.tag)
        kind, allowance = ("idle:received", IDLE) if frame.idle else (f"received:{frame.kind}:{frame.action}", LINES)
        self._line(
            kind,
            allowance,
            ["event", now.mono, now.utc, {"type": "FrameReceived", "text": text}, *_late(now)],
            now.mono,
        )

    def sent(self, mono: float, frame: SeenFrame) -> None:
        """A frame of ours."""
        text = frame.text(self._pseudonyms.tag)
        kind, allowance = ("idle:sent", IDLE) if frame.idle else (f"sent:{frame.kind}:{frame.action}", LINES)
        self._line(kind, allowance, ["sent", mono, text], mono)

    def note(self, now: Now, note: Note) -> None:
        """A log message."""
        fields = note_fields(note.code, note.fields, self._pseudonyms.tag)
        line = ["note", now.mono, now.utc, note.code, fields]
        self._line(f"note:{note.code}", NOTES, line, now.mono)
        priority = priority_of(note.code)
        if priority <= NOTICE and self._rare_limit.admits(note.code, now.mono, RARE):
            self._batch.rare.append(self._encode(line))
            if priority <= WARNING:
                self._due_at = min(self._due_at, now.mono + FAULT_S)

    def _line(self, kind: str, allowance: Allowance, line: list[Any], mono: float) -> None:
        if mono - self._counted_at >= COUNT_S:
            self._count(mono)
        if not self._limit.admits(kind, mono, allowance):
            self._left_out(kind, mono)
            return
        data = self._encode(line)
        if not self._bytes.admits(kind, mono, BYTES, len(data)):
            self._left_out(kind, mono)
        elif self._waiting + len(data) > WAITING_BYTES:
            self._lost += 1
        else:
            self._append(data, mono)

    def _append(self, data: bytes, mono: float) -> None:
        if not self._batch.lines:
            self._since, self._due_at = mono, mono + BATCH_S
        self._batch.lines.append(data)
        self._waiting += len(data) + 1

    def _left_out(self, kind: str, mono: float) -> None:
        """The first one of a kind is told at its place, their number later."""
        if kind not in self._told:
            self._told.add(kind)
            self._append(self._encode(["omitted", mono, kind, 0]), mono)

    def _count(self, mono: float) -> None:
        self._counted_at = mono
        self._told.clear()
        for limit in (self._limit, self._bytes):
            for left in limit.take_left_out(mono):
                self._append(self._encode(["omitted", mono, left.kind, left.times]), mono)

    # --- files ----------------------------------------------------------------------------------------------------

    def due(self, mono: float) -> bool:
        """Whether enough lines wait, or long enough."""
        return bool(self._batch.lines) and (self._waiting >= BATCH_BYTES or mono >= self._due_at)

    def take(self) -> Batch:
        """All lines that wait."""
        batch, self._batch, self._waiting = self._batch, Batch([], []), 0
        if self._lost:
            batch.lines.append(self._encode(["omitted", self._since, "waiting lines", self._lost]))
            self._lost = 0
        return batch

    def write(self, batch: Batch) -> None:
        """Append a batch to the current files.  Never raises."""
        try:
            if batch.rare:
                self._rare.append(packed(batch.rare))
            if batch.lines:
                self._ring.append(packed(line if isinstance(line, bytes) else line() for line in batch.lines))
            self._failed = False
        except Exception as error:
            if not self._failed:
                self._failed = True
                self._on_failure(getattr(error, "strerror", None) or type(error).__name__)

    def flush(self) -> None:
        """Write everything now."""
        self.write(self.take())


def _late(now: Now) -> list[float]:
    """By how many seconds the event was taken too late, where it was."""
    return [now.late_s] if now.late_s else []
