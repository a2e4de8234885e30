"""The pages of a damaged SQLite file as bytes (file format 1 and 2): rows are found wherever they can still be read.

SQLite gives up a page at the first byte that does not fit.  Here each cell stands for itself, and whoever asks says by
`is_sound` which rows are what was once written.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from daemon.store import write_ahead_log
from daemon.store.rows import Value, text

_FILE_HEADER_BYTES = 100
_LEAF, _INTERIOR = 8, 12
"""Bytes of a page's header."""
_LEAVES, _INTERIORS = (10, 13), (2, 5)
_ROW_BYTES = 1 << 20
"""A longer row is none of ours."""
CORRECTED_PAGES, CORRECTED_CELLS = 4, 2
"""So many pages, and cells of one, are tried for a single wrong bit: a cell takes 50 ms."""
_REAL = struct.Struct(">d")
_UNREADABLE = (IndexError, ValueError, struct.error)

IsSound = Callable[[int | None, Sequence[Value]], bool]
"""Whether a row, given by its rowid (None: a table without) and its columns, is what was once written."""


class Cell(NamedTuple):
    """A row, or what is left of one: without rowid (a table without, or unreadable), without values (unreadable)."""

    rowid: int | None
    values: Sequence[Value] | None


class Found(NamedTuple):
    """The rows of one tree, and what could not be read of it."""

    rows: list[Cell]
    lost: list[Cell]
    is_whole: bool
    pages: set[int]


