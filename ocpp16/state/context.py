"""What the parts of a Charge Point share: facts, clock and timers, and what one step collects.  It decides nothing."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil

from msgspec.structs import replace

from ocpp16.events import Now
from ocpp16.records import Record, Sample, Stamp, Transaction
from ocpp16.state.facts import Facts
from ocpp16.state.timers import Timer, Timers
from ocpp16.state.utc_clock import Clock
from ocpp16.step import Delete, Job, Note, Order, Reply, Save, Write

FLOOR_S = 3600.0
"""Seconds between two writes of the time floor where nothing else is written."""
FLOOR_WITH_OTHERS_S = 60.0
"""Age in seconds from which the time floor is written along with other records."""
LAZY_S = 1.0
"""Seconds for which the deletion of confirmed meter values may wait; lost, they are sent again."""


class Context:
    """Facts, clock, timers, and the output of the step that is being taken; `charge_point.py` makes a `Step` of it."""

    def __init__(self, facts: Facts, clock: Clock) -> None:
        self.facts = facts
        self.clock = clock
        self.timers = Timers()
        self.now = Now(0.0, None)
        self.writable = True
        """False: the store cannot be written.  Writes are kept in memory, and nothing that depends on them is sent."""
        self.has_room = True
        """False: the free room of the store is below its watermark."""
        self.writes: dict[tuple[str, int | str], Write] = {}
        self.notes: list[Note] = []
        self.jobs: list[Job] = []
        self.orders: list[Order] = []
        self.replies: list[Reply] = []
        self._lazy: dict[tuple[str, int | str], Write] = {}
        self._lazy_due: float | None = None
        self._fleeting: dict[tuple[str, int | str], float] = {}
        """Writes of this step that not even its commit includes, with the monotonic second at which they are due."""
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
        """The next place in the order of all transaction messages."""
        self._seq += 1
        return self._seq - 1

    def next_job(self) -> int:
        """The `ref` of the next job; unique until the process ends."""
        self._job += 1
        return self._job

    def stamp(self, mono: float | None = None) -> Stamp:
        """The stamp of a monotonic second, by default of this step."""
        return self.clock.stamp(self.now.mono if mono is None else mono)

    @property
    def carried_out_at(self) -> float:
        """The monotonic second at which what this step wants is carried out: after a stall it lies behind its event's.

        Who waits for what the outside does about it (board, Central System, job) waits from then on.
        """
        return self.now.mono + self.now.late_s

    @property
    def accepts_changes(self) -> bool:
        """Whether lists, profiles, reservations and settings may be stored.

        Below the watermark the reserved room is for the ends of running transactions alone.
        """
        return self.writable and self.has_room

    @property
    def utc(self) -> float | None:
        """Seconds since 1970 at this step; None while UTC is unknown."""
        return self.clock.utc(self.now.mono)

    def save(self, record: Record, within_s: float = 0.0, fleeting: bool = False) -> None:
        """Insert or replace a record; an unchanged one is not written.

        `within_s` > 0: the write may wait so many seconds for another commit.  `fleeting`: the commit of this very
        step leaves it out, because it will probably be deleted soon.
        """
        key = (record.table, record.key)
        if self.facts.tables[record.table].get(record.key) == record:
            return
        self.facts.put(record)
        self._write(key, Save(record), within_s, fleeting)

    def rewrite(self, record: Record) -> None:
        """Write a record that is already among the facts, but otherwise than in the store."""
        self._write((record.table, record.key), Save(record), 0.0)

    def erase(self, record: Record) -> None:
        """Delete a row of the store that is not among the facts."""
        self._write((record.table, record.key), Delete(record.table, record.key), 0.0)

    def delete(self, kind: type[Record], key: int | str, within_s: float = 0.0) -> None:
        """Delete a record; `within_s` as for `save`."""
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
        """Include all waiting writes in this commit, the fleeting ones excepted."""
        self.writes |= {k: write for k, write in self._lazy.items() if k not in self.writes and k not in self._fleeting}
        self._lazy = {key: self._lazy[key] for key in self._fleeting if key in self._lazy}
        self._lazy_due = min((self._fleeting[key] for key in self._lazy), default=None)
        if self._lazy_due is None:
            self.timers.clear(Timer.LAZY)
        else:
            self.timers.set(Timer.LAZY, self._lazy_due)

    def take_writes(self) -> tuple[Write, ...]:
        """This step's commit, the waiting writes included: one commit costs less than two."""
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
        """Log a message, by a code of the journal's catalogue and its fields."""
        self.notes.append(Note(code, fields))

    def save_unit(self, **changes: str | float | bool | None) -> None:
        """Change fields of the one row about the unit."""
        self.save(replace(self.facts.unit, **changes))

    def remember_time(self, with_others: bool = False) -> None:
        """Store the time floor (`Unit.floor_utc`): after a power cut no timestamp lies before an earlier one."""
        utc = self.utc
        lowered = self.clock.lowered_floor(self.facts.unit.floor_utc, self.now.mono)
        if lowered is not None:  # it was wrong: the Central System has set the clock back since
            self.save_unit(floor_utc=float(ceil(lowered)))
        if utc is None or not self.clock.worth_remembering(self.now.mono):
            return
        if utc - self.facts.unit.floor_utc >= (FLOOR_WITH_OTHERS_S if with_others else FLOOR_S):
            self.save_unit(floor_utc=float(ceil(utc)))
        self.timers.set(Timer.FLOOR, self.now.mono + FLOOR_S)
