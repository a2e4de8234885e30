"""SQLite's write-ahead log as bytes (file format 4.1): whether data were lost in it, and the pages that it holds."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

HEADER = struct.Struct(">8I")
"""Magic, version, page size, sequence, two salts, two checksums."""
_FRAME = struct.Struct(">6I")  # page, size of the database after a commit or 0, two salts, two checksums
_MAGIC = (0x377F0682, 0x377F0683)
_BIG_ENDIAN_SUMS = 1
_NUMBER_BITS = 32


def damage(content: bytes, used_frames: int) -> str:
    """Why a log holds more than the `used_frames` that SQLite used of it; "" where a power cut explains all of it.

    Each commit is on disk before the next begins.  So a power cut leaves parts of one commit at most after the last
    valid frame: a frame there that ends a commit and is followed by one of the same generation is lost data.
    """
    if len(content) < HEADER.size or not any(content[: HEADER.size]):
        return ""
    magic, _, page_size, _, salt1, salt2, *check = HEADER.unpack_from(content)
    if magic not in _MAGIC or not _is_page_size(page_size) or tuple(check) != _sums(content[:24], magic, (0, 0)):
        return "the header of its write-ahead log is damaged"
    step = _FRAME.size + page_size
    ended = False
    for offset in range(HEADER.size + used_frames * step, len(content) - step + 1, step):
        _, size, first, second, *_ = _FRAME.unpack_from(content, offset)
        if (first, second) == (salt1, salt2):
            if ended:
                return f"its write-ahead log is damaged after {used_frames} pages"
            ended = size != 0
    return ""


def used_frames(content: bytes) -> int:
    """How many frames SQLite uses of a log: those whose checksums continue each other, up to the last commit."""
    used = 0
    if len(content) >= HEADER.size:
        magic, _, page_size, _, salt1, salt2, *rest = HEADER.unpack_from(content)
        before, step = (rest[0], rest[1]), _FRAME.size + page_size
        if not _is_page_size(page_size):
            return 0
        for n, offset in enumerate(range(HEADER.size, len(content) - step + 1, step), 1):
            _, size, first, second, *stored = _FRAME.unpack_from(content, offset)
            summed = content[offset : offset + 8] + content[offset + _FRAME.size : offset + step]
            if (first, second) != (salt1, salt2) or _sums(summed, magic, before) != tuple(stored):
                break
            before = (stored[0], stored[1])
            used = n if size else used
    return used


def _is_page_size(given: int) -> bool:
    return given.bit_count() == 1 and 512 <= given <= 65536


class _Frame(NamedTuple):
    page: int
    ends_commit: bool
    image: bytes


def pages(content: bytes, page_size: int) -> dict[int, bytes]:
    """The newest image of each page, as of the last commit; also what SQLite gives up because of damage before it.

    A frame counts if it is of the first one's generation: by its salts, or by the checksum that continues the stored
    one of the frame before.
    """
    found: dict[int, bytes] = {}
    waiting: dict[int, bytes] = {}
    for frame in _frames(content, page_size):
        waiting[frame.page] = frame.image
        if frame.ends_commit:
            found |= waiting
            waiting = {}
    return found


def _frames(content: bytes, page_size: int) -> Iterator[_Frame]:
    step = _FRAME.size + page_size
    if len(content) < HEADER.size + step:
        return
    magic, *_, before1, before2 = HEADER.unpack_from(content)
    before = (before1, before2)
    salts = _FRAME.unpack_from(content, HEADER.size)[2:4]
    for offset in range(HEADER.size, len(content) - step + 1, step):
        number, size, *rest = _FRAME.unpack_from(content, offset)
        head, image = content[offset : offset + 8], content[offset + _FRAME.size : offset + step]
        stored = (rest[2], rest[3])
        sound = _sums(head + image, magic, before) == stored
        if sound or tuple(rest[:2]) == salts:
            if not sound:
                number = _corrected(number, head, image, magic, before, stored)
            yield _Frame(number, size != 0, image)
        before = stored


def _corrected(
    number: int, head: bytes, image: bytes, magic: int, before: tuple[int, int], stored: tuple[int, int]
) -> int:
    """The page number of a damaged frame: one with which its checksum fits, if a single bit of it is wrong."""
    for bit in range(_NUMBER_BITS):
        other = number ^ 1 << bit
        if _sums(struct.pack(">I", other) + head[4:] + image, magic, before) == stored:
            return other
    return number


def _sums(data: bytes, magic: int, before: tuple[int, int]) -> tuple[int, int]:
    """SQLite's checksum, continued from `before`; the magic number's last bit is the byte order."""
    integers = struct.unpack(f"{'>' if magic & _BIG_ENDIAN_SUMS else '<'}{len(data) // 4}I", data)
    first, second = before
    for even, odd in zip(integers[::2], integers[1::2], strict=True):
        first = (first + even + second) & 0xFFFFFFFF
        second = (second + odd + first) & 0xFFFFFFFF
    return first, second