class Pages:
    """The database with the log laid over it; page numbers begin with 1."""

    def __init__(self, database: bytes, log: bytes, page_bytes: int) -> None:
        given = int.from_bytes(database[16:18], "big")
        if given.bit_count() == 1 and given >= 512:
            page_bytes = given
        self.page_bytes = page_bytes
        self._corrections = CORRECTED_PAGES
        count = len(database) // page_bytes
        self._images = {n + 1: database[n * page_bytes : (n + 1) * page_bytes] for n in range(count)}
        self._images |= write_ahead_log.pages(write_ahead_log.mended(log), page_bytes)

    def numbers(self) -> list[int]:
        return sorted(self._images)

    def free(self) -> set[int]:
        """Pages on the list of free ones: what they hold was deleted."""
        found: set[int] = set()
        trunk = int.from_bytes(self._images.get(1, b"")[32:36], "big")
        while trunk in self._images and trunk not in found:
            found.add(trunk)
            trunk, count, *leaves = struct.unpack(f">{self.page_bytes // 4}I", self._images[trunk])
            found.update(leaves[:count])
        return found

    # --- trees --------------------------------------------------------------------------------------------------------

    def tree(self, root: int, has_rowid: bool, is_sound: IsSound, is_proved: IsSound | None = None) -> Found:
        """The rows that are reached from this root; one wrong bit is corrected where the row `is_proved` then."""
        found = Found([], [], root in self._images, set())
        is_whole = found.is_whole
        waiting = [root]
        while waiting:
            number = waiting.pop()
            if number in found.pages or number not in self._images:
                is_whole = False
                continue
            found.pages.add(number)
            cells = self.leaf(number, has_rowid, is_sound, is_proved)
            sound = [cell for cell in cells if _fits(cell, is_sound)]
            kind = self._images[number][self._start(number)]
            if sound or kind in _LEAVES:
                found.rows.extend(sound)
                found.lost.extend(cell for cell in cells if cell not in sound)
                is_whole = is_whole and len(sound) == len(cells)
            else:
                is_whole = is_whole and kind in _INTERIORS
                children, rows = self._interior(number, has_rowid)
                waiting += children
                found.rows.extend(cell for cell in rows if _fits(cell, is_sound))
                found.lost.extend(cell for cell in rows if not _fits(cell, is_sound))
        return found._replace(is_whole=is_whole and not found.lost)

    def leaf(self, number: int, has_rowid: bool, is_sound: IsSound, is_proved: IsSound | None = None) -> list[Cell]:
        """The cells of a leaf; where some are not sound and one bit of the page explains that, it is corrected."""
        page, start = self._images[number], self._start(number)
        cells = self._cells(page, start, has_rowid)
        fits = [_fits(cell, is_sound) for cell in cells]
        is_leaf = any(fits) or page[start] in _LEAVES
        if all(fits) or not is_leaf or is_proved is None or not self._corrections:
            return cells
        self._corrections -= 1
        corrected = self._corrected_cells(page, start, cells, fits, has_rowid, is_proved)
        if all(_fits(cell, is_sound) for cell in corrected):
            return corrected
        return self._corrected(page, start, has_rowid, is_proved) or corrected

    def _corrected_cells(
        self, page: bytes, start: int, cells: list[Cell], fits: list[bool], has_rowid: bool, is_proved: IsSound
    ) -> list[Cell]:
        """The cells, those that do not fit set right where one bit of them explains it; not if they are many."""
        if fits.count(False) > CORRECTED_CELLS:
            return cells
        places = list(_pointers(page, start, _LEAF))
        found = list(cells)
        for n, at in enumerate(places):
            end = min((other for other in places if other > at), default=len(page))
            if not fits[n] and (corrected := self._corrected_cell(page, at, end, has_rowid, is_proved)) is not None:
                found[n] = corrected
        return found

    def _corrected_cell(self, page: bytes, at: int, end: int, has_rowid: bool, is_proved: IsSound) -> Cell | None:
        """One bit is wrong in the cell between these places."""
        changed = bytearray(page)
        for bit in range(at * 8, min(end, len(page)) * 8):
            changed[bit >> 3] ^= 1 << (bit & 7)
            cell = self._cell(changed, at, has_rowid)
            changed[bit >> 3] ^= 1 << (bit & 7)
            if _fits(cell, is_proved):
                return cell
        return None

    def _corrected(self, page: bytes, start: int, has_rowid: bool, is_proved: IsSound) -> list[Cell]:
        """One bit is wrong in the head of the page or among the places of its cells.

        That a page counts too many cells explains only such that lie where none can be: no row is dropped otherwise.
        """
        changed = bytearray(page)
        count = int.from_bytes(page[start + 3 : start + 5], "big")
        content = int.from_bytes(page[start + 5 : start + 7], "big")
        real = sum(content <= at < len(page) for at in _pointers(page, start, _LEAF))
        for bit in range((start + 3) * 8, min(start + _LEAF + 2 * count, len(page)) * 8):
            changed[bit >> 3] ^= 1 << (bit & 7)
            cells = self._cells(changed, start, has_rowid)
            changed[bit >> 3] ^= 1 << (bit & 7)
            if cells and len(cells) >= min(real, count) and all(_fits(cell, is_proved) for cell in cells):
                return cells
        return []

    def proved(self, number: int, has_rowid: bool, is_proved: IsSound) -> list[Cell]:
        """The proved rows among the cells of a leaf; none of another page."""
        page, start = self._images[number], self._start(number)
        cells = self._cells(page, start, has_rowid) if page[start] in _LEAVES else []
        return [cell for cell in cells if _fits(cell, is_proved)]

    def remains(self, number: int, has_rowid: bool, is_sound: IsSound) -> list[Cell]:
        """Sound rows of a page that no tree reaches, or behind the cells that a page counts: perhaps deleted ones."""
        page, start = self._images[number], self._start(number)
        content = int.from_bytes(page[start + 5 : start + 7], "big")
        places = {
            int.from_bytes(page[at : at + 2], "big") for at in range(start + _LEAF, min(content, len(page) - 1), 2)
        }
        cells = (self._cell(page, at, has_rowid) for at in sorted(places) if at)
        return [cell for cell in cells if _fits(cell, is_sound)]

    def _start(self, number: int) -> int:
        return _FILE_HEADER_BYTES if number == 1 else 0

    # --- cells --------------------------------------------------------------------------------------------------------

    def _cells(self, page: bytes | bytearray, start: int, has_rowid: bool) -> list[Cell]:
        return [self._cell(page, at, has_rowid) for at in _pointers(page, start, _LEAF)]

    def _interior(self, number: int, has_rowid: bool) -> tuple[list[int], list[Cell]]:
        """The pages below an inner page, and its rows (only trees without rowid have some)."""
        page, start = self._images[number], self._start(number)
        pointers = [at for at in _pointers(page, start, _INTERIOR) if at + 4 <= len(page)]
        children = [int.from_bytes(page[at : at + 4], "big") for at in (*pointers, start + _LEAF)]
        return children, [] if has_rowid else [self._cell(page, at + 4, has_rowid) for at in pointers]

    def _cell(self, page: bytes | bytearray, at: int, has_rowid: bool) -> Cell:
        rowid = None
        try:
            size, at = _varint(page, at)
            if has_rowid:
                rowid, at = _varint(page, at)
                rowid -= (rowid >> 63) << 64
            return Cell(rowid, _values(self._payload(page, at, size, has_rowid)))
        except _UNREADABLE:
            return Cell(rowid, None)

    def _payload(self, page: bytes | bytearray, at: int, size: int, has_rowid: bool) -> bytes:
        """The row's bytes, those on overflow pages too.  Raises one of `_UNREADABLE`."""
        usable = self.page_bytes
        most = usable - 35 if has_rowid else (usable - 12) * 64 // 255 - 23
        if size > _ROW_BYTES:
            raise ValueError
        if size <= most:
            return bytes(page[at : at + size])
        least = (usable - 12) * 32 // 255 - 23
        local = least + (size - least) % (usable - 4)
        local = local if local <= most else least
        parts = [bytes(page[at : at + local])]
        following = page[at + local : at + local + 4]
        for _ in range((size - local) // (usable - 4) + 1):
            overflow = self._images.get(int.from_bytes(following, "big"), b"")
            following = overflow[:4]
            parts.append(overflow[4:])
        return b"".join(parts)[:size]


def _fits(cell: Cell, is_sound: IsSound) -> bool:
    return cell.values is not None and is_sound(cell.rowid, cell.values)


def _pointers(page: bytes | bytearray, start: int, header: int) -> Iterator[int]:
    """Where the cells of a page begin."""
    count = int.from_bytes(page[start + 3 : start + 5], "big")
    for at in range(start + header, min(start + header + 2 * count, len(page) - 1), 2):
        yield int.from_bytes(page[at : at + 2], "big")


def _varint(data: bytes | bytearray, at: int) -> tuple[int, int]:
    """An integer of 1 to 9 bytes, and where it ends.  Raises IndexError."""
    value = 0
    for n in range(8):
        byte = data[at + n]
        value = value << 7 | byte & 127
        if byte < 128:
            return value, at + n + 1
    return value << 8 | data[at + 8], at + 9


def _values(payload: bytes) -> list[Value]:
    """The columns of a row.  Raises one of `_UNREADABLE`."""
    end, at = _varint(payload, 0)
    values: list[Value] = []
    body = end
    while at < end:
        kind, at = _varint(payload, at)
        if kind in (10, 11):
            raise ValueError("a reserved type")
        size = _size(kind)
        data = payload[body : body + size]
        if len(data) < size:
            raise ValueError
        body += size
        values.append(_value(kind, data))
    return values


def _size(kind: int) -> int:
    return (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)[kind] if kind < 10 else (kind - 12) // 2


def _value(kind: int, data: bytes) -> Value:
    if kind == 0:
        return None
    if kind < 7:
        return int.from_bytes(data, "big", signed=True)
    if kind == 7:
        (real,) = _REAL.unpack(data)
        return float(real)
    if kind < 10:
        return kind - 8
    return text(data) if kind & 1 else data
