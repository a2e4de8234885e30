"""The store: everything that survives a power cut, in one SQLite file and in memory.  It decides nothing.

What was committed in this life is held in memory: where the files are deleted, replaced or cut under the running
process, they are written anew from it, and no commit is ever claimed that could not be opened again.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

from daemon.filesystem import Statvfs
from daemon.store.database import CHECKPOINT_PAGES, Connect, Database
from daemon.store.failures import (
    ACCESS,
    STOPPED,
    Damaged,
    StoreBusy,
    StoreFailed,
    is_damage,
    is_full,
    is_locked,
    is_readonly,
    remedy,
)
from daemon.store.folder import RESERVE_BYTES, Folder
from daemon.store.medium import Medium
from daemon.store.rows import SCRIPTS
from daemon.store.tables import News
from ocpp16.events import StoreState
from ocpp16.records import Record
from ocpp16.step import Save, Write

__all__ = ["Store", "StoreBusy", "StoreFailed"]

_REFUSALS = (sqlite3.Error, OSError, ValueError, OverflowError, Damaged)


class Store:
    """One writer, one file, one transaction per `commit`.

    `news`: notes for the journal as (code, fields); whoever logs them removes them.  Opening survives everything but a
    folder in use (`StoreBusy`): damaged files are moved aside, and that nothing can be written is a `state`.
    """

    def __init__(
        self,
        folder: Folder,
        connect: Connect,
        schema: Path = SCRIPTS,
        checkpoint_pages: int = CHECKPOINT_PAGES,
        medium: Medium | None = None,
    ) -> None:
        self.news: list[News] = []
        self._folder = folder
        self._medium = Medium(folder.path) if medium is None else medium
        self._medium.new_errors()
        self._has_errors = False
        """The kernel has found errors in the file system in this life."""
        self._database = Database(folder, connect, schema, checkpoint_pages, self.news)
        self._records: list[Record] | None = None
        self._rows: dict[tuple[str, int | str], Record] = {}
        """What is committed: the same objects that the contract machine holds."""
        self._is_ours = False
        """Whether it was open for writing in this life: then `_rows` stand above whatever the files hold."""
        self._trouble = ""
        self._fault = ""
        """While the files are lost: what happened to them."""
        self._may_write = True
        self._is_proved = True
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
        medium: Medium | None = None,
    ) -> Store:
        """The store in `path`: created, repaired, migrated and checked as far as possible.  Raises `StoreBusy`."""
        store = cls(Folder(path, statvfs), connect, schema, checkpoint_pages, medium)
        store.retry()
        return store

    @classmethod
    def read_only(cls, path: Path, *, connect: Connect = sqlite3.connect) -> Store:
        """The store in `path` for reading: only `load` can be used.  Raises `StoreFailed`."""
        store = cls(Folder(path), connect)
        try:
            store._records = store._database.read_copy()
        except _REFUSALS as error:
            raise StoreFailed(store._explained(error)) from error
        store._trouble = f"{store._folder.database}: opened for reading only"
        return store

    # --- for every step -----------------------------------------------------------------------------------------------

    def load(self) -> list[Record]:
        """All records, table by table, by key.  To be called once."""
        records = self._records or []
        if self._database.is_open:
            self._records = None
        return records

    def commit(self, writes: Sequence[Write]) -> None:
        """One durable transaction; unchanged rows cost nothing.  Raises `StoreFailed`: then the process must end."""
        if not writes:
            return
        if not self._database.is_open:
            raise StoreFailed(self._trouble)
        for one in writes:
            if isinstance(one, Save):
                self._rows[one.record.table, one.record.key] = one.record
            else:
                self._rows.pop((one.table, one.key), None)
        try:
            if not self._write_anew_if_lost():
                self._write(writes)
                self._write_anew_if_lost()
        except _REFUSALS as error:
            raise self._failure(error) from error
        self._is_proved = True

    def _write(self, writes: Sequence[Write]) -> None:
        try:
            self._database.write(writes)
        except sqlite3.Error as error:
            if self._makes_room(error):
                self._database.close()
                self._database.open()
                self._database.write(writes)
            elif (fault := self._database.fault()) or is_damage(error) or is_locked(error):
                self._write_anew(fault or str(error))
            else:
                raise

    # --- room and writability -----------------------------------------------------------------------------------------

    @property
    def state(self) -> StoreState:
        """`unwritable`: no commit can succeed.  `full`: below the watermark; commits still succeed."""
        if not self._database.is_open or not self._may_write:
            return "unwritable"
        return "full" if self._pretends or self._folder.is_low else "ok"

    @property
    def detail(self) -> str:
        """Why `state` is not `ok`: place, cause, remedy.  Empty where it is."""
        full = f"{self._folder.path}: too little free room; free some room on this file system"
        return {"unwritable": self._trouble, "full": full, "ok": ""}[self.state]

    def has_new_errors(self) -> bool:
        """Whether the kernel has counted new errors of the file system: one system call, which reaches no medium."""
        return self._medium.has_new_errors()

    def is_suspect(self) -> bool:
        """Whether the kernel has found new errors in the file system, or has mounted it read-only; cheap, no writing.

        Then nothing is taken for writable before a write has shown it.
        """
        found = self._medium.new_errors()
        if found:
            self._has_errors, self._is_proved = True, False
            self.news.append(("store-medium-errors", {"path": str(self._folder.path), "errors": found}))
        try:
            return found > 0 or (self._may_write and not self._folder.measure())
        except OSError:
            return True

    def probe(self, try_write: bool = False) -> StoreState:
        """Look after the files and measure the room; cheap.

        `try_write`: write as well, if nothing was written since the last time: a file system that the kernel has
        stopped writing to, after an error, need not say so.
        """
        try:
            self._write_anew_if_lost()
            self._database.count_names()
            self._may_write = self._folder.measure()
            if self._database.is_open and self._may_write:
                self._folder.keep_reserve()
                if try_write and not self._is_proved:
                    self._database.try_write()
                self._is_proved = self._is_proved and not try_write
            elif self._database.is_open:
                self._trouble = f"{self._folder.path}: mounted read-only; {STOPPED if self._has_errors else ACCESS}"
        except _REFUSALS as error:
            self._database.close()
            self._report_unwritable(error)
        return self.state

    def retry(self) -> StoreState:
        """As `probe`, and open what could not be opened before.

        Raises `StoreFailed` after a failed commit, and where the records differ from what `load` gave: in both cases
        the process must restart.
        """
        if self._is_spent:
            raise StoreFailed(self._trouble)
        if not self._database.is_open:
            try:
                different = self._open_again() if self._is_ours else self._open()
            except _REFUSALS as error:
                self._database.close()
                self._report_unwritable(error)
                return self.state
            if different:
                raise self._failure(Damaged("can be opened now, with different content"))
            self._is_ours = True
            self._trouble = ""
        return self.probe()

    def free_bytes(self) -> int:
        """Free room for this user on the store's file system.  Raises `OSError`."""
        return self._folder.free_bytes()

    def pretend_full(self, on: bool) -> None:
        """`evsectl sim fault store-full`: report the watermark, without any other effect."""
        self._pretends = on

    def close(self) -> None:
        """Close the database and unlock the folder."""
        self._database.close()
        self._trouble = f"{self._folder.database}: closed"
        self._is_spent = True
        self._medium.close()
        self._folder.leave()

    # --- opening ------------------------------------------------------------------------------------------------------

    def _open(self) -> bool:
        """Open it; whether it holds something else than `load` gave."""
        before = None if self._records is None else _by_key(self._records)
        try:
            self._records = self._database.open()
        except (sqlite3.Error, OSError) as error:
            self._database.close()
            if not self._makes_room(error):
                raise
            self._records = self._database.open()
        self._rows = _by_key(self._records)
        return before not in (None, self._rows)

    def _open_again(self) -> bool:
        """Open what was open before in this life; where it does not hold what was committed, it is written anew."""
        reason = f"{self._folder.database.name} was deleted"
        if os.path.lexists(self._folder.database):
            reason = "it holds something else than what was committed"
            try:
                if _by_key(self._database.open_sound()) == self._rows:
                    return False
            except Damaged as damaged:
                reason = str(damaged)
        self._write_anew(reason)
        return False

    # --- what went wrong ----------------------------------------------------------------------------------------------

    def _write_anew_if_lost(self) -> bool:
        """Where the files are not what we left there, write them anew; whether that was so."""
        fault = self._database.fault()
        if fault:
            self._write_anew(fault)
        return bool(fault)

    def _write_anew(self, reason: str) -> None:
        self._fault = self._fault or f"{reason}, and it cannot be written anew: "
        try:
            self._database.write_anew(self._rows.values(), reason)
        except StoreBusy as busy:
            raise OSError(errno.EBUSY, str(busy)) from None
        self._fault = ""

    def _report_unwritable(self, error: Exception) -> None:
        """Report it once per cause; continue with what can be read."""
        detail = self._explained(error)
        if detail != self._trouble:
            self.news.append(("store-unwritable", {"detail": detail}))
        self._trouble = detail
        if self._records is None and not self._is_ours:
            self._records = self._looked_at()
            self._rows = _by_key(self._records)

    def _looked_at(self) -> list[Record]:
        """What can be read without writing."""
        with contextlib.suppress(*_REFUSALS):
            return self._database.read_copy()
        with contextlib.suppress(*_REFUSALS):
            return self._database.salvaged().records
        return []

    def _makes_room(self, error: Exception) -> bool:
        """True where the disk was full and the reserve has been freed."""
        full = is_full(error)
        with contextlib.suppress(OSError):
            full = full or self._folder.free_bytes() < RESERVE_BYTES
        return full and self._folder.give_up_reserve()

    def _failure(self, error: Exception) -> StoreFailed:
        """The connection is closed: after a failed write its state is unknown."""
        self._database.close()
        self._is_spent = True
        self._trouble = self._explained(error)
        return StoreFailed(self._trouble)

    def _explained(self, error: Exception) -> str:
        return f"{self._folder.database}: {self._fault}{error}; {self._remedy(error)}"

    def _remedy(self, error: Exception) -> str:
        return STOPPED if self._has_errors and is_readonly(error) else remedy(error)


def _by_key(records: Iterable[Record]) -> dict[tuple[str, int | str], Record]:
    return {(record.table, record.key): record for record in records}
