"""The store's folder: names, lock, room and reserve, the draft of a new database, copies for readers.  No SQLite."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from daemon.filesystem import Statvfs, open_regular, private, read_regular, room, sync_folder
from daemon.store.failures import StoreBusy
from daemon.store.set_aside import make_private, remove, set_aside
from daemon.store.write_ahead_log import HEADER

FULL_BELOW_BYTES = 4 << 20
"""The watermark: with less free room than this nothing new starts."""
OK_ABOVE_BYTES = 6 << 20
"""Free room at which normal operation resumes."""
FULL_BELOW_INODES = 16
"""As the watermark, in files that can still be created."""
RESERVE_BYTES = 256 << 10
"""Kept allocated and freed only when a write finds no room: the ends of running transactions fit in."""
_MAGIC = b"SQLite format 3\0"
COPY_TRIES = 5
"""How often `copied` starts again because evsed wrote meanwhile."""


class Folder:
    """The folder and its files.  All sizes in bytes; every method may raise `OSError`."""

    def __init__(self, path: Path, statvfs: Statvfs = os.statvfs) -> None:
        self.path = path
        self.database = path / "evsed.db"
        self.wal = path / "evsed.db-wal"
        self.shared = path / "evsed.db-shm"
        self.content = (self.database, self.wal, path / "evsed.db-journal")
        """The files that make up the database's content; they are moved together."""
        self.draft = path / "evsed.db.new"
        self.ready = path / "evsed.db.ready"
        """A draft that is complete: it takes the database's place, at the next start at the latest."""
        self.reserve = path / "evsed.reserve"
        self._statvfs = statvfs
        self._locks: list[int] = []
        self.is_low = False

    def enter(self) -> None:
        """Create the folder if it is missing, and lock it for this process.  Raises `StoreBusy`."""
        if not self.path.is_dir():
            self.path.mkdir(mode=0o700, parents=True)
            sync_folder(self.path.parent)
        if not self._is_locked():
            locks = _locks(self.path)
            self.leave()
            self._locks = locks

    def _is_locked(self) -> bool:
        """Whether the folder that we hold is (still) the one at this path."""
        return bool(self._locks) and os.path.samestat(os.fstat(self._locks[0]), os.stat(self.path))

    def leave(self) -> None:
        """Unlock it."""
        for lock in self._locks:
            os.close(lock)
        self._locks = []

    # --- room ---------------------------------------------------------------------------------------------------------

    def free_bytes(self) -> int:
        """What a user without privileges may still write."""
        return room(self.path, self._statvfs).free_bytes

    def measure(self) -> bool:
        """Measure the free room and set `is_low`; False where the file system is mounted read-only."""
        found = room(self.path, self._statvfs)
        few_inodes = found.free_inodes is not None and found.free_inodes < FULL_BELOW_INODES
        if found.free_bytes < FULL_BELOW_BYTES or few_inodes:
            self.is_low = True
        elif found.free_bytes > OK_ABOVE_BYTES:
            self.is_low = False
        return found.writable

    def keep_reserve(self) -> None:
        """Create the reserve if it is missing and there is room; otherwise it is tried again later."""
        if self.is_low or os.path.lexists(self.reserve):
            return
        with contextlib.suppress(OSError):
            descriptor = open_regular(self.reserve, os.O_RDWR | os.O_CREAT | os.O_EXCL)
            try:
                os.posix_fallocate(descriptor, 0, RESERVE_BYTES)
            except OSError:
                self.reserve.unlink()
            finally:
                os.close(descriptor)

    def give_up_reserve(self) -> bool:
        """Free the reserve; False where there is none left."""
        self.is_low = True
        try:
            self.reserve.unlink()
        except OSError:
            return False
        return True

    # --- a new file ---------------------------------------------------------------------------------------------------

    def begin_draft(self) -> None:
        """An empty draft of the database, readable by its owner only; remains of an earlier one are removed."""
        for leftover in self.path.glob(self.draft.name + "*"):
            remove(leftover)
        os.close(open_regular(self.draft, os.O_RDWR | os.O_CREAT | os.O_EXCL))

    def publish_draft(self) -> str:
        """The draft becomes the database, durably, and what was there is set aside.  Returns the name of that, or "".

        At no moment is there neither: a power cut in the middle leaves `ready`, and `finish_publishing` goes on.
        """
        set_aside(self.database, (self.ready,))  # by somebody else
        self.draft.rename(self.ready)
        sync_folder(self.path)
        return self.finish_publishing()

    def finish_publishing(self) -> str:
        """Put a complete draft in its place, if there is one.  Returns the name of what was set aside for it, or "".

        What somebody else has put there never takes the place of a store: it is set aside.
        """
        if not os.path.lexists(self.ready):
            return ""
        if not self._is_draft():
            return set_aside(self.database, (self.ready,))
        kept_as = set_aside(self.database, (*self.content, self.shared))
        self.ready.rename(self.database)
        sync_folder(self.path)
        return kept_as

    def _is_draft(self) -> bool:
        """Whether a file of SQLite, closed and whole, is ready."""
        with contextlib.suppress(OSError):
            content = read_regular(self.ready)
            return content.startswith(_MAGIC) and len(content) == _claimed_bytes(content)
        return False

    @contextlib.contextmanager
    def copied(self) -> Iterator[Path]:
        """A copy of the database elsewhere, for the time of the context; nothing here is changed or locked.

        A running evsed may write meanwhile: as long as the log was not restarted, file and log together are consistent.
        """
        import tempfile

        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        for _ in range(COPY_TRIES):
            with tempfile.TemporaryDirectory(prefix="evsed-", dir=memory) as folder:
                copy = Path(folder) / self.database.name
                generation = self.wal_header()
                copy.write_bytes(read_regular(self.database))
                with contextlib.suppress(FileNotFoundError):
                    Path(f"{copy}-wal").write_bytes(read_regular(self.wal))
                if self.wal_header() == generation:
                    yield copy
                    return
        raise OSError(errno.EBUSY, "changes faster than it can be copied", str(self.database))

    def wal_header(self) -> bytes:
        """The header that distinguishes one generation of the log from another; empty where there is no log."""
        try:
            with open(self.wal, "rb", opener=private) as log:
                return log.read(HEADER.size)
        except FileNotFoundError:
            return b""

    # --- what is found there ------------------------------------------------------------------------------------------

    def refuse_links(self) -> None:
        """Raises OSError where a symbolic link stands in place of a file: whoever set it says where we would write."""
        for path in (*self.content, self.shared, self.draft, self.ready, self.reserve):
            if path.is_symlink():
                raise OSError(errno.ELOOP, "is a symbolic link, which is not followed", str(path))

    def read_through(self) -> tuple[bytes, bytes]:
        """Database and log.  Raises OSError where the medium cannot be read: such a file may be sound."""
        database, log = (read_regular(path) if path.exists() else b"" for path in (self.database, self.wal))
        return database, log

    def intruders(self) -> list[Path]:
        """What is not a file where SQLite needs one."""
        return [path for path in (*self.content, self.shared) if path.exists() and not path.is_file()]

    def make_private(self) -> None:
        """As an outer hand may have left them: readable by their owner only."""
        for path in (self.database, self.wal, self.shared):
            make_private(path)

    def settle_wal(self) -> bytes:
        """Write the log of the previous run once more, and return it.

        After a failed fsync the page cache may show data that are not on the disk; commits that build on them would be
        lost with them.  Writing the same octets to the same place is harmless, whatever is torn.
        """
        if not self.wal.exists():
            return b""
        with open(self.wal, "r+b", opener=private) as log:
            content = log.read()
            if content:
                log.seek(0)
                _write_through(log, content)
        return content

    def lay_out_log(self, size: int) -> None:
        """Fill the log with zeros up to `size` bytes, durably, so that a commit lengthens no file.

        Growing costs the file system an entry of its journal at each commit, three times what the commit itself writes.
        SQLite reads a log up to the first frame that does not follow: zeros never do.  Below the watermark nothing is
        laid out: there the room is needed for rows.
        """
        found = room(self.path, self._statvfs)
        if self.is_low or not found.writable or found.free_bytes < OK_ABOVE_BYTES:
            return
        with open(open_regular(self.wal, os.O_RDWR | os.O_CREAT), "r+b") as log:
            if missing := max(0, size - log.seek(0, os.SEEK_END)):
                _write_through(log, bytes(missing))
                os.posix_fadvise(log.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _locks(path: Path) -> list[int]:
    """The descriptors that hold the lock while they are open: the folder itself, and a file.  Raises StoreBusy.

    The file names the process that holds it, and is locked where a folder cannot be (NFS); the folder cannot be
    deleted by mistake.
    """
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        file = _lock_file(path / "evsed.lock")
    except BaseException:
        os.close(folder)
        raise
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(folder)
        os.close(file)
        raise StoreBusy(
            f"{path} is held by another process, whose evsed.lock was removed: only one evsed per folder; "
            "stop the other one, or set another [store] dir"
        ) from None
    except OSError:
        pass
    return [folder, file]


def _lock_file(path: Path) -> int:
    descriptor = open_regular(path, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(descriptor)
        raise StoreBusy(
            f"{path} is held by process {holder} ({error.strerror}): only one evsed per folder; "
            "stop the other one, or set another [store] dir"
        ) from None
    except OSError:
        os.close(descriptor)
        raise
    with contextlib.suppress(OSError):  # informative only: a full disk must not prevent the start
        os.pwrite(descriptor, f"{os.getpid():<10}\n".encode(), 0)
    return descriptor


def _claimed_bytes(content: bytes) -> int:
    """The size of a database as its header says."""
    return int.from_bytes(content[16:18], "big") * int.from_bytes(content[28:32], "big")


def _write_through(file: BinaryIO, content: bytes) -> None:
    file.write(content)
    file.flush()
    os.fdatasync(file.fileno())
