"""The store: durable at each return, whole after damage, polite on a full or read-only disk."""

from __future__ import annotations

import errno
import functools
import os
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from daemon.store import write_ahead_log
from daemon.store.medium import Medium
from daemon.store.rows import SCRIPTS
from daemon.store.store import Store, StoreBusy, StoreFailed
from ocpp16.records import (
    Availability,
    CachedTag,
    LatchedFault,
    MeasuredValue,
    Occupancy,
    Record,
    Sample,
    Setting,
    Stamp,
    Transaction,
    Unit,
)
from ocpp16.step import Delete, Save

BEGAN = Stamp(mono=12.5, boot="b1")
RUNNING = Transaction(
    number=1, connector=1, id_tag="04A2B9", began=BEGAN, meter_start_wh=120, start_seq=1, last_wh=120, last=BEGAN
)
READING = Sample(
    seq=2,
    connector=1,
    number=1,
    at=Stamp(mono=13.0, boot="b1", utc=1_700_000_000.25, exact=False),
    context="Sample.Periodic",
    values=(MeasuredValue(value="121", measurand="Energy.Active.Import.Register", unit="Wh"),),
)
EVERYTHING: tuple[Record, ...] = (
    Unit(boot_id="b1", utc_offset=1.5, registered=True),
    Setting(name="HeartbeatInterval", value="300"),
    Availability(connector=0, operative=False, scheduled=True),
    Availability(connector=1),
    Occupancy(connector=1, finishing=True),
    LatchedFault(name="1/weld", connector=1, code="weld", detail="welded — really"),
    CachedTag(id_tag="04a2b9", status="Accepted", expires_utc=1.25, parent_id_tag="p"),
    RUNNING,
    msgspec.structs.replace(RUNNING, number=2, ended=BEGAN, meter_stop_wh=180, stop="waiting", transaction_id=-1),
    READING,
)


def saved(*records: Record) -> list[Save]:
    return [Save(record) for record in records]


NEWEST = len(list(SCRIPTS.glob("*.sql")))
"""The version of a store of today."""


def filled(folder: Path, *records: Record) -> None:
    """A store with these records, closed."""
    store = Store.open(folder)
    store.commit(saved(*records))
    store.close()


def contents(folder: Path) -> list[Record]:
    store = Store.open(folder)
    assert (store.state, store.news) == ("ok", [])
    records = store.load()
    store.close()
    return records


def codes(store: Store) -> list[str]:
    return [code for code, _ in store.news]


def in_the_dark(folder: Path, *commits: list[Save]) -> None:
    """A store whose process died after these commits: the log holds what the file does not have."""
    child = os.fork()
    if not child:
        store = Store.open(folder)
        for writes in commits:
            store.commit(writes)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


def disk(free_bytes: int, read_only: bool = False, inodes: int = 1000) -> Callable[[Path], os.statvfs_result]:
    """A file system with so much room."""
    flags = os.ST_RDONLY if read_only else 0
    found = os.statvfs_result((1, 1, 1 << 30, free_bytes, free_bytes, 1000, inodes, inodes, flags, 255))
    return lambda path: found


# --- what is kept ---------------------------------------------------------------------------------------------------


def test_every_kind_of_record_comes_back_as_it_was(tmp_path: Path) -> None:
    """What was committed is what is loaded, table by table."""
    filled(tmp_path, *EVERYTHING)
    assert contents(tmp_path) == list(EVERYTHING)


def test_a_new_store_is_empty_and_says_nothing(tmp_path: Path) -> None:
    """The first start of a unit is no news."""
    store = Store.open(tmp_path / "deep" / "folder")
    assert (store.state, store.detail, store.news, store.load()) == ("ok", "", [], [])


def test_load_hands_over_once(tmp_path: Path) -> None:
    """The store keeps no second copy of what it handed over."""
    filled(tmp_path, *EVERYTHING)
    store = Store.open(tmp_path)
    assert store.load()
    assert store.load() == []


