"""The security log (W A04): a bounded file of its own, whose entries are chained by hashes; a flood cannot fill it.

One line of JSON an entry.  Its hash covers the entry and the hash before it: who changes, removes or inserts an entry
breaks the chain from there on.  Two files: the current one, and the one before it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from daemon.filesystem import open_regular, read_regular, sync_folder
from ocpp16.messages.datetimes import to_text

NAMES = ("security.log", "security.log.1")
"""The current file and the one before it, in the folder of the store."""
FILE_BYTES = 256 << 10
"""A file of this size becomes the one before: about 800 entries."""
FIRST = "0" * 64
"""What the first entry of all is chained to."""


class LoggedEvent(msgspec.Struct, frozen=True, omit_defaults=True):
    """One entry."""

    number: int
    event: str
    detail: str
    times: int
    boot: str
    mono: float
    at: str | None = None
    """UTC; None: it was not known then (see `with_times`)."""
    before: str = FIRST
    """The hash of the entry before it."""
    hash: str = ""

    def chained(self, before: str) -> LoggedEvent:
        """The same with its place in the chain."""
        bare = msgspec.structs.replace(self, before=before, hash="")
        return msgspec.structs.replace(bare, hash=hashlib.sha256(msgspec.json.encode(bare)).hexdigest())


class Read(NamedTuple):
    """What the files hold, oldest first, and what is wrong with them, in words."""

    entries: list[LoggedEvent]
    problems: list[str]


class SecurityLog:
    """Appends; each entry is on disk when `append` returns.  `failed` is called with the error where it cannot be."""

    def __init__(self, folder: Path, failed: Callable[[str], None], file_bytes: int = FILE_BYTES) -> None:
        self._folder = folder
        self._failed = failed
        self._file_bytes = file_bytes
        self._before = FIRST
        self.last = 0
        """Number of the newest entry; 0: there is none."""
        try:
            _cut_torn_end(folder / NAMES[0])
        except OSError as error:
            failed(str(error))
        for entry in read(folder).entries[-1:]:
            self.last, self._before = entry.number, entry.hash

    def append(self, fields: Mapping[str, Any]) -> None:
        """Write the entry that a note `security-event` of the contract machine asks for.  Never raises."""
        try:
            entry = msgspec.convert(dict(fields), LoggedEvent).chained(self._before)
            self._write(msgspec.json.encode(entry) + b"\n")
        except (OSError, msgspec.MsgspecError) as error:
            self._failed(str(error))
            return
        self.last, self._before = entry.number, entry.hash

    def _write(self, line: bytes) -> None:
        path = self._folder / NAMES[0]
        descriptor = open_regular(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        try:
            size = os.fstat(descriptor).st_size
            if size + len(line) > self._file_bytes and size:
                os.replace(path, self._folder / NAMES[1])
                os.close(descriptor)
                descriptor, size = open_regular(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT), 0
            try:
                if os.write(descriptor, line) < len(line):
                    raise OSError("no room for an entry of the security log")
                os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, size)
                raise
        finally:
            os.close(descriptor)
        if not size:
            sync_folder(self._folder)


def _cut_torn_end(path: Path) -> None:
    """A power cut may leave half an entry: it goes, and the machine writes it again.  Raises OSError."""
    try:
        data = read_regular(path)
    except FileNotFoundError:
        return
    whole = data.rfind(b"\n") + 1
    start = data.rfind(b"\n", 0, max(0, whole - 1)) + 1
    if whole and _entry(data[start:whole]) is None:
        whole = start
    if whole < len(data):
        descriptor = open_regular(path, os.O_WRONLY)
        try:
            os.ftruncate(descriptor, whole)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _entry(line: bytes) -> LoggedEvent | None:
    try:
        return msgspec.json.decode(line, type=LoggedEvent)
    except (msgspec.DecodeError, RecursionError):
        return None


def read(folder: Path) -> Read:
    """All entries, oldest first.

    Never raises: what cannot be read is a problem.  A missing file is none: a station without events has no log.
    """
    entries: list[LoggedEvent] = []
    problems: list[str] = []
    for name in reversed(NAMES):
        try:
            lines = read_regular(folder / name).splitlines()
        except FileNotFoundError:
            continue
        except OSError as error:
            problems.append(f"{name} cannot be read: {error.strerror or error}")
            continue
        for place, line in enumerate(lines, start=1):
            if (entry := _entry(line)) is None:
                problems.append(f"{name} line {place} is no entry")
            else:
                problems += _judged(entry, entries[-1] if entries else None)
                entries.append(entry)
    return Read(entries, problems)


def _judged(entry: LoggedEvent, before: LoggedEvent | None) -> list[str]:
    """What is wrong with the place of an entry."""
    problems = []
    if entry != entry.chained(entry.before):
        problems.append(f"entry {entry.number} was changed")
    if before is not None and entry.before != before.hash:
        problems.append(f"between entries {before.number} and {entry.number} the chain is broken")
    elif before is not None and entry.number != before.number + 1:
        problems.append(f"entries {before.number + 1} to {entry.number - 1} were not written")
    return problems


def with_times(entries: list[LoggedEvent]) -> list[LoggedEvent]:
    """Those without UTC get it from another entry of the same boot, as far as there is one."""
    offsets = {e.boot: datetime.fromisoformat(e.at).timestamp() - e.mono for e in entries if e.at is not None}
    return [
        msgspec.structs.replace(e, at=to_text(offsets[e.boot] + e.mono)) if e.at is None and e.boot in offsets else e
        for e in entries
    ]
