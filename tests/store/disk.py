"""A disk that may lose, reorder and tear whatever has not been synced: its contents after a power cut at any call."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import NamedTuple

from tests.store.recorder import Call

SECTOR = 512
"""What the medium writes whole or not at all."""

HOLLOW = ("evsed.reserve", "evsed.lock")
"""Files whose content nobody reads: there or not there, but empty."""

Image = dict[str, bytes]
"""The files of a folder, by name."""


class Change(NamedTuple):
    """Octets at an offset; `data` None: the file gets the length `at`."""

    at: int
    data: bytes | None


class Naming(NamedTuple):
    """`name` means `inode` from now on, or nothing; `old`: the name it had until now."""

    name: str
    inode: int | None
    old: str = ""


@dataclass
class Inode:
    durable: bytes = b""
    pending: list[Change] = field(default_factory=list)
    """Written, not synced."""
    cached: list[Change] = field(default_factory=list)
    """Dropped by an fsync that failed: still read, never to reach the disk by itself."""


class Disk:
    """Follows a list of calls; `images` are the states it may be found in if the power fails now."""

    def __init__(self) -> None:
        self.inodes: dict[int, Inode] = {}
        self.names: dict[str, int] = {}
        """As on the disk."""
        self.namings: list[Naming] = []
        """Made, not synced."""
        self.present: dict[str, int] = {}
        """As seen by programs."""
        self._open: dict[int, int | None] = {}

    def follow(self, call: Call) -> None:
        if call.op == "o":
            self._opened(call)
        elif call.op == "w":
            self._changed(call, Change(call.at, call.data))
        elif call.op == "t":
            self._changed(call, Change(call.at, None))
        elif call.op == "f":
            self._synced(call)
        elif call.op == "u":
            self._name(Naming(PurePath(call.data.decode()).name, None))
        elif call.op == "r":
            old, new = (PurePath(path).name for path in call.data.decode().split("\n"))
            self._name(Naming(new, self.present[old], old))

    def _opened(self, call: Call) -> None:
        name = PurePath(call.data.decode()).name
        if call.at:  # created
            inode = len(self.inodes) + 1
            self.inodes[inode] = Inode()
            self._name(Naming(name, inode))
        self._open[call.fd] = self.present.get(name)  # None: the folder itself

    def _name(self, naming: Naming) -> None:
        self.namings.append(naming)
        _rename(self.present, naming)

    def _changed(self, call: Call, change: Change) -> None:
        inode = self._open[call.fd]
        assert inode is not None
        self.inodes[inode].pending.append(change)

    def _synced(self, call: Call) -> None:
        number = self._open[call.fd]
        if number is None:
            if not call.failed:
                for naming in self.namings:
                    _rename(self.names, naming)
                self.namings = []
            return
        inode = self.inodes[number]
        if call.failed:
            inode.cached += inode.pending
        else:
            inode.durable = _written(inode.durable, inode.pending)
            inode.cached = []
        inode.pending = []

    # --- after a power cut --------------------------------------------------------------------------------------------

    def images(self, dice: random.Random, draws: int) -> Iterator[Image]:
        """All unsynced lost; all kept; data or names alone; every prefix; `draws` random subsets, and as many torn."""
        order = [(number, n) for number, inode in self.inodes.items() for n in range(len(inode.pending))]
        everything = set(order)
        names = len(self.namings)
        yield self._image(set(), 0, {})
        if not order and not names:
            return
        yield self._image(everything, names, {})
        yield self._image(set(), names, {})
        yield self._image(everything, 0, {})
        for length in range(1, len(order)):
            yield self._image(set(order[:length]), names, {})
        for _ in range(draws):
            some = {one for one in order if dice.random() < 0.5}
            yield self._image(some, dice.randint(0, names), {})
        for _ in range(draws if order else 0):
            some = {one for one in order if dice.random() < 0.7}
            torn = dice.choice(order)
            yield self._image(some | {torn}, dice.randint(0, names), {torn: dice.getrandbits(16)})

    def _image(self, kept: set[tuple[int, int]], names: int, torn: dict[tuple[int, int], int]) -> Image:
        present = dict(self.names)
        for naming in self.namings[:names]:
            _rename(present, naming)
        image = {}
        for name, number in present.items():
            if name in HOLLOW:
                image[name] = b""
                continue
            inode = self.inodes[number]
            changes: list[Change] = []
            for n, change in enumerate(inode.pending):
                if (number, n) in kept:
                    changes += _torn(change, torn[number, n]) if (number, n) in torn else [change]
            image[name] = _written(inode.durable, changes)
        return image


def _rename(names: dict[str, int], naming: Naming) -> None:
    if naming.old:
        names.pop(naming.old, None)
    if naming.inode is None:
        names.pop(naming.name, None)
    else:
        names[naming.name] = naming.inode


def _written(content: bytes, changes: list[Change]) -> bytes:
    if not changes:
        return content
    buffer = bytearray(content)
    for at, data in changes:
        if data is None:
            del buffer[at:]
            buffer.extend(bytes(at - len(buffer)))
        else:
            buffer.extend(bytes(max(0, at + len(data) - len(buffer))))
            buffer[at : at + len(data)] = data
    return bytes(buffer)


def _torn(change: Change, which: int) -> list[Change]:
    """The sectors of a write that made it: those whose bit in `which` is set."""
    if change.data is None:
        return [change]
    parts = []
    start = change.at
    end = change.at + len(change.data)
    while start < end:
        stop = min(end, (start // SECTOR + 1) * SECTOR)
        if which & 1:
            parts.append(Change(start, change.data[start - change.at : stop - change.at]))
        which >>= 1
        start = stop
    return parts
