"""How a Record is stored in its table: one column per field, the key first.  No SQLite, no file but the scripts."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

import msgspec

from ocpp16.records import Record

CHECKSUM = "checksum"
"""The column, of every table, that says of a row whether it still is what was written; NULL: not known."""
OLDER = -1
"""In its place: the row is older than the column, or has lost its end."""
SCRIPTS = Path(__file__).parent / "schema"

Value = int | float | str | bytes | None
"""What a column can hold."""


class RowRefused(NamedTuple):
    """A row that is not a valid Record, and why."""

    row: Sequence[Value]
    reason: str


class Shape(NamedTuple):
    """The table of one kind of Record: columns, their encodings, statements."""

    record: type[Record]
    table: str
    columns: tuple[str, ...]
    json_columns: tuple[int, ...]
    bool_columns: tuple[int, ...]
    defaults: tuple[Value, ...]
    """As stored; of a field without a default something that no row holds."""
    has_rowid: bool
    save: str
    delete: str

    def row(self, record: Record) -> list[Value]:
        """The record's values, in the order of the columns."""
        row = list(msgspec.structs.astuple(record))
        for index in self.json_columns:
            if row[index] is not None:
                row[index] = msgspec.json.encode(row[index]).decode()
        return row

    def checksum(self, columns: Sequence[str], row: Sequence[Value]) -> int:
        """Of table and row.  Defaults are left out, so that a column which is added later changes nothing."""
        content: list[Any] = [self.table]
        for column, value in zip(columns, row, strict=True):
            plain = _comparable(value)
            if plain != self.defaults[self.columns.index(column)]:
                content += (column, plain)
        return zlib.crc32(msgspec.json.encode(content))

    def records(self, columns: Sequence[str], rows: Sequence[Sequence[Value]]) -> tuple[list[Record], list[RowRefused]]:
        """The records of `rows`, and the rows that do not validate; a missing column gets its field's default."""
        positions = tuple(self.columns.index(column) for column in columns)
        kinds = [(n, at in self.json_columns) for n, at in enumerate(positions) if self._is_encoded(at)]
        try:
            plain = [_plain(columns, kinds, row) for row in rows]
            return msgspec.convert(plain, list[self.record]), []  # type: ignore[name-defined]
        except msgspec.MsgspecError:  # some row is invalid: find which
            return self._one_by_one(columns, kinds, rows)

    def _is_encoded(self, position: int) -> bool:
        return position in self.json_columns or position in self.bool_columns

    def _one_by_one(
        self, columns: Sequence[str], kinds: list[tuple[int, bool]], rows: Iterable[Sequence[Value]]
    ) -> tuple[list[Record], list[RowRefused]]:
        valid: list[Record] = []
        invalid = []
        for row in rows:
            try:
                valid.append(msgspec.convert(_plain(columns, kinds, row), self.record))
            except msgspec.MsgspecError as error:
                invalid.append(RowRefused(row, str(error)))
        return valid, invalid


def _plain(columns: Sequence[str], kinds: list[tuple[int, bool]], row: Sequence[Value]) -> dict[str, Any]:
    fields: dict[str, Any] = dict(zip(columns, row, strict=True))
    for index, is_json in kinds:
        value = row[index]
        if is_json and isinstance(value, str):
            fields[columns[index]] = msgspec.json.decode(value)
        elif not is_json and value in (0, 1):
            fields[columns[index]] = value == 1
    return fields


def _comparable(value: Value) -> Value:
    """A number as SQLite may give it back: 5, 5.0 and True, 0.0 and -0.0 are the same; not a number is none."""
    if not isinstance(value, int | float):
        return value
    number = value + 0.0
    return number if number == number else None


@functools.cache
def shape(record: type[Record]) -> Shape:
    """The table of `record`."""
    fields = msgspec.structs.fields(record)
    columns = tuple(field.name for field in fields)
    kinds = [_kind(field.type) for field in fields]
    names = [f'"{column}"' for column in (*columns, CHECKSUM)]
    key, rest = names[0], names[1:]
    new = ", ".join(f"excluded.{name}" for name in rest)
    save = (
        f'INSERT INTO "{record.table}" ({", ".join(names)}) VALUES ({", ".join("?" for _ in names)}) '
        f"ON CONFLICT ({key}) DO UPDATE SET ({', '.join(rest)}) = ({new}) "
        f"WHERE ({', '.join(rest)}) IS NOT ({new})"  # a row that stays as it is costs no page and no fsync
    )
    return Shape(
        record=record,
        table=record.table,
        columns=columns,
        json_columns=tuple(n for n, kind in enumerate(kinds) if kind == "json"),
        bool_columns=tuple(n for n, kind in enumerate(kinds) if kind == "bool"),
        defaults=tuple(_default(field) for field in fields),
        has_rowid=fields[0].type is int,
        save=save,
        delete=f'DELETE FROM "{record.table}" WHERE {key} = ?',
    )


def _default(field: msgspec.structs.FieldInfo) -> Value:
    if field.default is msgspec.NODEFAULT:
        return b""
    assert field.default is None or isinstance(field.default, bool | int | float | str), "a default that SQL can hold"
    return _comparable(field.default)


def _kind(annotation: Any) -> Literal["plain", "bool", "json"]:
    """How a field of this type is stored."""
    origin = get_origin(annotation)
    if origin is Literal:
        return "plain"
    if origin in (Union, UnionType):
        kinds = {_kind(part) for part in get_args(annotation) if part is not NoneType}
        return kinds.pop() if len(kinds) == 1 else "json"
    if annotation is bool:
        return "bool"
    return "plain" if annotation in (int, float, str) else "json"


def text(raw: bytes) -> str | bytes:
    """A text column; what is not UTF-8 stays bytes, and is refused as such."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


def scripts(folder: Path = SCRIPTS) -> list[Path]:
    """The numbered migrations, in their order; the n-th leads to `user_version` n."""
    found = sorted(folder.glob("[0-9][0-9][0-9][0-9].sql"))
    assert [int(path.stem) for path in found] == list(range(1, len(found) + 1)), "a migration is missing"
    return found
