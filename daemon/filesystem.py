"""What SQLite and Python leave to us on a file system: durable names, durable bytes, free room, private files."""

from __future__ import annotations

import os
from collections.abc import Callable
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


def private(path: str, flags: int) -> int:
    """An opener for `open`: a new file is readable by its owner only, a symbolic link is not followed."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


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
