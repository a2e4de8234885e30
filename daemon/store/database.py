"""The database of the store's folder: opened and checked, salvaged where it is damaged, written anew from records.

WAL and synchronous=FULL: a commit that has returned is on the disk.  A connection that failed is never used again.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from daemon.store import write_ahead_log
from daemon.store.failures import Damaged, damage_as_error, is_locked
from daemon.store.folder import Folder
from daemon.store.open_files import OpenFiles
from daemon.store.rows import text
from daemon.store.salvage import Layout, Salvaged, salvage
from daemon.store.set_aside import set_aside
from daemon.store.tables import News, is_adopted, is_later, layout, migrate, read, try_write, write
from ocpp16.records import Record
from ocpp16.step import Save, Write

PAGE_BYTES = 1024
"""Small, so that writing a row wears the medium little."""
CHECKPOINT_PAGES = 250
"""Length of the log, estimated, at which its pages are moved into the database."""
SPARE = 5
"""The log is laid out longer by so many-th of that: for a commit that is larger than estimated."""
PAGES_OF_A_COMMIT, PAGES_OF_A_ROW = 1, 2
BUSY_S = 2.0
"""How long to wait for a reader that recovers the log."""

Connect = Callable[..., sqlite3.Connection]


class Database:
    """One connection, and the files that it has open.  `news`: notes for the journal are added to it."""

    def __init__(self, folder: Folder, connect: Connect, schema: Path, checkpoint_pages: int, news: list[News]) -> None:
        self._folder = folder
        self._connect = connect
        self._schema = schema
        self._checkpoint_pages = checkpoint_pages
        self._news = news
        self._db: sqlite3.Connection | None = None
        self._files: OpenFiles | None = None
        self._lost = ""
        self._log_pages = 0
        self._is_checked = True
        self._names = 1

    @property
    def is_open(self) -> bool:
        return self._db is not None

    # --- opening ------------------------------------------------------------------------------------------------------

    def open(self) -> list[Record]:
        """All records.  Damage must be found twice, for a temporary read error looks alike; then it is salvaged."""
        try:
            return self.open_sound()
        except Damaged:
            self._folder.read_through()
        try:
            return self.open_sound()
        except Damaged as damaged:
            found = self.salvaged()
            fields = self._written_anew(found.records, str(damaged))
            self._news.append(("store-moved-aside", {**fields, "lost": found.lost}))
        return self.open_sound()

    def open_sound(self) -> list[Record]:
        """All records of a file that is sound, created if it is missing.  Raises Damaged; it is closed then."""
        self._folder.enter()
        self._folder.refuse_links()
        self._folder.finish_publishing()
        try:
            return self._open_file()
        except BaseException:
            self.close()
            raise

    def _open_file(self) -> list[Record]:
        folder = self._folder
        if intruders := folder.intruders():
            kept_as = set_aside(folder.database, intruders)
            self._news.append(("store-obstructed", {"path": str(folder.database), "kept_as": kept_as}))
        if not folder.database.exists():
            if folder.wal.exists():
                raise Damaged("a write-ahead log without its database")
            self._write_draft([])
            folder.publish_draft()
        elif not folder.database.stat().st_size:
            raise Damaged("empty file")
        folder.make_private()
        log = folder.settle_wal()
        if reason := write_ahead_log.damage(log, write_ahead_log.used_frames(log)):
            raise Damaged(reason)
        folder.lay_out_log(self._log_bytes())
        with damage_as_error():
            self._db = db = self._connected(folder.database)
            (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise Damaged(verdict)
        news = migrate(db, self._schema)
        self._is_checked = not is_later(news)
        with damage_as_error():
            records, rejected = read(db, repair=True, checked=self._is_checked, adopt=is_adopted(news))
        if is_adopted(news):
            write(db, [Save(record) for record in records])
        try_write(db)
        self._files = OpenFiles(folder.database, folder.wal)
        self._news += news + rejected
        return records

    def _log_bytes(self) -> int:
        return write_ahead_log.length(self._checkpoint_pages + self._checkpoint_pages // SPARE, PAGE_BYTES)

    def _connected(self, path: Path) -> sqlite3.Connection:
        """Locked for us alone: then the index of the log is ours, too, and not a file that somebody may cut.

        Where another program has the file open, it is shared with it.
        """
        try:
            return self._connected_as(path, "EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if not is_locked(error):
                raise
        return self._connected_as(path, "NORMAL")

    def _connected_as(self, path: Path, locking_mode: str) -> sqlite3.Connection:
        db = self._connect(path, isolation_level=None, timeout=BUSY_S)
        db.text_factory = text
        try:
            for pragma in (
                f"page_size={PAGE_BYTES}",
                f"locking_mode={locking_mode}",
                "synchronous=EXTRA",  # in WAL the same as FULL; the draft's rollback journal is deleted durably, too
                "secure_delete=OFF",  # freed content is not overwritten
                "trusted_schema=OFF",
                "cell_size_check=ON",
                "wal_autocheckpoint=0",  # `write` does it: at a known moment
            ):
                db.execute("PRAGMA " + pragma)
            (mode,) = db.execute("PRAGMA journal_mode=WAL").fetchone()
            if mode != "wal":
                raise OSError(f"this file system cannot hold a write-ahead log (SQLite chose {mode})")
        except BaseException:
            db.close()
            raise
        return db

    # --- in use -------------------------------------------------------------------------------------------------------

    def write(self, writes: Sequence[Write]) -> None:
        """One transaction, on disk when this returns; whether in the files that the paths lead to, `fault` says."""
        assert self._db is not None and self._files is not None
        write(self._db, writes, self._is_checked)
        self._lost = self._files.committed()
        self._log_pages += PAGES_OF_A_COMMIT + PAGES_OF_A_ROW * len(writes)
        if self._log_pages >= self._checkpoint_pages and not self._lost:
            self._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            self._files.settle()
            self._log_pages = 0

    def try_write(self) -> None:
        """A commit that changes nothing: raises where no other would succeed."""
        assert self._db is not None and self._files is not None
        try_write(self._db)
        self._lost = self._files.committed()

    def fault(self) -> str:
        """What somebody did to the files while they are open; ""."""
        return self._lost or (self._files.fault() if self._files else "")

    def count_names(self) -> None:
        """A hard link is told once: what is written under one name is seen under all of them."""
        names = self._files.names() if self._files else 1
        if names > self._names:
            self._news.append(("store-linked", {"path": str(self._folder.database), "names": names}))
        self._names = names

    def close(self) -> None:
        if self._db is not None:
            with contextlib.suppress(sqlite3.Error):
                self._db.close()
        if self._files is not None:
            self._files.close()
        self._db = self._files = None
        self._lost = ""

    # --- written anew -------------------------------------------------------------------------------------------------

    def write_anew(self, records: Iterable[Record], reason: str) -> None:
        """These records take the place of whatever is at the path, which is set aside; and it is open.

        Raises `OSError`, `sqlite3.Error` where that cannot be done.
        """
        self.close()
        self._folder.enter()
        fields = self._written_anew(list(records), reason)
        self._news.append(("store-written-anew", fields))
        self.open_sound()

    def _written_anew(self, records: list[Record], reason: str) -> dict[str, str | int]:
        self._write_draft(records)
        kept_as = self._folder.publish_draft() or "nothing"
        path = str(self._folder.database)
        return {"path": path, "kept_as": kept_as, "reason": reason, "records": len(records)}

    def _write_draft(self, records: Iterable[Record]) -> None:
        """A new database appears complete or not at all."""
        self._folder.begin_draft()
        with contextlib.closing(self._connected(self._folder.draft)) as db:
            migrate(db, self._schema)
            write(db, [Save(record) for record in records])
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    # --- reading only -------------------------------------------------------------------------------------------------

    def read_copy(self) -> list[Record]:
        """Read from a copy: SQLite writes where it reads a log, and may wait 10 s where it cannot."""
        with self._folder.copied() as copy, contextlib.closing(self._connect(copy)) as db:
            db.text_factory = text
            return read(db, repair=False)[0]

    def salvaged(self) -> Salvaged:
        """What can be read of the files, however damaged; nothing is changed."""
        return salvage(*self._folder.read_through(), PAGE_BYTES, stored_layout(self._schema))


def stored_layout(schema: Path) -> Layout:
    """The columns of each table as the scripts make them."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        migrate(db, schema)
        return layout(db)
