"""Pages as bytes: every row that SQLite wrote is found, and none that it did not."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from daemon.store.pages import Cell, Pages
from daemon.store.rows import Value

VALUES: list[tuple[Value, ...]] = [
    (None, 0, 1, -1, 127, 128, -32768, 8388607, 2**31 - 1, 2**47 - 1, 2**63 - 1, -(2**63)),
    (1.5, -1e300, "", "text é", b"", b"bytes\0", "x" * 900, 7, 0.0, None, None, None),
    ("long " * 3000, "y" * 1100, *[None] * 10),
]


def written(folder: Path, without_rowid: bool, rows: int = 1) -> tuple[Pages, int, list[tuple[Value, ...]]]:
    """A table as SQLite wrote it: its pages, its root, its rows with the key."""
    db = sqlite3.connect(folder / "db", isolation_level=None)
    db.execute("PRAGMA page_size=1024")
    columns = ", ".join(f"c{n}" for n in range(12))
    key, end = ("TEXT", " WITHOUT ROWID") if without_rowid else ("INTEGER", "")
    db.execute(f"CREATE TABLE t (key {key} PRIMARY KEY, {columns}){end}")
    expected = []
    for n in range(rows * len(VALUES)):
        name = f"k{n:05}" if without_rowid else n * 1000 - 5
        row = (name, *VALUES[n % len(VALUES)])
        db.execute(f"INSERT INTO t VALUES ({', '.join('?' * 13)})", row)
        expected.append(row)
    (root,) = db.execute("SELECT rootpage FROM sqlite_schema").fetchone()
    db.close()
    return Pages((folder / "db").read_bytes(), b"", 4096), root, expected


def plain(cell: Cell) -> tuple[Value, ...]:
    values = cell.values or ()
    return (cell.rowid, *values[1:]) if cell.rowid is not None else tuple(values)


def anything(rowid: int | None, values: Sequence[Value]) -> bool:
    return len(values) == 13


@pytest.mark.parametrize("without_rowid", [False, True])
@pytest.mark.parametrize("rows", [1, 100])
def test_6_every_row_of_a_table_is_read(tmp_path: Path, without_rowid: bool, rows: int) -> None:
    """All kinds of values, rows over several pages, trees of several floors; both kinds of table."""
    pages, root, expected = written(tmp_path, without_rowid, rows)
    found = pages.tree(root, not without_rowid, anything)
    assert sorted(map(plain, found.rows), key=lambda row: str(row[0])) == sorted(expected, key=lambda row: str(row[0]))
    assert found.is_whole and found.lost == []


def test_6_a_page_that_is_missing_shows(tmp_path: Path) -> None:
    """Of a file that was cut: what is left is read, and that something is missing is known."""
    _, root, expected = written(tmp_path, False, 100)
    content = (tmp_path / "db").read_bytes()
    cut = Pages(content[: -3 * 1024], b"", 1024).tree(root, True, anything)
    assert 0 < len(cut.rows) < len(expected) and not cut.is_whole
    assert not Pages(b"", b"", 1024).tree(2, True, anything).is_whole


def test_6_a_circle_of_pages_ends(tmp_path: Path) -> None:
    """An inner page that names itself."""
    _, root, _ = written(tmp_path, False, 100)
    content = bytearray((tmp_path / "db").read_bytes())
    at = (root - 1) * 1024 + 8
    content[at : at + 4] = root.to_bytes(4, "big")
    assert not Pages(bytes(content), b"", 1024).tree(root, True, anything).is_whole


def test_6_deleted_pages_are_known(tmp_path: Path) -> None:
    """What was deleted stays in the file until its page is used again."""
    written(tmp_path, False, 100)
    db = sqlite3.connect(tmp_path / "db", isolation_level=None)
    db.execute("DELETE FROM t")
    (count,) = db.execute("PRAGMA freelist_count").fetchone()
    db.close()
    pages = Pages((tmp_path / "db").read_bytes(), b"", 1024)
    assert len(pages.free()) == count > 100
    assert len(pages.numbers()) > count


def test_6_what_is_behind_the_counted_cells_is_found(tmp_path: Path) -> None:
    """A page that counts one cell less than it has."""
    db = sqlite3.connect(tmp_path / "db", isolation_level=None)
    for statement in ("PRAGMA page_size=1024", "CREATE TABLE t (a)", "INSERT INTO t VALUES ('x'), ('y'), ('z')"):
        db.execute(statement)
    db.close()
    content = bytearray((tmp_path / "db").read_bytes())
    content[1024 + 4] -= 1
    pages = Pages(bytes(content), b"", 1024)
    assert len(pages.tree(2, True, lambda rowid, values: True).rows) == 2
    assert {cell.rowid for cell in pages.remains(2, True, lambda rowid, values: True)} == {1, 2, 3}


@pytest.mark.parametrize("at", range(0, 1024, 3))
def test_6_no_byte_of_a_page_raises(tmp_path: Path, at: int) -> None:
    """Whatever a page holds: rows, or none."""
    _, root, _ = written(tmp_path, False)
    content = bytearray((tmp_path / "db").read_bytes())
    for value in (0, 255, content[(root - 1) * 1024 + at] ^ 16):
        content[(root - 1) * 1024 + at] = value
        changed = Pages(bytes(content), b"", 1024)
        changed.tree(root, True, anything)
        changed.tree(root, False, anything)
        changed.remains(root, True, anything)
