"""The files of transfers, in a folder of their own under names of ours: a firmware on its way, whole, or swept away.

What counts of an unfinished file is what was forced to the medium: a power cut leaves no junk in the middle.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

import msgspec

from daemon.filesystem import private, room, sync_file, sync_folder
from daemon.transfers.limits import TransferFailed
from ocpp16.records import FirmwareUpdate, Record

FOLDER = "transfers"
"""In the store's folder."""
KEEP_EVERY_BYTES = 8 << 20
UNDER_WAY = ("waiting", "downloading", "downloaded", "installing")
"""States of an update whose file is still wanted."""


class Kept(msgspec.Struct, frozen=True):
    """What is known of an unfinished file."""

    bytes: int
    validator: str
    """How the server names this very content; what changes its name is fetched anew."""


@contextlib.contextmanager
def _on_disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TransferFailed("disk", error.strerror or str(error)) from error


class Partial:
    """The firmware of one location: unfinished, then whole."""

    def __init__(self, folder: Path, location: str, spare_bytes: int = 0) -> None:
        name = f"firmware-{sha256(location.encode()).hexdigest()[:16]}"
        self.whole = folder / f"{name}.bin"
        self._part = folder / f"{name}.part"
        self._about = folder / f"{name}.json"
        self._folder = folder
        self._spare_bytes = spare_bytes
        self._file: BinaryIO | None = None
        self._validator = ""
        self._size = 0
        self._unkept = 0

    def kept(self) -> Kept:
        """Where to go on from; 0 bytes: from the beginning."""
        try:
            kept = msgspec.json.decode(self._about.read_bytes(), type=Kept)
            if 0 < kept.bytes <= self._part.stat().st_size and kept.validator:
                return kept
        except (OSError, msgspec.DecodeError):
            pass
        return Kept(0, "")

    def begin(self, offset: int, validator: str, expected: int | None) -> None:
        """Open it and forget what lies behind `offset`.  Raises TransferFailed."""
        self._check_room((expected or 0) - offset)
        with _on_disk():
            self._file = open(self._part, "r+b" if offset else "wb", opener=private)  # noqa: SIM115  see _close
            self._file.truncate(offset)
            self._file.seek(offset)
            self._validator, self._size, self._unkept = validator, offset, 0
            self._remember()

    def write(self, chunk: bytes) -> None:
        """Raises TransferFailed."""
        assert self._file is not None
        with _on_disk():
            self._file.write(chunk)
            self._size += len(chunk)
            self._unkept += len(chunk)
            if self._unkept >= KEEP_EVERY_BYTES:
                self._check_room(0)
                self._keep()

    @property
    def size(self) -> int:
        return self._size

    @property
    def begun(self) -> bool:
        return self._file is not None

    def _check_room(self, wanted: int) -> None:
        free = room(self._folder).free_bytes - self._spare_bytes
        if wanted > free or free < 0:
            raise TransferFailed("disk", f"{wanted} bytes are needed, {max(free, 0)} are free")

    def _keep(self) -> None:
        assert self._file is not None
        sync_file(self._file)
        self._unkept = 0
        self._remember()

    def _remember(self) -> None:
        draft = self._about.with_suffix(".new")
        with open(draft, "wb", opener=private) as file:
            file.write(msgspec.json.encode(Kept(self._size, self._validator)))
            sync_file(file)
        os.replace(draft, self._about)
        sync_folder(self._folder)

    def leave(self) -> None:
        """It goes no further now: what is there is kept for the next try."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._keep()
            self._close()

    def finish(self) -> Path:
        """It is whole and on the medium.  Raises OSError."""
        assert self._file is not None
        sync_file(self._file)
        self._close()
        os.replace(self._part, self.whole)
        self._about.unlink(missing_ok=True)
        sync_folder(self._folder)
        return self.whole

    def drop(self) -> None:
        """Nobody wants it any more."""
        self._close()
        for path in (self._part, self._about):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None


def made_folder(store: Path) -> Path:
    """The folder of transfers, made where it is missing.  Raises OSError."""
    folder = store / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def sweep(folder: Path, keeps: Callable[[str], bool]) -> None:
    """Remove every file but those whose name `keeps` wants."""
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if not keeps(path.name):
                path.unlink()


def sweep_leftovers(store: Path, records: Iterable[Record]) -> None:
    """A new life: of all files of transfers only those of an update under way stay."""
    updates = [row for row in records if isinstance(row, FirmwareUpdate) and row.state in UNDER_WAY]
    folder = store / FOLDER
    stems = [Partial(folder, row.location).whole.stem for row in updates]
    sweep(folder, lambda name: name.startswith(tuple(stems)))
