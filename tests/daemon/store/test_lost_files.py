"""The store is the file, not the path: what happens to the files under a running store costs no row."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.store.store import Store, StoreFailed
from ocpp16.step import Delete
from tests.daemon.store.test_store import EVERYTHING, READING, RUNNING, codes, contents, filled, saved


def deleted(folder: Path) -> None:
    (folder / "evsed.db").unlink()


def all_deleted(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def folder_deleted(folder: Path) -> None:
    shutil.rmtree(folder)


def log_deleted(folder: Path) -> None:
    (folder / "evsed.db-wal").unlink()


def emptied(folder: Path) -> None:
    os.truncate(folder / "evsed.db", 0)


def cut(folder: Path) -> None:
    os.truncate(folder / "evsed.db", 5 * 1024)


def log_emptied(folder: Path) -> None:
    os.truncate(folder / "evsed.db-wal", 0)


def log_cut(folder: Path) -> None:
    os.truncate(folder / "evsed.db-wal", 3000)


def overwritten(folder: Path) -> None:
    with (folder / "evsed.db").open("r+b") as file:
        file.write(os.urandom(9000))


def log_overwritten(folder: Path) -> None:
    path = folder / "evsed.db-wal"
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.write(bytes(size))


def another_store(folder: Path) -> None:
    other = folder.with_name("other")
    filled(other, *EVERYTHING[:3])
    os.replace(other / "evsed.db", folder / "evsed.db")


def another_store_with_its_log(folder: Path) -> None:
    other = folder.with_name("other")
    filled(other, *EVERYTHING[:3])
    for name in ("evsed.db", "evsed.db-wal", "evsed.db-shm"):
        (folder / name).unlink(missing_ok=True)
    shutil.copy(other / "evsed.db", folder / "evsed.db")
    (folder / "evsed.db-wal").write_bytes(b"")


def folder_renamed(folder: Path) -> None:
    folder.rename(folder.with_name("renamed"))


def folder_replaced_by_a_link(folder: Path) -> None:
    folder.rename(folder.with_name("renamed"))
    other = folder.with_name("other")
    filled(other, *EVERYTHING[:3])
    folder.symlink_to(other)


def junk_in_the_way(folder: Path) -> None:
    (folder / "evsed.db").unlink()
    (folder / "evsed.db.ready").write_bytes(b"not a store")
    (folder / "evsed.db.new").write_bytes(b"not a store")
    (folder / "evsed.db.corrupt-\u00b2").mkdir()
    (folder / f"evsed.db.corrupt-{'9' * 30}").mkdir()


def junk_folders_in_the_way(folder: Path) -> None:
    (folder / "evsed.db").unlink()
    for name in ("evsed.db.ready", "evsed.db.new", "evsed.db.corrupt-1", "evsed.reserve"):
        (folder / name).unlink(missing_ok=True)
        (folder / name).mkdir()
        (folder / name / "junk").write_text("x")


VICES = (
    *(deleted, all_deleted, folder_deleted, log_deleted, emptied, cut, log_emptied, log_cut),
    *(overwritten, log_overwritten, another_store, another_store_with_its_log, folder_renamed),
    *(folder_replaced_by_a_link, junk_in_the_way, junk_folders_in_the_way),
)
Vice = Callable[[Path], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store as it stands after some days: rows in the database, and rows that only the log has."""
    place = tmp_path / "store"
    filled(place, *EVERYTHING)
    return place


@pytest.mark.parametrize("vice", VICES)
def test_5_a_commit_is_in_the_store_or_is_not_claimed(folder: Path, vice: Vice) -> None:
    """The next commit finds it, writes everything anew, and a later start reads all of it."""
    store = Store.open(folder)
    first = RUNNING.__class__(**{**_fields(RUNNING), "last_wh": 500})
    store.commit(saved(first))
    vice(folder)
    store.commit([*saved(READING), Delete("charge", 2)])
    assert codes(store) == ["store-written-anew"]
    assert store.probe() == "ok"
    store.close()
    kept = {(row.table, row.key): row for row in (*EVERYTHING, first, READING)}
    del kept["charge", 2]
    assert {(row.table, row.key): row for row in contents(folder)} == kept


