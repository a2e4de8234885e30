"""The store's folder: names, lock, room and reserve, damaged files, the log of a previous run.  No SQLite."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from daemon.filesystem import Statvfs, room, sync_folder
from daemon.store.failures import StoreBusy

FULL_BELOW_BYTES = 4 << 20
"""The watermark: with less free room than this nothing new starts."""
OK_ABOVE_BYTES = 6 << 20
"""Free room at which normal operation resumes."""
FULL_BELOW_INODES = 16
"""As the watermark, in files that can still be created."""
RESERVE_BYTES = 256 << 10
"""Kept allocated and freed only when a write finds no room: the ends of running transactions fit in."""
COPY_TRIES = 5
"""How often `copied` starts again because evsed wrote meanwhile."""
KEPT_ASIDE = 3
"""Generations of damaged files that are kept; the oldest is removed when a new one comes."""

_WAL_HEADER = struct.Struct(">8I")  # SQLite file format 4.1: magic, version, page size, sequence, salts, checksum
_WAL_FRAME = struct.Struct(">6I")  # page, size of the database after a commit or 0, salts, checksum
_WAL_MAGIC = (0x377F0682, 0x377F0683)


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
        self.reserve = path / "evsed.reserve"
        self._statvfs = statvfs
        self._lock_fd = -1
        self.is_low = False

    def enter(self) -> None:
        """Create the folder if it is missing, and lock it for this process.  Raises `StoreBusy`."""
        if not self.path.is_dir():
            self.path.mkdir(mode=0o700, parents=True)
            sync_folder(self.path.parent)
        if self._lock_fd < 0:
            self._lock_fd = _lock(self.path / "evsed.lock")

    def leave(self) -> None:
        """Unlock it."""
        if self._lock_fd >= 0:
            os.close(self._lock_fd)
            self._lock_fd = -1

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
        if self.is_low or self.reserve.exists():
            return
        with contextlib.suppress(OSError):
            descriptor = os.open(self.reserve, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
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
            _remove(leftover)
        os.close(os.open(self.draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))

    def publish_draft(self) -> None:
        """The draft becomes the database, atomically and durably."""
        self.draft.rename(self.database)
        sync_folder(self.path)

    @contextlib.contextmanager
    def copied(self) -> Iterator[Path]:
        """A copy of the database elsewhere, for the time of the context; nothing here is changed or locked.

        A running evsed may write meanwhile: as long as the log was not restarted, file and log together are consistent.
        """
        import shutil
        import tempfile

        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        for _ in range(COPY_TRIES):
            with tempfile.TemporaryDirectory(prefix="evsed-", dir=memory) as folder:
                copy = Path(folder) / self.database.name
                generation = self.wal_header()
                shutil.copyfile(self.database, copy)
                with contextlib.suppress(FileNotFoundError):
                    shutil.copyfile(self.wal, f"{copy}-wal")
                if self.wal_header() == generation:
                    yield copy
                    return
        raise OSError(errno.EBUSY, "changes faster than it can be copied", str(self.database))

    def wal_header(self) -> bytes:
        """The header that distinguishes one generation of the log from another; empty where there is no log."""
        try:
            with self.wal.open("rb") as log:
                return log.read(_WAL_HEADER.size)
        except FileNotFoundError:
            return b""

    # --- damage -------------------------------------------------------------------------------------------------------

    def read_through(self) -> None:
        """Raises OSError where the medium cannot be read: such a file may be sound."""
        for path in (self.database, self.wal):
            if path.exists():
                path.read_bytes()

    def intruders(self) -> list[Path]:
        """What is not a file where SQLite needs one, and a log without its database."""
        found = [path for path in (*self.content, self.shared) if path.exists() and not path.is_file()]
        if not found and not self.database.exists():
            found = [path for path in self.content if path.exists()]
        return found

    def set_aside(self, paths: Iterable[Path]) -> str:
        """Rename damaged files, never overwrite: they are kept for analysis.  Returns the generation's name."""
        name = self._free_name()
        for path in paths:
            if os.path.lexists(path):
                path.rename(self.path / (name + path.name.removeprefix(self.database.name)))
        self._trim()
        return name

    def keep_copy_of_wal(self, content: bytes) -> str:
        """Keep a copy of a log that SQLite could not use completely.  Returns the copy's name."""
        name = self._free_name() + "-wal"
        with (self.path / name).open("xb") as copy:
            _write_through(copy, content)
        self._trim()
        return name

    def _free_name(self) -> str:
        return f"{self.database.name}.corrupt-{max(_generations(self.path), default=0) + 1}"

    def _trim(self) -> None:
        sync_folder(self.path)
        kept = _generations(self.path)
        for old in sorted(kept)[:-KEPT_ASIDE]:
            for leftover in kept[old]:
                _remove(leftover)

    def make_private(self) -> None:
        """The database holds card numbers: readable by its owner only."""
        with contextlib.suppress(PermissionError):
            self.database.chmod(0o600)

    def settle_wal(self) -> bytes:
        """Write the log of the previous run once more, and return it.

        After a failed fsync the page cache may show data that are not on the disk; commits that build on them would be
        lost with them.  Writing the same octets to the same place is harmless, whatever is torn.
        """
        if not self.wal.exists():
            return b""
        with self.wal.open("r+b") as log:
            content = log.read()
            if content:
                log.seek(0)
                _write_through(log, content)
        return content