def test_a_saved_row_takes_the_place_of_its_predecessor(tmp_path: Path) -> None:
    """The first field is the key."""
    filled(tmp_path, RUNNING)
    changed = msgspec.structs.replace(RUNNING, transaction_id=77, start="confirmed")
    filled(tmp_path, changed)
    assert contents(tmp_path) == [changed]


def test_a_deleted_row_is_gone(tmp_path: Path) -> None:
    """Delete names table and key; a row that is not there is no error."""
    filled(tmp_path, RUNNING, READING)
    store = Store.open(tmp_path)
    store.commit([Delete("sample", 2), Delete("charge", 99)])
    store.close()
    assert contents(tmp_path) == [RUNNING]


def test_unchanged_rows_write_nothing(tmp_path: Path) -> None:
    """A thousand identical settings cost not one octet of the card."""
    store = Store.open(tmp_path)
    store.commit(saved(*EVERYTHING))
    log = tmp_path / "evsed.db-wal"
    before = log.read_bytes()
    for _ in range(1000):
        store.commit(saved(*EVERYTHING))
    store.commit([])
    assert log.read_bytes() == before


def test_a_transaction_costs_the_log_little(tmp_path: Path) -> None:
    """Start, start confirmed, values sent and confirmed, end, end confirmed: below 25 kB of log."""
    store = Store.open(tmp_path)
    store.commit(saved(*EVERYTHING))
    log = tmp_path / "evsed.db-wal"
    before = log.stat().st_size
    one = msgspec.structs.replace(RUNNING, number=3)
    store.commit(saved(one))
    one = msgspec.structs.replace(one, start="confirmed", transaction_id=5)
    store.commit(saved(one))
    store.commit(saved(msgspec.structs.replace(READING, seq=9), one))
    store.commit([Delete("sample", 9)])
    one = msgspec.structs.replace(one, ended=BEGAN, meter_stop_wh=200, stop="waiting")
    store.commit(saved(one))
    store.commit(saved(msgspec.structs.replace(one, stop="confirmed")))
    assert log.stat().st_size - before < 25_000


def test_what_was_committed_survives_sudden_death(tmp_path: Path) -> None:
    """A process that is killed after a commit has lost nothing, and the next one has nothing to report."""
    in_the_dark(tmp_path, saved(RUNNING), saved(READING))
    assert contents(tmp_path) == [RUNNING, READING]


def test_only_the_owner_may_read(tmp_path: Path) -> None:
    """Card numbers are private: files 0600, folder 0700, also where their modes had been changed."""
    folder = tmp_path / "store"
    filled(folder, RUNNING)
    (folder / "evsed.db").chmod(0o644)
    store = Store.open(folder)
    store.commit(saved(READING))
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == dict.fromkeys(
        ("evsed.db", "evsed.db-wal", "evsed.lock", "evsed.reserve"), 0o600
    )


# --- one writer -----------------------------------------------------------------------------------------------------


def test_a_second_evsed_is_refused_by_name(tmp_path: Path) -> None:
    """One evsed per folder: the second one's error names the file and the process that holds it."""
    first = Store.open(tmp_path)
    with pytest.raises(StoreBusy, match=rf"evsed\.lock is held by process {os.getpid()} "):
        Store.open(tmp_path)
    first.close()
    Store.open(tmp_path).close()


def test_a_closed_store_takes_nothing_more(tmp_path: Path) -> None:
    """After `close` a commit fails, and the store is not opened again by accident."""
    store = Store.open(tmp_path)
    store.close()
    with pytest.raises(StoreFailed, match="closed"):
        store.commit(saved(RUNNING))
    with pytest.raises(StoreFailed, match="closed"):
        store.retry()


