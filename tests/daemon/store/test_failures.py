"""Failures of the store, and how they are told apart."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import pytest

from daemon.store.failures import Damaged, code, damage_as_error, is_full, remedy


def sqlite_error(statement: str, path: str = ":memory:") -> sqlite3.Error:
    """What SQLite really raises."""
    with pytest.raises(sqlite3.Error) as raised:
        sqlite3.connect(path).execute(statement)
    return raised.value


def test_errors_of_the_system_mean_the_same_as_sqlite_s() -> None:
    """One table of remedies serves both."""
    assert code(OSError(errno.ENOSPC, "full")) == sqlite3.SQLITE_FULL
    assert code(OSError("no number")) == 0
    assert is_full(OSError(errno.EDQUOT, "quota"))
    assert remedy(OSError(errno.EROFS, "read-only")) == remedy(sqlite_error("SELECT 1", "/"))
    assert "replace the storage medium" in remedy(OSError(errno.EIO, "error"))
    assert "moved aside" in remedy(ValueError("anything else"))


@pytest.mark.parametrize("statement", ["SELECT * FROM nothing", "CREATE TABLE a (b NOT NULL) STRICT"])
def test_other_tables_are_damage(statement: str) -> None:
    """The file answered, with what is not ours."""
    with pytest.raises(Damaged), damage_as_error():
        raise sqlite_error(statement)


def test_a_garbled_message_is_damage() -> None:
    """SQLite quotes what it found in the file, and that need not be text."""
    with pytest.raises(Damaged), damage_as_error():
        b"\xff".decode()


def test_a_file_that_is_no_database_is_damage(tmp_path: Path) -> None:
    """SQLite reports it itself."""
    path = tmp_path / "x"
    path.write_text("no database at all, " * 100)
    with pytest.raises(Damaged, match="not a database"), damage_as_error():
        sqlite3.connect(path).execute("SELECT * FROM sqlite_schema")


def test_what_could_not_be_reached_may_be_sound() -> None:
    """An error of the medium or of permissions does not mean damaged content."""
    with pytest.raises(sqlite3.OperationalError), damage_as_error():
        raise sqlite_error("SELECT 1", "/")
    with pytest.raises(PermissionError), damage_as_error():
        raise PermissionError(errno.EACCES, "no")
    with damage_as_error():
        pass