@pytest.mark.parametrize("vice", VICES)
def test_5_the_watch_sees_it_without_a_commit(folder: Path, vice: Vice) -> None:
    """An idle station notices, too, and says so once."""
    store = Store.open(folder)
    store.commit(saved(RUNNING))
    vice(folder)
    assert store.probe() == "ok"
    assert store.probe() == "ok"
    assert codes(store) == ["store-written-anew"]
    store.close()
    assert contents(folder) == list(EVERYTHING)


@pytest.mark.parametrize("vice", VICES)
def test_5_between_a_commit_and_its_check(folder: Path, vice: Vice) -> None:
    """It happens while SQLite writes: what was written into nothing is written anew before anybody hears of it."""
    struck = []

    class Struck(sqlite3.Connection):
        def execute(self, sql: str, *parameters: object) -> sqlite3.Cursor:
            if sql == "COMMIT" and struck == ["armed"]:
                struck.append("struck")
                vice(folder)
            return super().execute(sql, *parameters)  # type: ignore[arg-type]

    store = Store.open(folder, connect=lambda path, **options: sqlite3.connect(path, factory=Struck, **options))
    store.commit(saved(EVERYTHING[1]))
    struck.append("armed")
    changed = RUNNING.__class__(**{**_fields(RUNNING), "last_wh": 700})
    store.commit(saved(changed))
    store.commit(saved(READING))
    store.close()
    assert changed in contents(folder)


def test_5_what_was_there_is_kept(folder: Path) -> None:
    """Another store in place of ours is somebody's: it is set aside, not overwritten."""
    store = Store.open(folder)
    another_store(folder)
    store.probe()
    (_, fields), *_ = store.news
    assert fields["kept_as"] == "evsed.db.corrupt-1" and fields["reason"] == "evsed.db was deleted"
    db = sqlite3.connect(folder / "evsed.db.corrupt-1")
    assert db.execute("SELECT count(*) FROM charge").fetchone() == (0,)
    db.close()
    store.close()


def test_5_a_store_that_cannot_be_written_anew_is_unwritable(folder: Path) -> None:
    """A file stands in place of the folder: it says so, holds everything in memory, and goes on when that is gone."""
    store = Store.open(folder)
    store.commit(saved(READING))
    folder_renamed(folder)
    folder.write_text("")
    assert store.probe() == "unwritable"
    assert "evsed.db is not where it was" in store.detail and "cannot be written anew" in store.detail
    assert store.retry() == "unwritable"
    assert store.retry() == "unwritable"
    assert codes(store) == ["store-unwritable"]
    with pytest.raises(StoreFailed, match="not where it was"):
        store.commit(saved(RUNNING))
    folder.unlink()
    assert store.retry() == "ok"
    store.close()
    assert contents(folder) == list(EVERYTHING)


def test_5_a_commit_that_cannot_be_written_anew_fails(folder: Path) -> None:
    """Nothing is claimed; the process must end."""
    store = Store.open(folder)
    folder_renamed(folder)
    folder.write_text("")
    with pytest.raises(StoreFailed, match="cannot be written anew"):
        store.commit(saved(READING))
    with pytest.raises(StoreFailed):
        store.retry()


def test_5_the_folder_of_another_evsed_is_left_alone(folder: Path) -> None:
    """Somebody else has taken the path meanwhile: unwritable, and his store is as it was."""
    store = Store.open(folder)
    folder_renamed(folder)
    other = Store.open(folder)
    assert store.probe() == "unwritable"
    assert "is held by process" in store.detail
    other.close()
    assert store.retry() == "ok"
    store.close()
    assert contents(folder) == list(EVERYTHING)