# --- commits that fail ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bad",
    [msgspec.structs.replace(RUNNING, number=1 << 70), Setting(name="x", value="\ud800")],
    ids=["huge", "no UTF-8"],
)
def test_a_commit_is_whole_or_not_at_all(tmp_path: Path, bad: Record) -> None:
    """One row that cannot be written: nothing of its commit is kept, and the connection is not used again."""
    store = Store.open(tmp_path)
    store.commit(saved(RUNNING))
    with pytest.raises(StoreFailed, match=str(tmp_path)):
        store.commit(saved(READING, bad))
    assert store.state == "unwritable"
    for again in (lambda: store.commit(saved(READING)), store.retry):
        with pytest.raises(StoreFailed):
            again()
    store.close()
    assert contents(tmp_path) == [RUNNING]


class Narrow(sqlite3.Connection):
    """A disk with a limit: with `max_page_count` SQLite reports "database or disk is full"."""

    pages = 0

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        if sql.startswith("BEGIN IMMEDIATE") and Narrow.pages:
            super().execute(f"PRAGMA max_page_count={Narrow.pages}")
        return super().execute(sql, *parameters)


BIG = saved(*(Setting(name=f"k{n}", value="x" * 500) for n in range(200)))


def test_the_reserve_serves_the_last_commits(tmp_path: Path) -> None:
    """A disk that fills between two probes: the reserve is freed, the commit succeeds, and the state shows it."""

    def connect(*arguments: object, **options: object) -> sqlite3.Connection:
        Narrow.pages = 0 if not (tmp_path / "evsed.reserve").exists() else 1
        return sqlite3.connect(*arguments, factory=Narrow, **options)  # type: ignore[call-overload, no-any-return]

    Narrow.pages = 0
    Store.open(tmp_path).close()
    store = Store.open(tmp_path, connect=connect)
    store.commit(BIG)
    assert store.state == "full"
    assert "free some room" in store.detail
    assert not (tmp_path / "evsed.reserve").exists()
    store.close()
    assert len(contents(tmp_path)) == len(BIG)


def test_without_room_and_reserve_a_commit_fails(tmp_path: Path) -> None:
    """When the reserve is not enough either, the commit fails and the error says what to do."""
    Narrow.pages = 0
    Store.open(tmp_path).close()
    store = Store.open(tmp_path, connect=functools.partial(sqlite3.connect, factory=Narrow))
    Narrow.pages = 1
    with pytest.raises(StoreFailed, match="free some room"):
        store.commit(BIG)
    Narrow.pages = 0


# --- room -----------------------------------------------------------------------------------------------------------


def test_the_watermark_has_two_marks(tmp_path: Path) -> None:
    """Full below 4 MiB, ok above 6 MiB: a value in between changes nothing."""
    room = [8 << 20]
    store = Store.open(tmp_path, statvfs=lambda path: disk(room[0])(path))
    states = []
    for room[0] in (5 << 20, 3 << 20, 5 << 20, 7 << 20):
        states.append(store.probe())
    assert states == ["ok", "full", "full", "ok"]
    assert store.free_bytes() == 7 << 20


def test_a_store_without_inodes_is_full(tmp_path: Path) -> None:
    """Room in octets does not help where no file can be made."""
    assert Store.open(tmp_path, statvfs=disk(1 << 30, inodes=3)).state == "full"


def test_a_full_store_still_takes_the_ends(tmp_path: Path) -> None:
    """Below the watermark commits succeed: running transactions must end."""
    store = Store.open(tmp_path, statvfs=disk(1 << 20))
    assert store.state == "full"
    store.commit(saved(RUNNING))
    assert not (tmp_path / "evsed.reserve").exists()


def test_a_pretended_full_store_is_full_in_name_only(tmp_path: Path) -> None:
    """`sim fault store-full`: the watermark, with no other effect, and it can be taken back."""
    store = Store.open(tmp_path)
    store.pretend_full(True)
    assert store.probe() == "full"
    store.commit(saved(RUNNING))
    store.pretend_full(False)
    assert store.probe() == "ok"


