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
"""So many are in memory in two shapes while they are read."""
REJECTED_ROWS = 100
"""Rows kept in `rejected`; the oldest go."""

News = tuple[str, dict[str, str | int]]
_RECORDS = {record.table: record for record in TABLES}


class Database(Protocol):
    """What is used of a connection."""

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Any: ...

    def executescript(self, sql_script: str, /) -> Any: ...


def migrate(db: Database, folder: Path) -> list[News]:
    """Run the scripts that are missing.  A store of a later version is left as it is: we use what we know of it.

    A script that fails says nothing against the file: the version before can still work with it.
    """
    (found,) = db.execute("PRAGMA user_version").fetchone()
    if not found and _columns(db):
        raise Damaged("tables of somebody else")
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
    """One transaction, on disk at return."""
    db.execute("BEGIN IMMEDIATE")
    for one in writes:
        if isinstance(one, Save):
            known = shape(type(one.record))
            db.execute(known.save, known.row(one.record))
        else:
            db.execute(shape(_RECORDS[one.table]).delete, (one.key,))
    db.execute("COMMIT")


def read(db: Database, mend: bool) -> tuple[list[Record], list[News]]:
    """All records, table by table and by key, without the rows that do not validate.

    `mend`: those rows are moved to `rejected`, and a missing column is damage; else its field's default is read.
    """
    records: list[Record] = []
    news: list[News] = []
    there = _columns(db)
    for record in TABLES:
        known = shape(record)
        columns = [column for column in known.columns if column in there.get(record.table, ())]
        if mend and len(columns) < len(known.columns):
            raise Damaged(f"table {record.table} lacks {', '.join(set(known.columns).difference(columns))}")
        if not columns:  # the version before had no such table
            continue
        names = ", ".join(f'"{column}"' for column in columns)
        cursor = db.execute(f'SELECT {names} FROM "{record.table}" ORDER BY 1')
        bad: list[RowRefused] = []
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            good, refused = known.records(columns, rows)
            records += good
            bad += refused
        news += [("store-row-rejected", {"table": record.table, "reason": reason}) for _, reason in bad]
        if bad and mend:
            _move_to_rejected(db, known, columns, bad)
    return records, news


def _move_to_rejected(db: Database, known: Shape, columns: list[str], bad: list[RowRefused]) -> None:
    """Out of the way, for a person to look at: one bad row must not keep a station from starting."""
    db.execute("BEGIN IMMEDIATE")
    for row, reason in bad:
        content = msgspec.json.encode(dict(zip(columns, row, strict=True))).decode()
        db.execute(
            "INSERT INTO rejected (source, reason, content) VALUES (?, ?, ?)",
            (known.table, reason, content),
        )
        db.execute(  # as octets: the key itself may be what is wrong
            f'DELETE FROM "{known.table}" WHERE CAST("{columns[0]}" AS BLOB) IS CAST(? AS BLOB)',
            (row[0],),
        )
    db.execute("DELETE FROM rejected WHERE number <= (SELECT max(number) FROM rejected) - ?", (REJECTED_ROWS,))
    db.execute("COMMIT")


def _columns(db: Database) -> dict[str, set[str]]:
    """The columns of each table that there is."""
    found: dict[str, set[str]] = {}
    sql = "SELECT t.name, c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table'"
    for table, column in db.execute(sql):
        found.setdefault(table, set()).add(column)
    return found
