"""The files of transfers, in a folder of their own under our names: a firmware image, partial or whole, and bundles.

A partial file is resumed from what was synchronised to disk: after a power cut there is no junk in the middle.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

import msgspec

from daemon.filesystem import private, read_regular, room, sync_file, sync_folder
from daemon.transfers.limits import TransferFailed
from ocpp16.records import FirmwareUpdate, Record, SignedFirmwareUpdate

FOLDER = "transfers"
"""In the store's folder."""
SYNC_EVERY_BYTES = 8 << 20
"""How much of a download may be lost by a power cut."""
INSTALL_LOCK = "install.lock"
"""Held while an installer runs, which may outlive `evsed`: no sweep removes it."""
WRITE_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
PENDING = ("waiting", "downloading", "downloaded", "installing")
"""States of an update whose file is still needed."""
SIGNED_DONE = ("installed", "download-failed", "invalid-signature", "verification-failed", "install-failed")
"""States of a signed update whose file is not needed any more."""


class Kept(msgspec.Struct, frozen=True):
    """What is stored about a partial file."""

    bytes: int
    validator: str
    """How the server identifies this content (ETag, date); another content is downloaded from the start."""


@contextlib.contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TransferFailed("disk", error.strerror or str(error)) from error


class Partial:
    """The firmware image of one location: partial, then whole.  `spare_bytes` stay free on the file system."""

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
        self._unsynced = 0

    def kept(self) -> Kept:
        """Where to resume; 0 bytes: from the beginning."""
        try:
            kept = msgspec.json.decode(read_regular(self._about), type=Kept)
            if 0 < kept.bytes <= self._part.stat().st_size and kept.validator:
                return kept
        except (OSError, msgspec.DecodeError):
            pass
        return Kept(0, "")

    def begin(self, offset: int, validator: str, expected: int | None) -> None:
        """Open it and cut it at `offset`; `expected`: its whole size, if known.  Raises TransferFailed."""
        self._check_room((expected or 0) - offset)
        with _disk_errors():
            self._file = open(os.open(self._part, WRITE_FLAGS, 0o600), "r+b")  # noqa: SIM115  see _close
            self._take_alone()
            self._file.truncate(offset)
            self._file.seek(offset)
            self._validator, self._size, self._unsynced = validator, offset, 0
            self._save_state()

    def _take_alone(self) -> None:
        """One that was given up and hangs may still write this file; it must not write into ours."""
        assert self._file is not None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._close()
            raise TransferFailed("disk", "an earlier download still writes this file") from None

    def write(self, chunk: bytes) -> None:
        """Raises TransferFailed."""
        assert self._file is not None
        with _disk_errors():
            self._file.write(chunk)
            self._size += len(chunk)
            self._unsynced += len(chunk)
            if self._unsynced >= SYNC_EVERY_BYTES:
                self._check_room(0)
                self._sync()

    @property
    def size(self) -> int:
        return self._size

    @property
    def begun(self) -> bool:
        return self._file is not None

    def _check_room(self, needed: int) -> None:
        free = room(self._folder).free_bytes - self._spare_bytes
        if needed > free or free < 0:
            raise TransferFailed("disk", f"{needed} bytes are needed, {max(free, 0)} are free")

    def _sync(self) -> None:
        assert self._file is not None
        sync_file(self._file)
        self._unsynced = 0
        self._save_state()

    def _save_state(self) -> None:
        draft = self._about.with_suffix(".new")
        with open(draft, "wb", opener=private) as file:
            file.write(msgspec.json.encode(Kept(self._size, self._validator)))
            sync_file(file)
        os.replace(draft, self._about)
        sync_folder(self._folder)

    def leave(self) -> None:
        """Close it; what there is is kept for the next attempt."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._sync()
            self._close()

    def finish(self) -> Path:
        """The file is whole: synchronise and rename it; its path.  Raises OSError."""
        assert self._file is not None
        sync_file(self._file)
        self._close()
        os.replace(self._part, self.whole)
        self._about.unlink(missing_ok=True)
        sync_folder(self._folder)
        return self.whole

    def discard(self) -> None:
        """Close and remove it."""
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
    """The folder of transfers, created if it is missing.  Raises OSError."""
    folder = store / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink():
        raise OSError(errno.ELOOP, "is a symbolic link, which is not followed", str(folder))
    return folder


def sweep(folder: Path, keeps: Callable[[str], bool]) -> None:
    """Remove every file but those for whose name `keeps` is true, and the lock; not where a link leads elsewhere."""
    with contextlib.suppress(OSError):
        if folder.is_symlink():
            return
        for path in folder.iterdir():
            if path.name != INSTALL_LOCK and not keeps(path.name):
                path.unlink()


def sweep_leftovers(store: Path, records: Iterable[Record]) -> None:
    """At the start: of all files of transfers keep only those of a pending update."""
    folder = store / FOLDER
    needed = [
        row.location
        for row in records
        if (isinstance(row, FirmwareUpdate) and row.state in PENDING)
        or (isinstance(row, SignedFirmwareUpdate) and row.state not in SIGNED_DONE)
    ]
    stems = [Partial(folder, location).whole.stem for location in needed]
    sweep(folder, lambda name: name.startswith(tuple(stems)))
