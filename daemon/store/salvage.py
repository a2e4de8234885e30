"""What can still be read of a damaged store: row by row, each proved by its checksum; and what is lost, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from daemon.store.pages import Cell, Pages
from daemon.store.rows import CHECKSUM, Shape, Value, shape
from ocpp16.records import TABLES, ListedTag, ListVersion, Record, Sample, Transaction

_MONEY = (Transaction, Sample)
"""Of these also rows that no tree leads to: a report that is sent twice is better than one that is lost."""
_SCHEMA_ROOT = 1
_SCHEMA_COLUMNS = 5
_NAMED_AT_MOST = 20
"""Ranges of numbers in a line of the journal."""
_NUMBERS_COMPARED = 100_000

Layout = Mapping[str, Sequence[str]]
"""The columns of each table in the order in which they are stored."""
_Fields = dict[str, Value]


class Salvaged(NamedTuple):
    """The records that could be read, and a sentence that names what could not."""

    records: list[Record]
    lost: str


def salvage(database: bytes, log: bytes, page_bytes: int, layout: Layout) -> Salvaged:
    """Nothing is written; the indexes of the file are not believed further than they fit."""
    pages = Pages(database, log, page_bytes)
    found = _salvage(pages, layout, older=False)
    return found if found.records else _salvage(pages, layout, older=True)


def _salvage(pages: Pages, layout: Layout, older: bool) -> Salvaged:
    """`older`: the store may be older than checksums; in any other a row without one has lost its end."""
    roots, all_known = _roots(pages)
    tables = {kind: _Table(kind, layout[kind.table], older) for kind in TABLES}
    claimed: set[int] = set()
    for kind, table in tables.items():
        if kind.table in roots:
            claimed |= table.read(pages, roots[kind.table])
        elif all_known and kind not in _MONEY:
            table.is_whole = True  # the store is older than this table
    free = pages.free()
    unreached = {kind for kind, table in tables.items() if not table.is_whole and not table.rows}
    for number in pages.numbers():
        if number in free:
            continue
        for kind, table in tables.items():
            if kind in _MONEY and not table.is_whole:
                table.read_remains(pages, number)
            elif kind in unreached and number not in claimed:
                table.read_leaf(pages, number)
    if not tables[ListedTag].is_whole:
        tables[ListVersion].rows.clear()  # the Central System must send the list again
    records = [record for table in tables.values() for record in table.records()]
    return Salvaged(_without_told(records), _lost(tables, bool(records)))


def _roots(pages: Pages) -> tuple[dict[str, int], bool]:
    """The first page of each table that was found; whether the list of tables is whole."""

    def is_sound(rowid: int | None, values: Sequence[Value]) -> bool:
        return len(values) == _SCHEMA_COLUMNS and isinstance(values[3], int)

    known = {kind.table for kind in TABLES}
    found: dict[str, int] = {}
    schema = pages.tree(_SCHEMA_ROOT, True, is_sound)
    for cell in schema.rows:
        assert cell.values is not None
        kind, *names, root, _ = cell.values
        if kind == "trigger":  # it bears the name of its table, and has no pages
            continue
        for name in names:
            if name in known and isinstance(root, int):
                found[str(name)] = root
    return found, schema.is_whole


class _Table:
    """The rows of one table by their key, and what is missing."""

    def __init__(self, kind: type[Record], columns: Sequence[str], older: bool) -> None:
        self.rows: dict[Value, _Fields] = {}
        self.lost: list[Cell] = []
        self.is_whole = False
        self._shape: Shape = shape(kind)
        self._columns = columns
        self._older = older

    def read(self, pages: Pages, root: int) -> set[int]:
        """The rows that the table's tree reaches; its pages."""
        found = pages.tree(root, self._shape.has_rowid, self._is_sound, self._is_proved)
        for cell in found.rows:
            self._take(cell)
        self.lost, self.is_whole = found.lost, found.is_whole
        return found.pages if found.rows else set()

    def read_remains(self, pages: Pages, number: int) -> None:
        for cell in pages.remains(number, self._shape.has_rowid, self._is_proved):
            self._take(cell)

    def read_leaf(self, pages: Pages, number: int) -> None:
        """The rows that a page counts: not what was left in it by an earlier one."""
        for cell in pages.proved(number, self._shape.has_rowid, self._is_proved):
            self._take(cell)

    def records(self) -> list[Record]:
        """By key, as a sound store gives them."""
        found = [record for fields in self.rows.values() for record in self._record(fields)]
        return sorted(found, key=lambda record: record.key)

    def missing(self) -> set[int]:
        """The keys of rows that cannot be read, as far as they can."""
        return {cell.rowid for cell in self.lost if cell.rowid is not None} - {
            key for key in self.rows if isinstance(key, int)
        }

    def _take(self, cell: Cell) -> None:
        fields = self._fields(cell.rowid, cell.values or ())
        self.rows.setdefault(fields[self._shape.columns[0]], fields)

    def _fields(self, rowid: int | None, values: Sequence[Value]) -> _Fields:
        fields = dict(zip(self._columns, values, strict=False))
        if rowid is not None:
            fields[self._shape.columns[0]] = rowid
        return fields

    def _record(self, fields: _Fields) -> list[Record]:
        columns = [column for column in self._shape.columns if column in fields]
        records, _ = self._shape.records(columns, [[fields[column] for column in columns]])
        return records

    def _is_sound(self, rowid: int | None, values: Sequence[Value]) -> bool:
        """As its checksum says; a row that has none by its types."""
        fields = self._fields(rowid, values)
        if CHECKSUM not in fields and not self._older:
            return False
        is_later = len(values) > len(self._columns)
        if fields.get(CHECKSUM) is not None and not is_later and not self._is_proved(rowid, values):
            return False
        return self._shape.columns[0] in fields and bool(self._record(fields))

    def _is_proved(self, rowid: int | None, values: Sequence[Value]) -> bool:
        fields = self._fields(rowid, values)
        columns = [column for column in self._shape.columns if column in fields]
        given = fields.get(CHECKSUM)
        return given is not None and given == self._shape.checksum(columns, [fields[column] for column in columns])


