"""The store: everything that survives a power cut, in one SQLite file.  The only user of `sqlite3`; decides nothing.

WAL and synchronous=FULL: a commit that has returned is on the disk.  A connection that failed is never used again.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from daemon.filesystem import Statvfs
from daemon.store.failures import ACCESS, Damaged, StoreBusy, StoreFailed, damage_as_error, is_full, remedy
from daemon.store.folder import RESERVE_BYTES, Folder, wal_damage
from daemon.store.rows import SCRIPTS, text
from daemon.store.tables import News, migrate, read, write
from ocpp16.events import StoreState
from ocpp16.records import Record
from ocpp16.step import Write

__all__ = ["Store", "StoreBusy", "StoreFailed"]

PAGE_BYTES = 1024
"""Small, so that writing a row wears the medium little."""
CHECKPOINT_PAGES = 1000
"""Length of the log at which its pages are moved into the database."""
BUSY_S = 2.0
"""How long to wait for a reader that recovers the log."""

_REFUSALS = (sqlite3.Error, OSError, ValueError, Damaged)

Connect = Callable[..., sqlite3.Connection]


class Store:
    """One writer, one file, one transaction per `commit`.

    `news`: notes for the journal as (code, fields); whoever logs them removes them.  Opening survives everything but a
    folder in use (`StoreBusy`): damaged files are moved aside, and that nothing can be written is a `state`.
    """

    def __init__(
        self, folder: Folder, connect: Connect, schema: Path = SCRIPTS, checkpoint_pages: int = CHECKPOINT_PAGES
    ) -> None:
        self.news: list[News] = []
        self._folder = folder
        self._connect = connect
        self._schema = schema
        self._checkpoint_pages = checkpoint_pages
        self._db: sqlite3.Connection | None = None
        self._records: list[Record] | None = None
        self._trouble = ""
        self._may_write = True
        self._is_spent = False
        self._pretends = False

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        connect: Connect = sqlite3.connect,
        statvfs: Statvfs = os.statvfs,
        schema: Path = SCRIPTS,
        checkpoint_pages: int = CHECKPOINT_PAGES,
    ) -> Store:
        """The store in `path`: created, repaired, migrated and checked as far as possible.  Raises `StoreBusy`."""
        store = cls(Folder(path, statvfs), connect, schema, checkpoint_pages)
        store.retry()
        return store

    @classmethod
    def read_only(cls, path: Path, *, connect: Connect = sqlite3.connect) -> Store:
        """The store in `path` for reading: only `load` can be used.  Raises `StoreFailed`."""
        store = cls(Folder(path), connect)
        try:
            store._records = store._read_copy()
        except _REFUSALS as error:
            raise StoreFailed(store._explained(error)) from error
        store._trouble = f"{store._folder.database}: opened for reading only"
        return store

    # --- for every step -----------------------------------------------------------------------------------------------

    def load(self) -> list[Record]:
        """All records, table by table, by key.  To be called once: the store keeps no second copy."""
        records = self._records or []
        if self._db is not None:
            self._records = None
        return records

    def commit(self, writes: Sequence[Write]) -> None:
        """One durable transaction; unchanged rows cost nothing.  Raises `StoreFailed`: then the process must end."""
        if not writes:
            return
        if self._db is None:
            raise StoreFailed(self._trouble)
        try:
            write(self._db, writes)
        except (sqlite3.Error, ValueError, OverflowError) as error:
            if not self._makes_room(error):
                raise self._failure(error) from error
            self._write_again(writes)

    # --- room and writability -----------------------------------------------------------------------------------------

    @property
    def state(self) -> StoreState:
        """`unwritable`: no commit can succeed.  `full`: below the watermark; commits still succeed."""
        if self._db is None or not self._may_write:
            return "unwritable"
        return "full" if self._pretends or self._folder.is_low else "ok"

    @property
    def detail(self) -> str:
        """Why `state` is not `ok`: place, cause, remedy.  Empty where it is."""
        full = f"{self._folder.path}: too little free room; free some room on this file system"
        return {"unwritable": self._trouble, "full": full, "ok": ""}[self.state]

    def probe(self) -> StoreState:
        """Measure the room again; cheap."""
        try:
            self._may_write = self._folder.measure()
            if self._db is not None and self._may_write:
                self._folder.keep_reserve()
            elif self._db is not None:
                self._trouble = f"{self._folder.path}: mounted read-only; {ACCESS}"
        except OSError as error:
            self._may_write = False
            self._trouble = self._explained(error)
        return self.state

    def retry(self) -> StoreState:
        """As `probe`, and open what could not be opened before.

        Raises `StoreFailed` after a failed commit, and where the records differ from what `load` gave: in both cases
        the process must restart.
        """
        if self._is_spent:
            raise StoreFailed(self._trouble)
        if self._db is None:
            before = self._records
            try:
                self._open()
            except _REFUSALS as error:
                self._close_database()
                self._report_unwritable(error)
            else:
                if before not in (None, self._records):
                    raise self._failure(Damaged("can be opened now, with different content"))
        return self.probe()

    def free_bytes(self) -> int:
        """Free room for this user on the store's file system.  Raises `OSError`."""
        return self._folder.free_bytes()

    def pretend_full(self, on: bool) -> None:
        """`evsectl sim fault store-full`: report the watermark, without any other effect."""
        self._pretends = on

    def close(self) -> None:
        """Close the database and unlock the folder."""
        self._close_database()
        self._trouble = f"{self._folder.database}: closed"
        self._is_spent = True
        self._folder.leave()

    # --- opening ------------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        """Damage must be found twice, for a temporary read error looks alike; then the files are moved aside."""
        self._folder.enter()
        is_suspect = False
        for _ in range(2):
            try:
                return self._open_file()
            except Damaged as error:
                self._close_database()
                if is_suspect:
                    self._set_aside(self._folder.content, str(error))
                else:
                    self._folder.read_through()
                is_suspect = not is_suspect
            except (sqlite3.Error, OSError) as error:
                self._close_database()
                if not self._makes_room(error):
                    raise
        self._open_file()

    def _open_file(self) -> None:
        folder = self._folder
        if intruders := folder.intruders():
            self._set_aside(intruders, "not a regular file, or a log without its database")
        if not folder.database.exists():
            self._create()
        elif not folder.database.stat().st_size:
            raise Damaged("empty file")
        folder.make_private()
        log = folder.settle_wal()
        with damage_as_error():
            self._db = db = self._connected(folder.database)
            (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise Damaged(verdict)
            if log:
                self._compare_log(log, db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1])
        self.news += migrate(db, self._schema)
        with damage_as_error():
            self._records, news = read(db, repair=True)
        self.news += news

    def _create(self) -> None:
        """A new database appears complete or not at all."""
        self._folder.begin_draft()
        with contextlib.closing(self._connected(self._folder.draft)) as db:
            migrate(db, self._schema)
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        self._folder.publish_draft()

    def _connected(self, path: Path) -> sqlite3.Connection:
        db = self._connect(path, isolation_level=None, timeout=BUSY_S)
        db.text_factory = text
        for pragma in (
            f"page_size={PAGE_BYTES}",
            "synchronous=EXTRA",  # in WAL the same as FULL; the draft's rollback journal is deleted durably, too
            "secure_delete=OFF",  # freed content is not overwritten
            "trusted_schema=OFF",
            "cell_size_check=ON",
            f"wal_autocheckpoint={self._checkpoint_pages}",
        ):
            db.execute("PRAGMA " + pragma)
        (mode,) = db.execute("PRAGMA journal_mode=WAL").fetchone()
        if mode != "wal":
            raise OSError(f"this file system cannot hold a write-ahead log (SQLite chose {mode})")
        return db

    def _read_copy(self) -> list[Record]:
        """Read from a copy: SQLite writes where it reads a log, and may wait 10 s where it cannot."""
        with self._folder.copied() as copy, contextlib.closing(self._connect(copy)) as db:
            db.text_factory = text
            return read(db, repair=False)[0]

    # --- what went wrong ----------------------------------------------------------------------------------------------

    def _set_aside(self, paths: Iterable[Path], reason: str) -> None:
        kept_as = self._folder.set_aside(paths)
        fields: dict[str, str | int] = {"path": str(self._folder.database), "kept_as": kept_as, "reason": reason}
        self.news.append(("store-moved-aside", fields))

    def _compare_log(self, log: bytes, used_frames: int) -> None:
        if reason := wal_damage(log, used_frames):
            kept_as = self._folder.keep_copy_of_wal(log)
            self.news.append(("store-log-damaged", {"kept_as": kept_as, "reason": reason}))

    def _report_unwritable(self, error: Exception) -> None:
        """Report it once per cause; continue with what can be read."""
        detail = self._explained(error)
        if detail != self._trouble:
            self.news.append(("store-unwritable", {"detail": detail}))
        self._trouble = detail
        if self._records is None:
            try:
                self._records = self._read_copy()
            except _REFUSALS:
                self._records = []

    def _makes_room(self, error: Exception) -> bool:
        """True where the disk was full and the reserve has been freed."""
        full = is_full(error)
        with contextlib.suppress(OSError):
            full = full or self._folder.free_bytes() < RESERVE_BYTES
        return full and self._folder.give_up_reserve()

    def _write_again(self, writes: Sequence[Write]) -> None:
        self._close_database()
        try:
            self._db = self._connected(self._folder.database)
            write(self._db, writes)
        except (*_REFUSALS, OverflowError) as error:
            raise self._failure(error) from error

    def _failure(self, error: Exception) -> StoreFailed:
        """The connection is closed: after a failed write its state is unknown."""
        self._close_database()
        self._is_spent = True
        self._trouble = self._explained(error)
        return StoreFailed(self._trouble)

    def _explained(self, error: Exception) -> str:
        return f"{self._folder.database}: {error}; {remedy(error)}"

    def _close_database(self) -> None:
        if self._db is not None:
            with contextlib.suppress(sqlite3.Error):
                self._db.close()
            self._db = None
