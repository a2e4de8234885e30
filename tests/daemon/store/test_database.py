"""The database of the folder: what may stand in its place, its version, its rows, and how it is replaced."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import sqlite3
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path

import msgspec
import pytest

from daemon.store.store import Store, StoreBusy, StoreFailed
from ocpp16.records import CachedTag, Record, Setting, Transaction, Unit
from tests.daemon.store.test_store import (
    EVERYTHING,
    NEWEST,
    READING,
    RUNNING,
    alter,
    codes,
    contents,
    filled,
    in_the_dark,
    saved,
)

NEWER_TABLES = (
    *("register_seen", "security_event", "security_log", "signed_firmware_update", "connection_set"),
    *("certificate", "equipment"),
)
"""An early version of the store does not have them."""

FILES = ("evsed.db", "evsed.db-wal", "evsed.db-shm", "evsed.db-journal")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store with a row of each kind."""
    filled(tmp_path / "store", *EVERYTHING)
    return tmp_path / "store"


# --- what stands in place of a file -----------------------------------------------------------------------------------


def device(path: Path) -> None:
    try:
        os.mknod(path, 0o020600, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("this user may not make a device")


def listening(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as sock, chdir(path.parent):  # a Unix socket's path has at most 107 bytes
        sock.bind(path.name)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kind", [os.mkfifo, device, listening, Path.mkdir])
def test_7_what_is_no_file_blocks_nobody(folder: Path, kind: Callable[[Path], None], name: str) -> None:
    """A FIFO would be waited for until somebody writes: it is moved aside, and the station has a store."""
    (folder / name).unlink(missing_ok=True)
    kind(folder / name)
    store = Store.open(folder)
    assert (store.state, codes(store)) == ("ok", ["store-obstructed"])
    store.commit(saved(RUNNING))
    store.close()


@pytest.mark.parametrize("name", ["evsed.reserve", "evsed.db.new", "evsed.db.new-wal"])
@pytest.mark.parametrize("kind", [os.mkfifo, device, Path.mkdir])
def test_7_beside_the_database_it_does_not_matter(folder: Path, kind: Callable[[Path], None], name: str) -> None:
    """A reserve that is none, a draft that is none."""
    (folder / name).unlink(missing_ok=True)
    kind(folder / name)
    (folder / "evsed.db").write_bytes(b"")  # a draft is needed
    store = Store.open(folder)
    assert (store.state, codes(store)) == ("ok", ["store-moved-aside"])
    store.close()


@pytest.mark.parametrize("kind", [os.mkfifo, device, Path.mkdir])
def test_7_a_lock_that_cannot_be_made_is_a_state(folder: Path, kind: Callable[[Path], None]) -> None:
    """Not a reason to end: without the lock nothing is written, everything is read, and it goes on by itself."""
    lock = folder / "evsed.lock"
    lock.unlink()
    kind(lock)
    store = Store.open(folder)
    assert (store.state, store.load()) == ("unwritable", list(EVERYTHING))
    assert "evsed.lock" in store.detail
    lock.rmdir() if lock.is_dir() else lock.unlink()
    assert store.retry() == "ok"


@pytest.mark.parametrize("name", [*FILES, "evsed.db.new", "evsed.db.ready", "evsed.lock", "evsed.reserve"])
def test_16_a_link_is_refused(folder: Path, name: str) -> None:
    """Whoever sets a symbolic link would say where evsed writes: the station is Faulted until it is gone."""
    other = folder.with_name("other")
    if (folder / name).exists():
        (folder / name).rename(other)
    else:
        other.write_bytes(b"of somebody")
    before = other.read_bytes()
    (folder / name).symlink_to(other)
    store = Store.open(folder)
    assert store.state == "unwritable"
    assert "symbolic link" in store.detail and "remove the link" in store.detail
    assert other.read_bytes() == before and (folder / name).is_symlink()
    (folder / name).unlink()
    if name in ("evsed.db", "evsed.lock"):
        other.rename(folder / name)
    with contextlib.suppress(StoreFailed):  # what could not be read before: the process starts afresh
        assert store.retry() == "ok"
    store.close()
    assert contents(folder) == list(EVERYTHING)


def test_16_a_link_to_the_folder_is_one_s_own_choice(folder: Path) -> None:
    """As systemd does it for a dynamic user."""
    link = folder.with_name("link")
    link.symlink_to(folder)
    store = Store.open(link)
    store.commit(saved(READING))
    assert store.state == "ok"


def test_16_a_hard_link_is_told_once(folder: Path) -> None:
    """At the start and while it runs: what is taken for a copy is the store itself."""
    os.link(folder / "evsed.db", folder.with_name("backup"))
    store = Store.open(folder)
    assert store.news == [("store-linked", {"path": str(folder / "evsed.db"), "names": 2})]
    store.probe()
    os.link(folder / "evsed.db", folder.with_name("backup-2"))
    store.probe()
    store.probe()
    assert [fields["names"] for _, fields in store.news] == [2, 3]


@pytest.mark.parametrize("mask", [0o000, 0o077])
def test_16_every_file_is_private_at_birth(folder: Path, mask: int) -> None:
    """Whatever the umask: also what is set aside, a draft, the reserve."""
    (folder / "evsed.db").write_bytes(b"damaged" * 1000)
    (folder / "evsed.db-wal").write_bytes(b"damaged" * 1000)
    (folder / "evsed.db-wal").chmod(0o644)
    before = os.umask(mask)
    try:
        store = Store.open(folder)
        store.commit(saved(READING))
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert modes == dict.fromkeys(modes, 0o600)
    assert {"evsed.db", "evsed.db-wal", "evsed.db.corrupt-1", "evsed.db.corrupt-1-wal"} <= modes.keys()


# --- one evsed --------------------------------------------------------------------------------------------------------


def test_7_a_lock_file_that_was_deleted_lets_nobody_in(folder: Path) -> None:
    """The folder itself is locked as well."""
    first = Store.open(folder)
    (folder / "evsed.lock").unlink()
    with pytest.raises(StoreBusy, match=r"whose evsed\.lock was removed"):
        Store.open(folder)
    first.close()
    Store.open(folder).close()


# --- versions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [-1, -5, *range(NEWEST), NEWEST + 1, 99, 1000, 2**31 - 1, -(2**31)])
def test_7_a_version_that_makes_no_sense_costs_nothing(folder: Path, version: int) -> None:
    """Negative, huge, too low for its tables, or higher without anything new: every row is carried into a new file."""
    alter(folder, f"PRAGMA user_version={version}")
    store = Store.open(folder)
    (code, fields), *_ = store.news
    assert (store.state, code, fields["lost"]) == ("ok", "store-moved-aside", "nothing undelivered was lost")
    store.close()
    assert contents(folder) == list(EVERYTHING)


def test_7_a_later_version_is_used_as_far_as_it_is_known(folder: Path) -> None:
    """It may not believe its checksums, which cover columns that it does not know, and leaves none of its own."""
    alter(folder, f"PRAGMA user_version={NEWEST + 1}", "CREATE TABLE later (x INTEGER PRIMARY KEY)")
    alter(folder, "ALTER TABLE charge ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'")
    alter(folder, "UPDATE charge SET colour = 'blue', checksum = 7")
    store = Store.open(folder)
    assert (store.state, codes(store), store.load()) == ("ok", ["store-newer"], list(EVERYTHING))
    store.commit(saved(msgspec.structs.replace(RUNNING, last_wh=130)))
    store.close()
    db = sqlite3.connect(folder / "evsed.db")
    assert db.execute("SELECT last_wh, colour, checksum FROM charge WHERE number = 1").fetchone() == (130, "blue", None)
    db.close()


def test_6_rows_of_an_earlier_version_get_their_checksums(tmp_path: Path) -> None:
    """A store without: each row is written once more, and then every row has one."""
    folder = tmp_path / "store"
    filled(folder, *EVERYTHING)
    alter(folder, *(f"DROP TRIGGER {table}_{what}" for table in TABLES for what in ("inserted", "updated")))
    alter(folder, *(f"ALTER TABLE {table} DROP COLUMN checksum" for table in TABLES))
    alter(
        folder,
        *(f"DROP TABLE {table}" for table in NEWER_TABLES),
    )
    alter(folder, "PRAGMA user_version=3")
    store = Store.open(folder)
    assert ({*codes(store)}, store.load()) == ({"store-migrated"}, list(EVERYTHING))
    store.close()
    db = sqlite3.connect(folder / "evsed.db")
    assert db.execute("SELECT count(*) FROM charge WHERE checksum > 0").fetchone() == (2,)
    db.close()


TABLES = (
    *("unit", "setting", "availability", "occupancy", "latched_fault", "cached_tag", "meter_swap", "charge", "sample"),
    *("register_seen", "listed_tag", "list_version", "reservation", "profile", "firmware_update"),
    *("security_event", "security_log", "signed_firmware_update", "connection_set", "certificate"),
    "equipment",
)


def test_6_what_an_earlier_version_writes_is_believed(folder: Path) -> None:
    """It knows nothing of checksums: the row's is not known any more, for an insertion and for a change."""
    alter(
        folder,
        "UPDATE charge SET last_wh = 777 WHERE number = 1",
        "INSERT INTO setting (name, value) VALUES ('a', 'b')",
    )
    changed = msgspec.structs.replace(RUNNING, last_wh=777)
    found = contents(folder)
    assert changed in found and Setting(name="a", value="b") in found


@pytest.mark.parametrize(
    "record",
    [
        Unit(floor_utc=5),
        Unit(floor_utc=-0.0, utc_offset=1e300),
        CachedTag(id_tag="é\u2028\0x", status="Accepted", expires_utc=3, used=2**53 + 1),
        msgspec.structs.replace(RUNNING, told_utc=-0.0, energy_ends_wh=0, error="x" * 5000),
    ],
)
def test_6_what_was_written_is_believed(tmp_path: Path, record: Record) -> None:
    """Numbers as SQLite gives them back, texts of any kind: the checksum does not accuse an innocent row."""
    filled(tmp_path, record)
    assert contents(tmp_path) == [record]


# --- replaced ---------------------------------------------------------------------------------------------------------


def test_6_a_power_cut_while_the_new_file_takes_its_place(folder: Path) -> None:
    """The new one is complete, the old one half set aside: the next start goes on, whatever stood there."""
    new = folder.with_name("new")
    filled(new, READING)
    shutil.copy(new / "evsed.db", folder / "evsed.db.ready")
    (folder / "evsed.db").unlink()
    (folder / "evsed.db-wal").write_bytes(b"of the old one")
    assert contents(folder) == [READING]
    assert (folder / "evsed.db.corrupt-1-wal").read_bytes() == b"of the old one"


def test_6_salvage_on_a_full_disk_waits_for_room(folder: Path) -> None:
    """Nothing can be written anew: what was salvaged is used meanwhile, and is written once there is room."""
    content = bytearray((folder / "evsed.db").read_bytes())
    content[10 * 1024 : 10 * 1024 + 100] = bytes(100)
    (folder / "evsed.db").write_bytes(content)
    no_room = [True]

    def connect(path: Path, **options: object) -> sqlite3.Connection:
        if no_room and path.name == "evsed.db.new":
            raise OSError(28, "No space left on device")
        return sqlite3.connect(path, **options)  # type: ignore[arg-type]

    store = Store.open(folder, connect=connect)
    loaded = store.load()
    assert store.state == "unwritable" and RUNNING in loaded
    no_room.clear()
    assert store.retry() == "ok"
    store.close()
    assert contents(folder) == loaded


def test_3_a_write_is_tried_if_none_was_made(folder: Path) -> None:
    """After a commit no other proof is needed; later a write that changes nothing is made, and its failure shows."""
    tried: list[str] = []
    broken: list[str] = []

    class Medium(sqlite3.Connection):
        def execute(self, sql: str, *parameters: object) -> sqlite3.Cursor:
            if sql.startswith("PRAGMA user_version="):
                tried.append(sql)
                if broken:
                    raise sqlite3.OperationalError("disk I/O error")
            return super().execute(sql, *parameters)  # type: ignore[arg-type]

    store = Store.open(folder, connect=lambda path, **options: sqlite3.connect(path, factory=Medium, **options))
    tried.clear()
    store.probe(try_write=True)
    assert tried == []  # the start was one
    store.probe(try_write=True)
    assert tried != []
    store.commit(saved(Transaction(**{**msgspec.structs.asdict(RUNNING), "number": 9})))
    tried.clear()
    store.probe()
    store.probe(try_write=True)
    assert tried == []
    broken.append("since now")
    assert store.probe(try_write=True) == "unwritable"
    assert "disk I/O error" in store.detail
    assert store.retry() == "unwritable"
    broken.clear()
    assert store.retry() == "ok"
    assert codes(store) == ["store-unwritable"]


def test_5_a_sudden_death_is_no_fault(folder: Path) -> None:
    """What a killed process leaves is no damage."""
    in_the_dark(folder, saved(READING))
    assert contents(folder) == list(EVERYTHING)


@pytest.mark.parametrize("kind", ["junk", "empty", "cut", "folder", "fifo"])
def test_7_what_is_no_draft_never_becomes_the_store(folder: Path, kind: str) -> None:
    """Something stands where a complete draft would: it is set aside, and the store is what it was."""
    ready = folder / "evsed.db.ready"
    if kind == "folder":
        ready.mkdir()
    elif kind == "fifo":
        os.mkfifo(ready)
    else:
        whole = (folder / "evsed.db").read_bytes()
        ready.write_bytes({"junk": b"x" * 4096, "empty": b"", "cut": whole[:-1024]}[kind])
    assert contents(folder) == list(EVERYTHING)
    assert not os.path.lexists(ready) and os.path.lexists(folder / "evsed.db.corrupt-1.ready")