def test_a_file_system_turned_read_only_is_seen_before_a_commit_fails(tmp_path: Path) -> None:
    """Remounted read-only: unwritable, and ok as soon as it is writable, without a restart."""
    now = [disk(1 << 30)]
    store = Store.open(tmp_path, statvfs=lambda path: now[0](path))
    now[0] = disk(1 << 30, read_only=True)
    assert store.probe() == "unwritable"
    assert "mounted read-only" in store.detail
    now[0] = disk(1 << 30)
    assert store.retry() == "ok"
    store.commit(saved(RUNNING))


class Counted(Medium):
    """A medium whose kernel counts what the test says."""

    def __init__(self) -> None:
        super().__init__(Path("/"))
        self.count = 0

    def errors(self) -> int:
        return self.count


class Stopped(sqlite3.Connection):
    """An ext4 with errors=remount-ro of a newer kernel: statvfs says that it can be written, writes say EROFS."""

    stopped = False

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        if Stopped.stopped and sql.startswith("PRAGMA user_version="):
            error = sqlite3.OperationalError("attempt to write a readonly database")
            error.sqlite_errorcode = 8
            raise error
        return super().execute(sql, *parameters)


def test_3_a_kernel_that_stopped_writing_is_noticed_by_its_count_of_errors(tmp_path: Path) -> None:
    """errors=remount-ro: the count rises, a write is tried then and not before, and the text says what happened."""
    medium = Counted()
    store = Store.open(tmp_path, connect=functools.partial(sqlite3.connect, factory=Stopped), medium=medium)
    assert not store.is_suspect()
    Stopped.stopped = True
    try:
        assert store.probe() == "ok"  # nobody writes each second to find out
        medium.count = 2
        assert store.has_new_errors() and store.is_suspect() and store.probe(try_write=True) == "unwritable"
    finally:
        Stopped.stopped = False
    assert codes(store) == ["store-medium-errors", "store-unwritable"]
    assert store.news[0][1]["errors"] == 2
    assert "the kernel found errors in this file system" in store.detail and "fsck" in store.detail
    assert not store.is_suspect()
    store.close()


def test_3_a_read_only_mount_is_suspect_at_once(tmp_path: Path) -> None:
    """An older kernel says it in statvfs; with its count of errors the text names the cause."""
    now, medium = [disk(1 << 30)], Counted()
    store = Store.open(tmp_path, statvfs=lambda path: now[0](path), medium=medium)
    now[0], medium.count = disk(1 << 30, read_only=True), 1
    assert store.is_suspect() and store.probe(try_write=True) == "unwritable"
    assert "mounted read-only; the kernel found errors" in store.detail
    assert not store.is_suspect()  # told already
    store.close()


def test_3_what_cannot_be_asked_is_suspect(tmp_path: Path) -> None:
    """The folder does not answer: a write shows whether it still can be used."""

    def gone(_: Path) -> os.statvfs_result:
        raise OSError(errno.EIO, "Input/output error")

    now: list[Callable[[Path], os.statvfs_result]] = [disk(1 << 30)]
    store = Store.open(tmp_path, statvfs=lambda path: now[0](path))
    now[0] = gone
    assert store.is_suspect()
    store.close()


def test_a_folder_that_cannot_be_asked_is_unwritable(tmp_path: Path) -> None:
    """Where not even the room can be asked, nothing can be written; it is tried again."""
    asked: list[OSError] = []

    def statvfs(path: Path) -> os.statvfs_result:
        if asked:
            raise asked.pop()
        return os.statvfs(path)

    store = Store.open(tmp_path, statvfs=statvfs)
    asked.append(OSError(errno.EIO, "Input/output error"))
    assert store.probe() == "unwritable"
    assert "replace the storage medium" in store.detail
    assert store.retry() == "ok"


# --- what cannot be written -----------------------------------------------------------------------------------------


def refused(*arguments: object, **options: object) -> sqlite3.Connection:
    """A connection that does not come about: SQLite cannot open a folder."""
    return sqlite3.connect("/", **options)  # type: ignore[call-overload, no-any-return]


