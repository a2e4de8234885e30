"""All records of the store in memory, by table and key, with the two indexes that are read in every step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf
from typing import TypeVar, cast

from ocpp16.records import TABLES, Record, Sample, Transaction, Unit
from ocpp16.state.utc_clock import STRANGE_S

R = TypeVar("R", bound=Record)


class Facts:
    """All records by table and key, with two indexes: running transactions and samples."""

    def __init__(self, records: Iterable[Record]) -> None:
        self.tables: dict[str, dict[int | str, Record]] = {kind.table: {} for kind in TABLES}
        self.running: dict[int, Transaction] = {}
        """The open transaction of each connector."""
        self.samples_of: dict[int | None, dict[int, Sample]] = {}
        """Samples by transaction number."""
        for record in records:
            self.put(record)

    def put(self, record: Record) -> None:
        """Insert a record, or replace the one with the same key."""
        self.tables[record.table][record.key] = record
        if isinstance(record, Transaction):
            if record.ended is None:
                self.running[record.connector] = record
            elif (old := self.running.get(record.connector)) is not None and old.number == record.number:
                del self.running[record.connector]
        elif isinstance(record, Sample):
            self.samples_of.setdefault(record.number, {})[record.seq] = record

    def drop(self, table: str, key: int | str) -> Record | None:
        """Remove a record; None where there is none."""
        record = self.tables[table].pop(key, None)
        if isinstance(record, Sample):
            group = self.samples_of[record.number]
            del group[record.seq]
            if not group:
                del self.samples_of[record.number]
        return record

    def of(self, kind: type[R]) -> Mapping[int | str, R]:
        """The records of one kind by their key."""
        return self.tables[kind.table]  # type: ignore[return-value]  # `put` files each record under its own kind

    def newest_utc(self) -> float:
        """The latest UTC of any record, in seconds since 1970: no later timestamp lies below it.

        A stamp more than `STRANGE_S` above the floor is ignored.
        """
        limit = self.unit.floor_utc + STRANGE_S if self.unit.floor_utc else inf
        stamps = [sample.at for sample in self.of(Sample).values()]
        for transaction in self.of(Transaction).values():
            stamps += [transaction.began, transaction.last, transaction.ended or transaction.last]
        known = [stamp.utc for stamp in stamps if stamp.utc is not None and stamp.utc < limit]
        return max([self.unit.floor_utc, *known])

    @property
    def unit(self) -> Unit:
        """The one row about the unit, with defaults where the store has none."""
        return cast(Unit, self.tables["unit"].get("unit") or Unit())
