"""The few things a profile may do: read facts, save facts, set timers, leave notes.  It decides nothing.

`Facts` is what the store holds, in memory, with the two indexes that are asked for all the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil, inf
from typing import TypeVar, cast

from msgspec.structs import replace

from ocpp16.events import Now
from ocpp16.records import TABLES, Record, Sample, Stamp, Transaction, Unit
from ocpp16.state.timers import Timer, Timers
from ocpp16.state.utc_clock import STRANGE_S, Clock
from ocpp16.step import Delete, Job, Note, Order, Reply, Save, Write

R = TypeVar("R", bound=Record)

FLOOR_S = 3600.0
"""How often the time is remembered where nothing else is written."""
FLOOR_WITH_OTHERS_S = 60.0
"""How old the remembered time may be when something else is written anyway."""
LAZY_S = 1.0
"""A confirmation of meter values may be forgotten this long (they are then sent again)."""


class Facts:
    """All records by table and key."""

    def __init__(self, records: Iterable[Record]) -> None:
        self.tables: dict[str, dict[int | str, Record]] = {kind.table: {} for kind in TABLES}
        self.running: dict[int, Transaction] = {}
        """The open transaction of each connector."""
        self.samples_of: dict[int | None, dict[int, Sample]] = {}
        """Samples by transaction number."""
        for record in records:
            self.put(record)

    def put(self, record: Record) -> None:
        self.tables[record.table][record.key] = record
        if isinstance(record, Transaction):
            if record.ended is None:
                self.running[record.connector] = record
            elif (old := self.running.get(record.connector)) is not None and old.number == record.number:
                del self.running[record.connector]
        elif isinstance(record, Sample):
            self.samples_of.setdefault(record.number, {})[record.seq] = record

    def drop(self, table: str, key: int | str) -> Record | None:
        record = self.tables[table].pop(key, None)
        if isinstance(record, Sample):
            group = self.samples_of[record.number]
            del group[record.seq]
            if not group:
                del self.samples_of[record.number]
        return record

    def of(self, kind: type[R]) -> Mapping[int | str, R]:
        """The table of a kind of record."""
        return self.tables[kind.table]  # type: ignore[return-value]  # `put` files each record under its own kind

    def newest_utc(self) -> float:
        """The latest time that any record bears: the floor of this life (what lies in the far future is no time)."""
        limit = self.unit.floor_utc + STRANGE_S if self.unit.floor_utc else inf
        stamps = [sample.at for sample in self.of(Sample).values()]
        for transaction in self.of(Transaction).values():
            stamps += [transaction.began, transaction.last, transaction.ended or transaction.last]
        known = [stamp.utc for stamp in stamps if stamp.utc is not None and stamp.utc < limit]
        return max([self.unit.floor_utc, *known])

    @property
    def unit(self) -> Unit:
        return cast(Unit, self.tables["unit"].get("unit") or Unit())


class Context:
    """What the parts share.  One step gathers here; `charge_point.py` takes it out as a `Step`."""

    def __init__(self, facts: Facts, clock: Clock) -> None:
        self.facts = facts
        self.clock = clock
        self.timers = Timers()
        self.now = Now(0.0, None)
        self.writable = True
        self.has_room = True
        """False: the store is below its watermark."""
        """False: nothing can be written; what must be is kept until it can be, and not told before."""
        self.writes: dict[tuple[str, int | str], Write] = {}
        self.notes: list[Note] = []
        self.jobs: list[Job] = []
        self.orders: list[Order] = []
        self.replies: list[Reply] = []
        self._lazy: dict[tuple[str, int | str], Write] = {}
        self._lazy_due: float | None = None
        self._fleeting: dict[tuple[str, int | str], float] = {}
        """What this step put off although an answer may soon make it needless; and until when at most."""
        self._on_disk = {(table, key) for table, rows in facts.tables.items() for key in rows}
        self._job = 0
        self._seq = 1 + max((int(seq) for seq in self._all_seqs()), default=0)

    def _all_seqs(self) -> Iterable[int]:
        for transaction in self.facts.of(Transaction).values():
            yield transaction.start_seq
            yield transaction.stop_seq or 0
        for sample in self.facts.of(Sample).values():
            yield sample.seq

    def next_seq(self) -> int:
        """The next place in the order of all reports."""
        self._seq += 1
        return self._seq - 1

    def next_job(self) -> int:
        """The `ref` of the next job of this life."""
        self._job += 1
        return self._job

    def stamp(self, mono: float | None = None) -> Stamp:
        return self.clock.stamp(self.now.mono if mono is None else mono)

    @property
    def accepts_changes(self) -> bool:
        """Whether there is room for what the Central System wants kept: lists, profiles, reservations, settings.

        Below the watermark the reserve is for the ends of running transactions alone.
        """
        return self.writable and self.has_room

    @property
    def utc(self) -> float | None:
        return self.clock.utc(self.now.mono)

    def save(self, record: Record, within_s: float = 0.0, fleeting: bool = False) -> None:
        """Keep a record; an unchanged one is not written.  `within_s` > 0: the write may wait, or never be needed.

        `fleeting`: not even the commit of this step takes it along, for it will probably be deleted in a moment.
        """
        key = (record.table, record.key)
        if self.facts.tables[record.table].get(record.key) == record:
            return
        self.facts.put(record)
        self._write(key, Save(record), within_s, fleeting)

    def delete(self, kind: type[Record], key: int | str, within_s: float = 0.0) -> None:
        place = (kind.table, key)
        self.facts.drop(kind.table, key)
        if place not in self._on_disk and place not in self.writes:
            self._lazy.pop(place, None)  # it was never written: nothing to undo
        else:
            self._write(place, Delete(kind.table, key), within_s)

    def _write(self, key: tuple[str, int | str], write: Write, within_s: float, fleeting: bool = False) -> None:
        if within_s <= 0.0 or key in self.writes:
            self._lazy.pop(key, None)
            self.writes[key] = write
            return
        self._lazy[key] = write
        due = self.now.mono + within_s
        if fleeting:
            self._fleeting[key] = due
        if self._lazy_due is None or due < self._lazy_due:
            self._lazy_due = due
            self.timers.set(Timer.LAZY, due)

    def flush_lazy(self) -> None:
        """Write now what could have waited, but for what is fleeting."""
        self.writes |= {k: write for k, write in self._lazy.items() if k not in self.writes and k not in self._fleeting}
        self._lazy = {key: self._lazy[key] for key in self._fleeting if key in self._lazy}
        self._lazy_due = min((self._fleeting[key] for key in self._lazy), default=None)
        if self._lazy_due is None:
            self.timers.clear(Timer.LAZY)
        else:
            self.timers.set(Timer.LAZY, self._lazy_due)

    def take_writes(self) -> tuple[Write, ...]:
        """This step's commit.  What could have waited goes with it, for one commit costs less than two."""
        if self.writes and self.writable and self._lazy:
            self.flush_lazy()
        self._fleeting.clear()
        if not self.writes or not self.writable:
            return ()
        writes = tuple(self.writes.values())
        for key, write in self.writes.items():
            if isinstance(write, Save):
                self._on_disk.add(key)
            else:
                self._on_disk.discard(key)
        self.writes.clear()
        return writes

    def note(self, code: str, /, **fields: str | float | bool | None) -> None:
        """Tell a person, by a code of the journal's catalogue."""
        self.notes.append(Note(code, fields))

    def save_unit(self, **changes: str | float | bool | None) -> None:
        self.save(replace(self.facts.unit, **changes))

    def remember_time(self, with_others: bool = False) -> None:
        """After a power cut no timestamp may lie before one that was given (`Unit.floor_utc`)."""
        utc = self.utc
        lowered = self.clock.lowered_floor(self.facts.unit.floor_utc, self.now.mono)
        if lowered is not None:  # it was wrong: the Central System has set the clock back since
            self.save_unit(floor_utc=float(ceil(lowered)))
        if utc is None or not self.clock.worth_remembering(self.now.mono):
            return
        if utc - self.facts.unit.floor_utc >= (FLOOR_WITH_OTHERS_S if with_others else FLOOR_S):
            self.save_unit(floor_utc=float(ceil(utc)))
        self.timers.set(Timer.FLOOR, self.now.mono + FLOOR_S)
