"""The failures of the store: damaged, unreachable, full; how to tell them apart and what to do.  No I/O."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator

# SQLite's primary result codes, https://www.sqlite.org/rescode.html
_ERROR, _BUSY, _LOCKED, _READONLY, _IOERR, _CORRUPT, _FULL, _CANTOPEN = 1, 5, 6, 8, 10, 11, 13, 14
_SCHEMA, _TOOBIG, _CONSTRAINT, _MISMATCH, _FORMAT, _NOTADB = 17, 18, 19, 20, 24, 26
_IOERR_SHORT_READ = 522

_DAMAGE = {_CORRUPT, _NOTADB, _FORMAT, _SCHEMA, _CONSTRAINT, _MISMATCH, _TOOBIG, _ERROR}
"""The file can be read, but is not our database.  `_ERROR`: statements that meet other tables."""

LINK = "put the file itself in its place, or remove the link"
ACCESS = "give folder and files to the user that evsed runs as, and mount the file system writable"
STOPPED = (
    "the kernel found errors in this file system and writes to it no more: see the kernel log, check it with fsck, "
    "replace the storage medium"
)
_MIGRATION = "install the previous version again, or move the file away"
_OTHER = "start evsed again: a damaged file is moved aside and created anew"
_REMEDIES = {
    _FULL: "free some room on this file system",
    _IOERR: "the medium fails: see the kernel log, replace the storage medium",
    _READONLY: ACCESS,
    _CANTOPEN: ACCESS,
    _BUSY: "end the program that holds the file",
    _LOCKED: "end the program that holds the file",
    _ERROR: _MIGRATION,
    _CONSTRAINT: _MIGRATION,
}
_CODES = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EIO: _IOERR,
    errno.EROFS: _READONLY,
    errno.EACCES: _CANTOPEN,
    errno.EPERM: _CANTOPEN,
    errno.ENOENT: _CANTOPEN,
    errno.ENOTDIR: _CANTOPEN,
    errno.EEXIST: _CANTOPEN,
}


class StoreFailed(Exception):
    """Something that had to be durable is not, or could not be read; the text names place, cause and remedy."""


class StoreBusy(Exception):
    """Another evsed uses this folder; the text names it."""


class Damaged(Exception):
    """The file's content is not a store."""


def code(error: Exception) -> int:
    """SQLite's primary result code, or the one that corresponds to an OSError; 0: neither."""
    if isinstance(error, OSError):
        return _CODES.get(error.errno or 0, 0)
    found: int = getattr(error, "sqlite_errorcode", 0)
    return found & 0xFF


@contextlib.contextmanager
def damage_as_error() -> Iterator[None]:
    """Raise `Damaged` where the content is at fault; a file that could not be read may be sound: its error stays."""
    try:
        yield
    except Exception as error:
        found = getattr(error, "sqlite_errorcode", 0)
        garbled = isinstance(error, UnicodeDecodeError)  # SQLite's message quotes what it found in the file
        if garbled or found & 0xFF in _DAMAGE or found == _IOERR_SHORT_READ:
            raise Damaged(str(error)) from error
        raise


def is_damage(error: Exception) -> bool:
    """Whether the content is at fault, not the medium or its room."""
    found = getattr(error, "sqlite_errorcode", 0)
    return found & 0xFF in (_CORRUPT, _NOTADB) or found == _IOERR_SHORT_READ


def is_locked(error: Exception) -> bool:
    """Whether another program holds the file."""
    return code(error) in (_BUSY, _LOCKED)


def is_full(error: Exception) -> bool:
    return code(error) == _FULL


def is_readonly(error: Exception) -> bool:
    """Whether the file system, or the file, takes no writes."""
    return code(error) == _READONLY


def remedy(error: Exception) -> str:
    """What a person can do about it."""
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return LINK
    return _REMEDIES.get(code(error), _OTHER)
