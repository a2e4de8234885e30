"""Migrating and reading the tables, over a connection that the store has opened.  Raises what the connection raises."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from daemon.store.failures import Damaged
from daemon.store.rows import RowRefused, Shape, scripts, shape
from ocpp16.records import TABLES, Record
from ocpp16.step import Save, Write

ROWS_AT_ONCE = 500
"""Rows that are in memory twice while they are read."""
REJECTED_ROWS = 100
"""Rows kept in `rejected`; the oldest are removed."""

News = tuple[str, dict[str, str | int]]
_RECORDS = {record.table: record for record in TABLES}


class Database(Protocol):
    """The part of a connection that is used."""

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Any: ...

    def executescript(self, sql_script: str, /) -> Any: ...


def migrate(db: Database, folder: Path) -> list[News]:
    """Run the scripts that are missing.  A store of a later version is left as it is: we use what we know of it.

    A script that fails does not mean that the file is damaged: the previous version can still use it.
    """
    (found,) = db.execute("PRAGMA user_version").fetchone()
    if not found and _columns(db):
        raise Damaged("tables of another program")
    known = scripts(folder)
    if found > len(known):
        return [("store-newer", {"found": found, "known": len(known)})]
    news: list[News] = []
    for path in known[found:]:  # each whole or not at all
        text = path.read_text(encoding="utf-8")
        db.executescript(f"BEGIN IMMEDIATE; {text}; PRAGMA user_version={int(path.stem)}; COMMIT")
        news.append(("store-migrated", {"version": int(path.stem)}))
    return news


def write(db: Database, writes: Sequence[Write]) -> None:
    """One transaction, on disk when this returns."""
    db.execute("BEGIN IMMEDIATE")
    for one in writes:
        if isinstance(one, Save):
            known = shape(type(one.record))
            db.execute(known.save, known.row(one.record))
        else:
            db.execute(shape(_RECORDS[one.table]).delete, (one.key,))
    db.execute("COMMIT")


def read(db: Database, repair: bool) -> tuple[list[Record], list[News]]:
    """All records, table by table and by key, without the rows that do not validate.

    `repair`: those rows are moved to `rejected`, and a missing column is damage; else its field's default is read.
    """
    records: list[Record] = []
    news: list[News] = []
    found = _columns(db)
    for record in TABLES:
        known = shape(record)
        columns = [column for column in known.columns if column in found.get(record.table, ())]
        if repair and len(columns) < len(known.columns):
            raise Damaged(f"table {record.table} lacks {', '.join(set(known.columns).difference(columns))}")
        if not columns:  # the previous version had no such table
            continue
        names = ", ".join(f'"{column}"' for column in columns)
        cursor = db.execute(f'SELECT {names} FROM "{record.table}" ORDER BY 1')
        invalid: list[RowRefused] = []
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            valid, refused = known.records(columns, rows)
            records += valid
            invalid += refused
        news += [("store-row-rejected", {"table": record.table, "reason": reason}) for _, reason in invalid]
        if invalid and repair:
            _move_to_rejected(db, known, columns, invalid)
    return records, news


def _move_to_rejected(db: Database, known: Shape, columns: list[str], invalid: list[RowRefused]) -> None:
    """Move invalid rows to `rejected`, for analysis: one of them must not prevent the start."""
    db.execute("BEGIN IMMEDIATE")
    for row, reason in invalid:
        content = msgspec.json.encode(dict(zip(columns, row, strict=True))).decode()
        db.execute(
            "INSERT INTO rejected (source, reason, content) VALUES (?, ?, ?)",
            (known.table, reason, content),
        )
        db.execute(  # as octets: the key itself may be invalid
            f'DELETE FROM "{known.table}" WHERE CAST("{columns[0]}" AS BLOB) IS CAST(? AS BLOB)',
            (row[0],),
        )
    db.execute("DELETE FROM rejected WHERE number <= (SELECT max(number) FROM rejected) - ?", (REJECTED_ROWS,))
    db.execute("COMMIT")


def _columns(db: Database) -> dict[str, set[str]]:
    """The columns of each existing table."""
    found: dict[str, set[str]] = {}
    sql = "SELECT t.name, c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table'"
    for table, column in db.execute(sql):
        found.setdefault(table, set()).add(column)
    return found