def wal_damage(content: bytes, used_frames: int) -> str:
    """Why a log holds more than the `used_frames` that SQLite used of it; "" where a power cut explains all of it.

    Each commit is on disk before the next begins.  So a power cut leaves parts of one commit at most after the last
    valid frame: a frame there that ends a commit and is followed by one of the same generation is lost data.
    """
    if len(content) < _WAL_HEADER.size or not any(content[: _WAL_HEADER.size]):
        return ""
    magic, _, page_size, _, salt1, salt2, *check = _WAL_HEADER.unpack_from(content)
    if magic not in _WAL_MAGIC or page_size < 512 or tuple(check) != _checksum(content, magic):
        return "its header is damaged"
    step = _WAL_FRAME.size + page_size
    ended = False
    for offset in range(_WAL_HEADER.size + used_frames * step, len(content) - step + 1, step):
        _, size, first, second, *_ = _WAL_FRAME.unpack_from(content, offset)
        if (first, second) == (salt1, salt2):
            if ended:
                return f"it is damaged after {used_frames} pages"
            ended = size != 0
    return ""


def _checksum(content: bytes, magic: int) -> tuple[int, int]:
    """SQLite's checksum over the six 32-bit integers before it; the magic number's last bit is the byte order."""
    integers = struct.unpack_from(">6I" if magic & 1 else "<6I", content)
    first = second = 0
    for even, odd in zip(integers[::2], integers[1::2], strict=True):
        first = (first + even + second) & 0xFFFFFFFF
        second = (second + odd + first) & 0xFFFFFFFF
    return first, second


def _generations(folder: Path) -> dict[int, list[Path]]:
    """The damaged files that are kept, by the number of their generation."""
    found: dict[int, list[Path]] = {}
    for path in folder.glob("evsed.db.corrupt-*"):
        number = path.name.removeprefix("evsed.db.corrupt-").split("-")[0]
        if number.isdigit():
            found.setdefault(int(number), []).append(path)
    return found


def _remove(path: Path) -> None:
    if stat.S_ISDIR(path.lstat().st_mode):
        import shutil

        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink()


def _lock(path: Path) -> int:
    """The descriptor that holds the lock while it is open.  Raises StoreBusy."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(descriptor)
        raise StoreBusy(
            f"{path} is held by process {holder} ({error.strerror}): only one evsed per folder; "
            "stop the other one, or set another [store] dir"
        ) from None
    with contextlib.suppress(OSError):  # informative only: a full disk must not prevent the start
        os.pwrite(descriptor, f"{os.getpid():<10}\n".encode(), 0)
    return descriptor


def _write_through(file: BinaryIO, content: bytes) -> None:
    file.write(content)
    file.flush()
    os.fdatasync(file.fileno())