def test_5_the_index_of_the_log_is_no_file(folder: Path) -> None:
    """A file that is mapped into memory and cut ends the process; and no other program can write into ours."""
    store = Store.open(folder)
    store.commit(saved(READING))
    assert not (folder / "evsed.db-shm").exists()
    db = sqlite3.connect(folder / "evsed.db", timeout=0)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        db.execute("UPDATE charge SET meter_start_wh = 99999")
    db.close()
    store.close()


@pytest.mark.parametrize("does", ["UPDATE charge SET meter_start_wh = 99999", "BEGIN EXCLUSIVE"])
def test_5_a_program_that_was_there_before(folder: Path, does: str) -> None:
    """Somebody's shell has the file open at our start: it is shared; neither its rows nor its locks cost nothing."""
    db = sqlite3.connect(folder / "evsed.db", isolation_level=None, timeout=0)
    db.execute("PRAGMA journal_mode=WAL").fetchone()
    db.execute("SELECT * FROM charge").fetchall()
    store = Store.open(folder, connect=lambda path, **options: sqlite3.connect(path, **{**options, "timeout": 0.0}))
    assert store.state == "ok"
    store.commit(saved(READING))
    db.execute(does)
    changed = RUNNING.__class__(**{**_fields(RUNNING), "last_wh": 700})
    store.commit(saved(changed))
    assert codes(store) == ["store-written-anew"]
    db.close()
    store.close()
    assert changed in contents(folder) and READING in contents(folder)


@pytest.mark.parametrize("vice", [deleted, emptied, another_store, overwritten])
def test_5_memory_stands_above_what_opens_later(folder: Path, vice: Vice) -> None:
    """While it could not be written (a read-only mount, an error) the files were changed as well."""
    store = Store.open(folder)
    store.commit(saved(READING))
    store._database.close()
    vice(folder)
    assert store.retry() == "ok"
    assert codes(store) == ["store-written-anew"]
    store.close()
    assert contents(folder) == list(EVERYTHING)


@pytest.mark.parametrize(("code", "vice"), [(11, None), (26, None), (10, deleted), (5, None), (10, None)])
def test_5_a_commit_that_meets_damage_is_made_elsewhere(folder: Path, code: int, vice: Vice | None) -> None:
    """SQLite says that the file is malformed, or fails because it is gone: everything is in memory.  Else it failed."""
    struck = []

    class Malformed(sqlite3.Connection):
        def execute(self, sql: str, *parameters: object) -> sqlite3.Cursor:
            if sql.startswith("INSERT") and struck == ["armed"]:
                struck.append("struck")
                if vice is not None:
                    vice(folder)
                error = sqlite3.DatabaseError("as SQLite says it")
                error.sqlite_errorcode = code
                raise error
            return super().execute(sql, *parameters)  # type: ignore[arg-type]

    store = Store.open(folder, connect=lambda path, **options: sqlite3.connect(path, factory=Malformed, **options))
    store.commit([Delete("sample", READING.seq)])
    struck.append("armed")
    if code == sqlite3.SQLITE_IOERR and vice is None:
        with pytest.raises(StoreFailed, match="the medium fails"):
            store.commit(saved(READING))
        return
    store.commit(saved(READING))
    assert codes(store) == ["store-written-anew"] and struck == ["armed", "struck"]
    store.close()
    assert contents(folder) == list(EVERYTHING)


def test_5_a_store_that_is_not_open_can_be_asked(tmp_path: Path) -> None:
    """Nothing is opened by it."""
    (tmp_path / "evsed.lock").mkdir()
    store = Store.open(tmp_path)
    assert store.probe() == "unwritable"
    assert "evsed.lock" in store.detail


def _fields(record: object) -> dict[str, object]:
    return {name: getattr(record, name) for name in record.__struct_fields__}  # type: ignore[attr-defined]
