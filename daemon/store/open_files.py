"""The files that SQLite has open: whether their paths still lead to them, and nobody else has written into them.

A store is its files, not their paths: SQLite commits into a file that was deleted or replaced without an error.
"""

from __future__ import annotations

import os
from pathlib import Path

_FRAME_BYTES = 24 + 1024
"""A frame of the log, with a page of ours."""
_HEADER_BYTES = 32


class OpenFiles:
    """Database and log, as `settle` or `committed` found them last.

    The database is held without access (O_PATH): closing any other descriptor of it would drop SQLite's locks.
    """

    def __init__(self, database: Path, log: Path) -> None:
        self._database = _Held(database, os.O_PATH)
        self._log = _Held(log, os.O_RDONLY)
        self._all = (self._database, self._log)

    def fault(self) -> str:
        """What somebody did to them; "" if they are as they were left."""
        return self._database.written() or self._log.written() or self._moved()

    def _moved(self) -> str:
        return next((fault for held in self._all if (fault := held.moved())), "")

    def committed(self) -> str:
        """After a commit: the log has grown, the database is as it was.  What else was done to them, or ""."""
        fault = self._database.written() or self._moved() or self._log.torn()
        if not fault:
            self._log.settle()
        return fault

    def settle(self) -> None:
        """They are as they should be."""
        for held in self._all:
            held.settle()

    def names(self) -> int:
        """How many names the database has; more than one: a hard link."""
        return self._database.names()

    def close(self) -> None:
        for held in self._all:
            held.close()


class _Held:
    def __init__(self, path: Path, access: int) -> None:
        self._path = path
        self._fd = os.open(path, access | os.O_NOFOLLOW | os.O_CLOEXEC)
        self.settle()

    def settle(self) -> None:
        found = os.fstat(self._fd)
        self._bytes, self._time = found.st_size, found.st_mtime_ns

    def moved(self) -> str:
        """Whether the path leads to the open file no more, or not to all of it."""
        name = self._path.name
        ours = os.fstat(self._fd)
        if not ours.st_nlink:
            return f"{name} was deleted"
        try:
            found = os.lstat(self._path)
        except OSError as error:
            return f"{name} is not where it was ({error.strerror})"
        if (found.st_dev, found.st_ino) != (ours.st_dev, ours.st_ino):
            return f"{name} was replaced"
        if ours.st_size < self._bytes:
            return f"{name} was cut from {self._bytes} to {ours.st_size} bytes"
        if not os.access(self._path, os.R_OK | os.W_OK, effective_ids=True):
            return f"{name} was taken away from the user that evsed runs as"
        return ""

    def written(self) -> str:
        """Whether somebody wrote into it."""
        found = os.fstat(self._fd)
        if found.st_size >= self._bytes and found.st_mtime_ns != self._time:
            return f"another program has written into {self._path.name}"
        return ""

    def torn(self) -> str:
        """Whether a log that was cut has grown again: its beginning, or what was its end, is a hole.

        What was laid out ends in zeros; where it has grown, a frame stands at its former end.
        """
        before = max(self._bytes - _FRAME_BYTES, 0)
        is_end = os.fstat(self._fd).st_size == self._bytes
        if any(os.pread(self._fd, _HEADER_BYTES, 0)) and (is_end or any(os.pread(self._fd, _FRAME_BYTES, before))):
            return ""
        return f"{self._path.name} was cut"

    def names(self) -> int:
        return os.fstat(self._fd).st_nlink

    def close(self) -> None:
        os.close(self._fd)