class Door:
    """`connect` that a test opens and shuts; copies can always be read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.is_open = False

    def __call__(self, path: Path, **options: object) -> sqlite3.Connection:
        inside = path.parent == self.folder
        return refused() if inside and not self.is_open else sqlite3.connect(path, **options)  # type: ignore[call-overload]


def test_an_unwritable_store_is_read_and_recovers(tmp_path: Path) -> None:
    """What cannot be written is a state: its records are loaded, commits fail, and it opens by itself once it can."""
    filled(tmp_path, *EVERYTHING)
    door = Door(tmp_path)
    store = Store.open(tmp_path, connect=door)
    assert store.state == "unwritable"
    assert store.load() == list(EVERYTHING)
    with pytest.raises(StoreFailed, match="give folder and files to the user"):
        store.commit(saved(RUNNING))
    assert store.retry() == "unwritable"
    assert codes(store) == ["store-unwritable"]  # reported once, however often it is tried
    door.is_open = True
    assert store.retry() == "ok"
    store.commit([Delete("charge", 1)])
    store.close()
    assert contents(tmp_path) == [record for record in EVERYTHING if record != RUNNING]


def test_other_contents_than_loaded_end_the_life(tmp_path: Path) -> None:
    """What opens later with other contents than were loaded is a reason to start again, not to go on."""
    filled(tmp_path, RUNNING)
    door = Door(tmp_path)
    store = Store.open(tmp_path, connect=door)
    assert store.load() == [RUNNING]
    aside = tmp_path / "evsed.db"
    aside.unlink()
    door.is_open = True
    with pytest.raises(StoreFailed, match="different content"):
        store.retry()
    with pytest.raises(StoreFailed):
        store.retry()


def test_a_file_in_place_of_the_folder_is_no_crash(tmp_path: Path) -> None:
    """Where no folder can be created the station runs without a store, and reports why."""
    place = tmp_path / "store"
    place.write_text("")
    store = Store.open(place)
    assert (store.state, store.load(), codes(store)) == ("unwritable", [], ["store-unwritable"])
    assert str(place) in store.detail


def test_a_file_system_without_a_log_is_refused(tmp_path: Path) -> None:
    """A file system on which SQLite falls back to another journal is named, not trusted."""

    class Fallback(sqlite3.Connection):
        def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
            return super().execute(sql.replace("journal_mode=WAL", "journal_mode=DELETE"), *parameters)

    store = Store.open(tmp_path, connect=functools.partial(sqlite3.connect, factory=Fallback))
    assert store.state == "unwritable"
    assert "write-ahead log" in store.detail


def test_a_full_disk_at_start_gives_up_its_reserve(tmp_path: Path) -> None:
    """Not even the start may fail for want of room while there is a reserve."""
    filled(tmp_path, RUNNING)
    tries = []

    def connect(path: Path, **options: object) -> sqlite3.Connection:
        tries.append((tmp_path / "evsed.reserve").exists())
        return refused() if tries[-1] else sqlite3.connect(path, **options)  # type: ignore[call-overload]

    store = Store.open(tmp_path, connect=connect, statvfs=disk(1000))
    assert (store.state, store.load(), tries) == ("full", [RUNNING], [True, False])


# --- damage ---------------------------------------------------------------------------------------------------------


def garbage(path: Path) -> None:
    path.write_bytes(random.Random(1).randbytes(8192))


def half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2 // 1024 * 1024)


def zeroed(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def emptied(path: Path) -> None:
    os.truncate(path, 0)


def foreign(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE charge (x)")
    db.close()


def foreign_and_newer(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE charge (x)")
        db.execute(f"PRAGMA user_version={NEWEST + 1}")
    db.close()


def scribbled(path: Path) -> None:
    """A page in the middle: only the check at start sees it."""
    content = bytearray(path.read_bytes())
    content[3 * 1024 : 4 * 1024] = b"\xff" * 1024
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [garbage, zeroed, emptied, foreign, foreign_and_newer])
def test_a_damaged_file_is_kept_aside_and_built_anew(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    """Never a crash loop: the bytes are kept for a person, it is reported, and the station has an empty store."""
    filled(tmp_path, *EVERYTHING)
    database = tmp_path / "evsed.db"
    damage(database)
    bytes_of_it = database.read_bytes()
    store = Store.open(tmp_path)
    assert (store.state, store.load()) == ("ok", [])
    code, fields = store.news[-1]
    assert (code, fields["kept_as"], fields["path"]) == ("store-moved-aside", "evsed.db.corrupt-1", str(database))
    assert "nothing of a store" in str(fields["lost"])
    assert (tmp_path / "evsed.db.corrupt-1").read_bytes()[100:] == bytes_of_it[100:]
    store.commit(saved(RUNNING))
    store.close()
    assert contents(tmp_path) == [RUNNING]


@pytest.mark.parametrize("name", ["evsed.db", "evsed.db-wal", "evsed.db-shm", "evsed.db-journal"])
def test_a_folder_in_place_of_a_file_is_moved_aside(tmp_path: Path, name: str) -> None:
    """What stands in the way goes out of the way, and comes to no harm."""
    (tmp_path / name).mkdir()
    (tmp_path / name / "inside").write_text("kept")
    store = Store.open(tmp_path)
    assert (store.state, codes(store)) == ("ok", ["store-obstructed"])
    store.commit(saved(RUNNING))
    kept = tmp_path / name.replace("evsed.db", "evsed.db.corrupt-1")
    assert (kept / "inside").read_text() == "kept"


def test_a_few_damaged_generations_are_kept(tmp_path: Path) -> None:
    """The newest three stay, under names that are never used twice."""
    for _ in range(5):
        (tmp_path / "evsed.db").write_text("no database at all, " * 100)
        Store.open(tmp_path).close()
    assert sorted(path.name for path in tmp_path.glob("*corrupt*")) == [f"evsed.db.corrupt-{n}" for n in (3, 4, 5)]


def test_6_a_log_with_damage_in_its_middle_loses_nothing(tmp_path: Path) -> None:
    """SQLite would give up all that comes after a flipped bit: it is read, and the octets are kept."""
    last = Setting(name="k", value="v")
    in_the_dark(tmp_path, saved(RUNNING), saved(READING), saved(*EVERYTHING), saved(last))
    log = tmp_path / "evsed.db-wal"
    content = bytearray(log.read_bytes())
    used = write_ahead_log.length(write_ahead_log.used_frames(bytes(content)), 1024)
    content[used // 2] ^= 1
    log.write_bytes(content)
    store = Store.open(tmp_path)
    (code, fields), *_ = store.news
    assert (code, fields["kept_as"]) == ("store-moved-aside", "evsed.db.corrupt-1")
    assert "write-ahead log" in str(fields["reason"]) and fields["lost"] == "nothing undelivered was lost"
    assert (tmp_path / "evsed.db.corrupt-1-wal").read_bytes() == content
    assert sorted(map(repr, store.load())) == sorted(map(repr, (*EVERYTHING, last)))
    assert store.state == "ok"


def test_c_the_log_is_laid_out_once(tmp_path: Path) -> None:
    """No commit lengthens it, so the file system's journal has nothing to write down; nor does another start."""
    store = Store.open(tmp_path)
    log = tmp_path / "evsed.db-wal"
    size = log.stat().st_size
    assert size == write_ahead_log.length(300, 1024)
    for n in range(120):
        store.commit(saved(Setting(name=f"k{n % 7}", value="x" * 300)))
        assert log.stat().st_size == size
    in_the_dark(tmp_path / "other", saved(RUNNING))
    Store.open(tmp_path / "other")
    assert (tmp_path / "other" / "evsed.db-wal").stat().st_size == size


