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
_WORD = 0xFFFFFFFF


def length(frames: int, page_size: int) -> int:
    """Bytes of a log of so many frames."""
    return HEADER.size + frames * (_FRAME.size + page_size)


def damage(content: bytes, used_frames: int) -> str:
    """Why a log holds more than the `used_frames` that SQLite used of it; "" where a power cut explains all of it.

    Each commit is on disk before the next begins.  So a power cut leaves parts of one commit at most after the last
    valid frame: a frame there that ends a commit and is followed by one of the same generation is lost data, and so is
    a commit to which one bit is missing.
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
    return f"a bit of its write-ahead log is wrong after {used_frames} pages" if _explanations(content) else ""


class _Chain(NamedTuple):
    """The frames whose checksums continue each other: how many, how many up to the last commit, the last checksum."""

    frames: int
    used: int
    sums: tuple[int, int]


def _chain(content: bytes) -> _Chain:
    if len(content) < HEADER.size:
        return _Chain(0, 0, (0, 0))
    magic, _, page_size, _, salt1, salt2, *rest = HEADER.unpack_from(content)
    number, used, before = 0, 0, (rest[0], rest[1])
    if not _is_page_size(page_size):
        return _Chain(0, 0, before)
    step = _FRAME.size + page_size
    for number, offset in enumerate(range(HEADER.size, len(content) - step + 1, step), 1):
        _, size, first, second, *stored = _FRAME.unpack_from(content, offset)
        if (first, second) != (salt1, salt2) or _sums(_summed(content, offset, step), magic, before) != tuple(stored):
            return _Chain(number - 1, used, before)
        before = (stored[0], stored[1])
        used = number if size else used
    return _Chain(number, used, before)


def used_frames(content: bytes) -> int:
    """How many frames SQLite uses of a log: those whose checksums continue each other, up to the last commit."""
    return _chain(content).used


def mended(content: bytes) -> bytes:
    """The log with one wrong bit set right, where only one place explains it; else as it is.

    A write that a power cut tore differs in more than a bit.  The upper bits of words are hardly told apart by the
    checksum: then the page stays as it is, and its rows say where the bit is.
    """
    found = _explanations(content)
    return found[0] if len(found) == 1 else content


def _explanations(content: bytes) -> list[bytes]:
    """The logs that differ in one bit and of which SQLite would use more, those of which it uses most."""
    chain = _chain(content)
    if len(content) < HEADER.size or not _is_page_size(HEADER.unpack_from(content)[2]):
        return []
    found: dict[int, list[bytes]] = {}
    for place, mask in _wrong_bits(content, chain):
        changed = bytearray(content)
        changed[place : place + 4] = (int.from_bytes(content[place : place + 4], "big") ^ mask).to_bytes(4, "big")
        found.setdefault(used_frames(bytes(changed)), []).append(bytes(changed))
    most = max(found, default=0)
    return found[most] if most > chain.used else []


def _wrong_bits(content: bytes, chain: _Chain) -> Iterator[tuple[int, int]]:
    """Where one bit explains that the chain ends: place of a word, and the bit in it (big-endian)."""
    magic, _, page_size, _, *salts = HEADER.unpack_from(content)
    step = _FRAME.size + page_size
    offset = HEADER.size + chain.frames * step
    if offset + step > len(content):
        return
    _, _, *found = _FRAME.unpack_from(content, offset)
    sums = _sums(_summed(content, offset, step), magic, chain.sums)
    wrong = [mine ^ theirs for mine, theirs in zip((*salts[:2], *sums), found, strict=True)]
    if sum(mask.bit_count() for mask in wrong) == 1:
        yield next((offset + 8 + 4 * n, mask) for n, mask in enumerate(wrong) if mask)
    if wrong[:2] == [0, 0]:
        missing = ((found[2] - sums[0]) & _WORD, (found[3] - sums[1]) & _WORD)
        for word, mask in _explained(_summed(content, offset, step), magic, missing):
            place = offset + 4 * word if word < 2 else offset + _FRAME.size + 4 * (word - 2)
            yield place, mask


def _explained(data: bytes, magic: int, missing: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """The words of `data`, and a bit of each, with which its checksum grows by `missing`.

    The checksum is linear: what a word adds to it depends only on how many words follow.
    """
    order = ">" if magic & _BIG_ENDIAN_SUMS else "<"
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    even, odd = (1, 1), (0, 1)
    for at in range(len(words) - 2, -1, -2):
        for word, (first, second) in ((at, even), (at + 1, odd)):
            for bit in range(32):
                grows = -(1 << bit) if words[word] >> bit & 1 else 1 << bit
                if (grows * first & _WORD, grows * second & _WORD) == missing:
                    (mask,) = struct.unpack(">I", struct.pack(f"{order}I", 1 << bit))
                    yield word, mask
        even, odd = _passed_on(even), _passed_on(odd)


def _passed_on(share: tuple[int, int]) -> tuple[int, int]:
    """What two further words make of a share in both checksums."""
    first = share[0] + share[1] & _WORD
    return first, share[1] + first & _WORD


def _summed(content: bytes, offset: int, step: int) -> bytes:
    """What the checksum of a frame is over: page number, size and page."""
    return content[offset : offset + 8] + content[offset + _FRAME.size : offset + step]


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
    offsets = range(HEADER.size, len(content) - step + 1, step)
    if not offsets:
        return
    magic, *_, before1, before2 = HEADER.unpack_from(content)
    before = (before1, before2)
    salts = _FRAME.unpack_from(content, HEADER.size)[2:4]
    last = max(_FRAME.unpack_from(content, offset)[1] for offset in offsets)
    for offset in offsets:
        number, size, *rest = _FRAME.unpack_from(content, offset)
        data = _summed(content, offset, step)
        stored, sums = (rest[2], rest[3]), _sums(data, magic, before)
        if sums == stored or tuple(rest[:2]) == salts:
            if sums != stored:
                missing = ((stored[0] - sums[0]) & _WORD, (stored[1] - sums[1]) & _WORD)
                number = _corrected(number, data, magic, missing, last)
            yield _Frame(number, size != 0, content[offset + _FRAME.size : offset + step])
        before = stored


def _corrected(number: int, data: bytes, magic: int, missing: tuple[int, int], last: int) -> int:
    """The page number of a damaged frame: one up to `last` with which its checksum fits, if a bit of it is wrong.

    Where a bit elsewhere in the frame explains it as well, a number that can be right is.
    """
    explained = list(_explained(data, magic, missing))
    others = [number ^ mask for word, mask in explained if word == 0 and 0 < number ^ mask <= last]
    is_certain = number > last or len(explained) == 1
    return others[0] if others and is_certain else number


def _sums(data: bytes, magic: int, before: tuple[int, int]) -> tuple[int, int]:
    """SQLite's checksum, continued from `before`; the magic number's last bit is the byte order."""
    integers = struct.unpack(f"{'>' if magic & _BIG_ENDIAN_SUMS else '<'}{len(data) // 4}I", data)
    first, second = before
    for even, odd in zip(integers[::2], integers[1::2], strict=True):
        first = (first + even + second) & _WORD
        second = (second + odd + first) & _WORD
    return first, second
