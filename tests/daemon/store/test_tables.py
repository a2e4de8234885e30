"""The tables: that they fit the records, what is rejected, and what stays bounded."""

from __future__ import annotations

import sqlite3
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import msgspec
import pytest

from daemon.store.rows import CHECKSUM, OLDER, SCRIPTS, shape, text
from daemon.store.tables import REJECTED_ROWS, migrate, read, write
from ocpp16.records import TABLES, CachedTag, Record, Setting
from ocpp16.step import Save


@pytest.fixture
def db() -> sqlite3.Connection:
    """An empty store in memory."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.text_factory = text
    migrate(connection, SCRIPTS)
    return connection


def declared(annotation: Any) -> tuple[str, bool]:
    """Type and NOT NULL that a field of this type must have."""
    if get_origin(annotation) in (Union, UnionType):
        (inner,) = [part for part in get_args(annotation) if part is not NoneType]
        return declared(inner)[0], False
    kinds = {int: "INTEGER", bool: "INTEGER", float: "REAL", str: "TEXT"}
    if get_origin(annotation) is Literal:
        return "TEXT", True
    return kinds.get(annotation, "TEXT"), True


def default(field: msgspec.structs.FieldInfo) -> str | None:
    """The DEFAULT that a field must have in SQL."""
    if field.default is msgspec.NODEFAULT or field.default is None:
        return None
    if isinstance(field.default, bool):
        return str(int(field.default))
    return f"'{field.default}'" if isinstance(field.default, str) else str(field.default)


@pytest.mark.parametrize("record", TABLES, ids=lambda record: record.__name__)
def test_schema_and_records_agree(db: sqlite3.Connection, record: type[Record]) -> None:
    """Each field has its column, in order, with its type, NOT NULL and default; the first is the key."""
    wanted = [
        (field.name, *declared(field.type), default(field), n == 0)
        for n, field in enumerate(msgspec.structs.fields(record))
    ]
    sql = "SELECT name, type, [notnull], dflt_value, pk FROM pragma_table_info(?)"
    found = [
        (name, kind, bool(filled), given, bool(key))
        for name, kind, filled, given, key in db.execute(sql, (record.table,))
    ]
    assert found == [*wanted, (CHECKSUM, "INTEGER", False, str(OLDER), False)]


def test_no_table_is_forgotten(db: sqlite3.Connection) -> None:
    """The schema has the records' tables and the one for rejected rows."""
    found = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    assert found == {record.table for record in TABLES} | {"rejected"}


def test_the_wrong_type_never_gets_in(db: sqlite3.Connection) -> None:
    """STRICT tables: what is no number is refused where a number belongs."""
    with pytest.raises(sqlite3.IntegrityError):
        db.execute("INSERT INTO availability (connector) VALUES ('one')")


def test_rows_come_by_key(db: sqlite3.Connection) -> None:
    """The order of loading is the order of keys."""
    write(db, [Save(Setting(name=name, value="")) for name in ("b", "c", "a")])
    assert [record.key for record in read(db, repair=True)[0]] == ["a", "b", "c"]


def test_a_key_that_is_no_text_can_be_put_aside(db: sqlite3.Connection) -> None:
    """The row is found by its octets; the good ones stay."""
    write(db, [Save(CachedTag(id_tag="good", status="Accepted"))])
    db.execute("INSERT INTO cached_tag (id_tag, status) VALUES (CAST(x'ff41' AS TEXT), 'Accepted')")
    records, news = read(db, repair=True)
    assert (records, len(news)) == ([CachedTag(id_tag="good", status="Accepted")], 1)
    assert read(db, repair=True) == (records, [])
    assert db.execute("SELECT content FROM rejected").fetchone()[0].startswith('{"id_tag":"/0E="')


def test_looking_mends_nothing(db: sqlite3.Connection) -> None:
    """Who only looks leaves the bad row where it is."""
    db.execute("INSERT INTO setting (name, value) VALUES ('x', CAST(x'ff' AS TEXT))")
    assert read(db, repair=False)[0] == []
    assert db.execute("SELECT count(*) FROM setting").fetchone() == (1,)


def test_rejected_rows_are_bounded(db: sqlite3.Connection) -> None:
    """The newest hundred stay."""
    for n in range(REJECTED_ROWS + 30):
        db.execute("INSERT INTO setting (name, value) VALUES (?, CAST(x'ff' AS TEXT))", (f"k{n:04}",))
    read(db, repair=True)
    numbers = [number for (number,) in db.execute("SELECT number FROM rejected ORDER BY 1")]
    assert numbers == list(range(31, REJECTED_ROWS + 31))


def test_each_statement_is_made_once() -> None:
    """Statements are prepared from the Structs, not with each commit."""
    assert shape(Setting) is shape(Setting)