def test_c_below_the_watermark_nothing_is_laid_out(tmp_path: Path) -> None:
    """There the room is needed for rows."""
    store = Store.open(tmp_path, statvfs=disk(5 << 20))
    assert (tmp_path / "evsed.db-wal").stat().st_size < 20_000
    store.commit(saved(RUNNING))
    store.close()
    assert contents(tmp_path) == [RUNNING]


def test_6_a_log_of_garbage_is_reported(tmp_path: Path) -> None:
    """SQLite would pass over such a log in silence."""
    filled(tmp_path, RUNNING)
    (tmp_path / "evsed.db-wal").write_bytes(random.Random(2).randbytes(5000))
    store = Store.open(tmp_path)
    assert (codes(store), store.load(), store.state) == (["store-moved-aside"], [RUNNING], "ok")


def test_6_a_log_without_its_database_is_read(tmp_path: Path) -> None:
    """Somebody removed the file: what the log holds of it is not lost."""
    in_the_dark(tmp_path, saved(RUNNING))
    (tmp_path / "evsed.db").unlink()
    store = Store.open(tmp_path)
    assert (codes(store), store.load(), store.state) == (["store-moved-aside"], [RUNNING], "ok")
    assert (tmp_path / "evsed.db.corrupt-1-wal").exists()