def _without_told(records: list[Record]) -> list[Record]:
    """Without the values of transactions that are told or unknown: they may have been deleted."""
    waiting = {record.number for record in records if isinstance(record, Transaction) and record.stop != "confirmed"}
    return [
        record
        for record in records
        if not isinstance(record, Sample) or record.number is None or record.number in waiting
    ]


# --- the loss, in words -----------------------------------------------------------------------------------------------


def _lost(tables: Mapping[type[Record], _Table], any_read: bool) -> str:
    if not any_read and not all(table.is_whole for table in tables.values()):
        return "nothing of a store of evsed could be read in it"
    charges, samples = tables[Transaction], tables[Sample]
    parts = [_lost_transactions(charges, samples)] if not charges.is_whole else []
    if not samples.is_whole:
        parts.append(f"{len(samples.missing()) or 'some'} meter values could not be read")
    parts = parts or ["nothing undelivered was lost"]
    others = [kind.table for kind, table in tables.items() if kind not in _MONEY and not table.is_whole]
    if others:
        parts.append(f"rows of {', '.join(others)} could not be read")
    return "; ".join(parts)


def _lost_transactions(charges: _Table, samples: _Table) -> str:
    known = {key for key in charges.rows if isinstance(key, int)}
    named = charges.missing() | {
        number for row in samples.rows.values() if isinstance(number := row.get("number"), int) and number not in known
    }
    if known and max(known) - min(known) < _NUMBERS_COMPARED:
        named |= set(range(min(known), max(known))) - known
    if not named:
        return f"transactions after {max(known, default=0)}, if there were any, could not be read"
    return f"transactions {ranges(named)} could not be read"


def ranges(numbers: Iterable[int]) -> str:
    """`2-4, 7`."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    texts = [f"{first}-{last}" if last > first else str(first) for first, last in runs]
    more = f" and {len(texts) - _NAMED_AT_MOST} more ranges" if len(texts) > _NAMED_AT_MOST else ""
    return ", ".join(texts[:_NAMED_AT_MOST]) + more
