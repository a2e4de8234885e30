"""Files of recorded lines: a ring that is replaced as it fills, and a ring with a quota a day that a flood cannot fill.

Lines of JSON, compressed in batches.
"""

from __future__ import annotations

import os
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from daemon.filesystem import private, read_regular

DAY_S = 86_400.0


def packed(lines: Iterable[bytes]) -> bytes:
    """Lines as a gzip member of their own."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return packer.compress(b"\n".join(lines) + b"\n") + packer.flush()


class Ring:
    """`names`: the current file and those before it, newest first; a file that has `file_bytes` becomes the next."""

    def __init__(self, folder: Path, names: Sequence[str], file_bytes: int) -> None:
        self._folder = folder
        self._names = names
        self._file_bytes = file_bytes
        self._size = size_of(folder / names[0])

    def append(self, data: bytes) -> None:
        """Raises OSError."""
        if self._size >= self._file_bytes:
            rotate(self._folder, self._names)
            self._size = 0
        append(self._folder / self._names[0], data)
        self._size += len(data)


class DailyRing:
    """Each file holds a day of at most `file_bytes`; what finds no room is left out, and the days before are safe.

    A day lasts from the first line of a file until a line comes 24 h later by the host's clock, however wrong that is.
    """

    def __init__(
        self, folder: Path, names: Sequence[str], file_bytes: int, wall: Callable[[], float] = time.time
    ) -> None:
        self._folder = folder
        self._names = names
        self._file_bytes = file_bytes
        self._wall = wall
        self._size = size_of(folder / names[0])
        self._began = began(folder / names[0])

    def append(self, data: bytes) -> None:
        """Raises OSError."""
        now = self._wall()
        if self._began is None or now - self._began >= DAY_S:
            if self._size:
                rotate(self._folder, self._names)
            self._began = now
            data = packed([msgspec.json.encode(["began", now])]) + data
            self._size = 0
        if self._size + len(data) <= self._file_bytes:
            append(self._folder / self._names[0], data)
            self._size += len(data)


def size_of(file: Path) -> int:
    """0 where there is none."""
    try:
        return file.stat().st_size
    except OSError:
        return 0


def began(file: Path) -> float | None:
    """The host's time at which a file of a DailyRing was begun; None: there is none, or it is damaged."""
    with suppress(OSError):
        for line in read_lines(file):
            return float(line[1]) if line[0] == "began" and isinstance(line[1], float | int) else None
    return None


def append(file: Path, data: bytes) -> None:
    """Raises OSError."""
    with open(file, "ab", opener=private) as out:
        out.write(data)


def rotate(folder: Path, names: Sequence[str]) -> None:
    """Each file becomes the one before, the oldest is removed.  Raises OSError."""
    for newer, older in reversed(list(pairwise(names))):
        with suppress(FileNotFoundError):
            os.replace(folder / newer, folder / older)


def read_lines(file: Path) -> Iterator[list[Any]]:
    """The lines of a file, plain or compressed; a torn end is left out.  Raises OSError."""
    data = read_regular(file)
    while data.startswith(b"\x1f\x8b"):
        unpacker = zlib.decompressobj(31)
        try:
            text = unpacker.decompress(data)
        except zlib.error:
            return
        yield from _decoded(text)
        data = unpacker.unused_data
    yield from _decoded(data)


def _decoded(text: bytes) -> Iterator[list[Any]]:
    for line in text.splitlines():
        try:
            yield msgspec.json.decode(line, type=list[Any])
        except msgspec.DecodeError:
            return