def test_no_flipped_bits_stop_a_station(tmp_path: Path) -> None:
    """Eighty files with flipped bits: each opens, as far as it is legible, and takes commits."""
    filled(tmp_path, *EVERYTHING)
    sound = (tmp_path / "evsed.db").read_bytes()
    dice = random.Random(20160106)
    for _ in range(80):
        content = bytearray(sound)
        for _ in range(dice.choice((1, 8, 64))):
            content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
        (tmp_path / "evsed.db").write_bytes(content)
        store = Store.open(tmp_path)
        assert store.state == "ok", store.detail
        store.load()
        store.commit(saved(RUNNING))
        store.close()


class Passing(sqlite3.Connection):
    """A read error that passes: the first check sees damage where there is none."""

    checks = 0

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        if "quick_check" in sql:
            Passing.checks += 1
            if Passing.checks == 1:
                return super().execute("SELECT 'database disk image is malformed'")
        return super().execute(sql, *parameters)


def test_damage_must_be_seen_twice(tmp_path: Path) -> None:
    """A passing read error looks like damage: nothing is moved aside that opens at the second try."""
    filled(tmp_path, RUNNING)
    store = Store.open(tmp_path, connect=functools.partial(sqlite3.connect, factory=Passing))
    assert (store.state, store.news, store.load()) == ("ok", [], [RUNNING])


# --- rows that do not validate --------------------------------------------------------------------------------------


def alter(folder: Path, *statements: str) -> None:
    """Somebody else's hand in the file."""
    db = sqlite3.connect(folder / "evsed.db")
    for statement in statements:
        db.execute(statement)
    db.commit()
    db.close()


def test_a_row_that_does_not_validate_is_put_aside(tmp_path: Path) -> None:
    """One invalid row costs itself, not the store: it is kept in `rejected`, reported once, and the rest is loaded."""
    filled(tmp_path, *EVERYTHING)
    alter(tmp_path, "UPDATE charge SET start = 'perhaps' WHERE number = 1")
    store = Store.open(tmp_path)
    assert store.news[0][0] == "store-row-rejected"
    assert store.news[0][1]["table"] == "charge"
    assert "perhaps" in str(store.news[0][1]["reason"])
    assert store.load() == [record for record in EVERYTHING if record != RUNNING]
    store.close()
    assert contents(tmp_path) == [record for record in EVERYTHING if record != RUNNING]
    db = sqlite3.connect(tmp_path / "evsed.db")
    ((source, content),) = db.execute("SELECT source, content FROM rejected")
    assert (source, '"id_tag":"04A2B9"' in content) == ("charge", True)
    db.close()


# --- other versions -------------------------------------------------------------------------------------------------


