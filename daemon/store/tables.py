"""Migrating and reading the tables, over a connection that the store has opened.  Raises what the connection raises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import msgspec

from daemon.store.failures import Damaged
from daemon.store.rows import CHECKSUM, OLDER, RowRefused, Shape, scripts, shape
from ocpp16.records import TABLES, Record, Transaction
from ocpp16.step import Save, Write

ROWS_AT_ONCE = 500
"""Rows that are in memory twice while they are read."""
REJECTED_ROWS = 100
"""Rows kept in `rejected`; the oldest are removed."""
LATER_VERSIONS = 100
"""A higher version than so many after ours is none."""

News = tuple[str, dict[str, str | int]]
_RECORDS = {record.table: record for record in TABLES}


class StoreConnection(Protocol):
    """The part of a connection that is used."""

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Any: ...

    def executescript(self, sql_script: str, /) -> Any: ...


def migrate(db: StoreConnection, folder: Path) -> list[News]:
    """Run the scripts that are missing.  A store of a later version is left as it is: we use what we know of it.

    Every later version adds a table or a column: a higher number without one is damage, and so are foreign triggers.
    A script that fails does not mean that the file is damaged: the previous version can still use it.
    """
    (found,) = db.execute("PRAGMA user_version").fetchone()
    known = scripts(folder)
    if not found and layout(db):
        raise Damaged("tables of another program")
    is_later = len(known) < found <= len(known) + LATER_VERSIONS and _holds_more(layout(db))
    if found < 0 or (found > len(known) and not is_later):
        raise Damaged(f"its version {found} makes no sense")
    if is_later:
        return [("store-newer", {"found": found, "known": len(known)})]
    scripted = "".join(path.read_text(encoding="utf-8") for path in known)
    triggers = [sql for (sql,) in db.execute("SELECT sql FROM sqlite_schema WHERE type = 'trigger'")]
    if any(str(sql) not in scripted for sql in triggers):
        raise Damaged("its triggers are not ours")
    news: list[News] = []
    for path in known[found:]:  # each whole or not at all
        text = path.read_text(encoding="utf-8")
        try:
            db.executescript(f"BEGIN IMMEDIATE; {text}; PRAGMA user_version={int(path.stem)}; COMMIT")
        except Exception as error:
            with suppress(Exception):  # where it has ended by itself
                db.execute("ROLLBACK")
            columns = layout(db)
            if found and all(_is_complete(columns.get(kind.table, ()), kind) for kind in TABLES):
                raise Damaged(f"its version {found} is not that of its tables") from error
            raise
        news.append(("store-migrated", {"version": int(path.stem)}))
    return news


def is_later(news: Sequence[News]) -> bool:
    """Whether `migrate` found a store of a later version: its checksums cover columns that we do not know."""
    return any(code == "store-newer" for code, _ in news)


def is_adopted(news: Sequence[News]) -> bool:
    """Whether `migrate` found a store of an earlier version: its rows must be written again, see `schema/0004.sql`."""
    return any(code == "store-migrated" for code, _ in news)


def write(db: StoreConnection, writes: Sequence[Write], checked: bool = True) -> None:
    """One transaction, on disk when this returns.  `checked`: with checksums."""
    db.execute("BEGIN IMMEDIATE")
    for one in writes:
        if isinstance(one, Save):
            known = shape(type(one.record))
            row = known.row(one.record)
            db.execute(known.save, [*row, known.checksum(known.columns, row) if checked else None])
        else:
            db.execute(shape(_RECORDS[one.table]).delete, (one.key,))
    db.execute("COMMIT")


def try_write(db: StoreConnection) -> None:
    """A commit that changes nothing: 1 kB of the log is written and synchronised."""
    (found,) = db.execute("PRAGMA user_version").fetchone()
    db.execute(f"PRAGMA user_version={found}")


def read(
    db: StoreConnection, repair: bool, checked: bool = True, adopt: bool = False
) -> tuple[list[Record], list[News]]:
    """All records, table by table and by key, without the rows that do not validate.

    `repair`: those rows are moved to `rejected`, and a missing column is damage; else its field's default is read.
    `checked`: a row that its checksum does not fit is damage (without `repair` it is left out).  `adopt`: rows that are
    older than the checksums may be there.
    """
    records: list[Record] = []
    news: list[News] = []
    found = layout(db)
    for record in TABLES:
        known = shape(record)
        columns = [column for column in known.columns if column in found.get(record.table, ())]
        if repair and not _is_complete(found.get(record.table, ()), record):
            raise Damaged(f"table {record.table} lacks columns")
        if not columns:  # the previous version had no such table
            continue
        check = f'"{CHECKSUM}"' if checked and CHECKSUM in found[record.table] else "NULL"
        unknown = (None, OLDER) if adopt else (None,)
        names = ", ".join(f'"{column}"' for column in columns)
        cursor = db.execute(f'SELECT {names}, {check} FROM "{record.table}" ORDER BY 1')
        invalid: list[RowRefused] = []
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            sound = [row[:-1] for row in rows if row[-1] in unknown or row[-1] == known.checksum(columns, row[:-1])]
            if repair and len(sound) < len(rows):
                raise Damaged(f"a row of {record.table} is not what was written")
            valid, refused = known.records(columns, sound)
            records += valid
            invalid += refused
        news += [_rejected(known, row, reason) for row, reason in invalid]
        if invalid and repair:
            _move_to_rejected(db, known, columns, invalid)
    return records, news


def _rejected(known: Shape, row: Sequence[Any], reason: str) -> News:
    """By name where it is a bill; other keys may be cards."""
    what = f"transaction {row[0]}" if known.record is Transaction else f"a row of {known.table}"
    return "store-row-rejected", {"table": known.table, "what": what, "reason": reason}


def _move_to_rejected(db: StoreConnection, known: Shape, columns: list[str], invalid: list[RowRefused]) -> None:
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


def _holds_more(columns: Mapping[str, Sequence[str]]) -> bool:
    """Whether there are tables or columns that we do not know."""
    known = {kind.table: {*shape(kind).columns, CHECKSUM} for kind in TABLES}
    return any(table != "rejected" and not known.get(table, set()).issuperset(columns[table]) for table in columns)


def _is_complete(columns: Sequence[str], record: type[Record]) -> bool:
    return {*shape(record).columns, CHECKSUM}.issubset(columns)


def layout(db: StoreConnection) -> dict[str, list[str]]:
    """The columns of each existing table, as they are stored."""
    tables = [str(name) for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    found = {}
    for name in tables:
        quoted = name.replace('"', '""')
        found[name] = [column[0] for column in db.execute(f'SELECT * FROM "{quoted}" LIMIT 0').description]
    return found
