"""What SQLite and Python leave to us on a file system: durable names, durable bytes, free room, private files."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

Statvfs = Callable[[Path], os.statvfs_result]


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable: files made, renamed or removed before stay so.  Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(file: BinaryIO) -> None:
    """Make what was written to an open file durable.  Raises OSError."""
    file.flush()
    os.fsync(file.fileno())


def open_regular(path: Path | str, flags: int) -> int:
    """A descriptor of a regular file; a new one is readable by its owner only, whatever the umask.  Raises OSError.

    A symbolic link is not followed, and a FIFO or a device in its place is refused instead of waited for.
    """
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "is not a regular file", str(path))
    return descriptor


def private(path: str, flags: int) -> int:
    """An opener for `open`, see `open_regular`."""
    return open_regular(path, flags)


def shared(path: str, flags: int) -> int:
    """The same; where the folder is shared with a group (set-group-id), as with evsed-job's, that group may read it."""
    descriptor = open_regular(path, flags)
    if os.stat(os.path.dirname(path) or ".").st_mode & stat.S_ISGID:
        os.fchmod(descriptor, 0o640)
    return descriptor


def read_regular(path: Path) -> bytes:
    """The content of a regular file.  Raises OSError."""
    with open(open_regular(path, os.O_RDONLY), "rb") as file:
        return file.read()


def read_followed(path: Path) -> bytes:
    """The same of a file that may be reached over symbolic links, as configuration may.  Raises OSError."""
    return read_regular(path.resolve(strict=True))


@contextmanager
def as_owner_of(folder: Path) -> Iterator[None]:
    """Root works as the folder's owner meanwhile: what is made has the right owner at birth.  Raises OSError."""
    found = folder.stat()
    if os.geteuid() != 0 or found.st_uid == 0:
        yield
        return
    group = os.getegid()
    os.setegid(found.st_gid)
    os.seteuid(found.st_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)


class Room(NamedTuple):
    """What a user without privileges may still use of a file system."""

    free_bytes: int
    free_inodes: int | None
    """None: this file system does not count them."""
    writable: bool


def room(folder: Path, statvfs: Statvfs = os.statvfs) -> Room:
    """The room of the file system that holds `folder`.  Raises OSError."""
    found = statvfs(folder)
    return Room(
        free_bytes=found.f_bavail * found.f_frsize,
        free_inodes=found.f_favail if found.f_files else None,
        writable=not found.f_flag & os.ST_RDONLY,
    )