def schema(folder: Path, **scripts: str) -> Path:
    """The shipped scripts and some more."""
    folder.mkdir()
    for path in SCRIPTS.glob("*.sql"):
        (folder / path.name).write_bytes(path.read_bytes())
    last = len(list(folder.iterdir()))
    for number, text in enumerate(scripts.values(), last + 1):
        (folder / f"{number:04}.sql").write_text(text)
    return folder


LATER = "ALTER TABLE charge ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'; CREATE TABLE later (x INTEGER PRIMARY KEY)"


def test_a_later_version_migrates_and_the_earlier_one_still_works(tmp_path: Path) -> None:
    """Migrations add: the version before reads and writes on, and what it does not know stays as it is."""
    folder = tmp_path / "store"
    filled(folder, *EVERYTHING)
    later = Store.open(folder, schema=schema(tmp_path / "schema", later=LATER))
    assert codes(later) == ["store-migrated"]
    later.close()
    alter(folder, "UPDATE charge SET colour = 'blue' WHERE number = 1")
    earlier = Store.open(folder)
    assert codes(earlier) == ["store-newer"]
    assert earlier.load() == list(EVERYTHING)
    earlier.commit(saved(msgspec.structs.replace(RUNNING, last_wh=130)))
    earlier.close()
    db = sqlite3.connect(folder / "evsed.db")
    assert db.execute("SELECT last_wh, colour FROM charge WHERE number = 1").fetchall() == [(130, "blue")]
    db.close()


def test_a_migration_that_fails_harms_nothing(tmp_path: Path) -> None:
    """The store stays as it was, legible but unwritable, and the version before works with it again."""
    folder = tmp_path / "store"
    filled(folder, RUNNING)
    broken = schema(tmp_path / "schema", broken="CREATE TABLE half (x); CREATE TABLE charge (x);")
    store = Store.open(folder, schema=broken)
    assert (store.state, store.load()) == ("unwritable", [RUNNING])
    assert "install the previous version" in store.detail
    store.close()
    assert contents(folder) == [RUNNING]


# --- reading only ---------------------------------------------------------------------------------------------------


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


def test_a_reader_leaves_no_trace(tmp_path: Path) -> None:
    """`evsectl` with the daemon down: also what only the log holds is read, and no file is touched or made."""
    filled(tmp_path, RUNNING)
    in_the_dark(tmp_path, saved(READING))
    before = snapshot(tmp_path)
    reader = Store.read_only(tmp_path)
    assert (reader.load(), reader.state) == ([RUNNING, READING], "unwritable")
    with pytest.raises(StoreFailed, match="reading only"):
        reader.commit(saved(RUNNING))
    reader.close()
    assert snapshot(tmp_path) == before


def test_a_reader_sees_what_a_living_daemon_has_committed(tmp_path: Path) -> None:
    """With the daemon running, neither waits for the other."""
    store = Store.open(tmp_path)
    store.commit(saved(RUNNING))
    assert Store.read_only(tmp_path).load() == [RUNNING]
    store.commit(saved(READING))
    assert Store.read_only(tmp_path).load() == [RUNNING, READING]


def test_a_reader_copes_with_an_earlier_version(tmp_path: Path) -> None:
    """Before the new version has migrated: a table or column that is missing is empty, or its field's default."""
    filled(tmp_path, *EVERYTHING)
    alter(tmp_path, "DROP TABLE sample", "ALTER TABLE charge DROP COLUMN error")
    assert Store.read_only(tmp_path).load() == [record for record in EVERYTHING if record != READING]


@pytest.mark.parametrize("content", [None, b"no database at all, " * 100])
def test_a_reader_is_told_where_nothing_can_be_read(tmp_path: Path, content: bytes | None) -> None:
    """No store there, or none that is legible: place, cause and remedy."""
    if content:
        (tmp_path / "evsed.db").write_bytes(content)
    with pytest.raises(StoreFailed, match=rf"{tmp_path}/evsed\.db: .+; .+"):
        Store.read_only(tmp_path)
