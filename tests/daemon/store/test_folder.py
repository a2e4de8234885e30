"""The store's folder: lock, room, files moved aside, and the log of a previous run."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from daemon.store.failures import StoreBusy
from daemon.store.folder import COPY_TRIES, RESERVE_BYTES, Folder


def test_the_reserve_is_really_allocated(tmp_path: Path) -> None:
    """The reserve takes its room now, so that it can be given back later."""
    folder = Folder(tmp_path)
    folder.keep_reserve()
    assert folder.reserve.stat().st_blocks * 512 >= RESERVE_BYTES
    assert folder.give_up_reserve()
    assert not folder.give_up_reserve()
    assert folder.is_low


def test_a_reserve_for_which_there_is_no_room_is_none(tmp_path: Path) -> None:
    """Half a reserve would be taken for a whole one: it goes, and is tried again later."""
    folder = Folder(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, hard))
    try:
        folder.keep_reserve()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not folder.reserve.exists()
    folder.keep_reserve()
    assert folder.reserve.exists()


def test_the_lock_is_held_until_left(tmp_path: Path) -> None:
    """Entering twice is once; who has left may come back."""
    one, two = Folder(tmp_path / "store"), Folder(tmp_path / "store")
    one.enter()
    one.enter()
    with pytest.raises(StoreBusy):
        two.enter()
    one.leave()
    one.leave()
    two.enter()
    two.leave()


def test_the_remains_of_a_draft_go(tmp_path: Path) -> None:
    """A draft that was never published is worth nothing."""
    folder = Folder(tmp_path)
    (tmp_path / "evsed.db.new").write_text("half")
    (tmp_path / "evsed.db.new-wal").write_text("a file")
    (tmp_path / "evsed.db.new-shm").mkdir()
    folder.begin_draft()
    assert [(path.name, path.stat().st_size) for path in tmp_path.iterdir()] == [("evsed.db.new", 0)]


class Restless(Folder):
    """A log that is restarted whenever it is read."""

    looks = 0

    def wal_header(self) -> bytes:
        self.looks += 1
        return str(self.looks).encode() if self.looks < self.quiet_after else b"quiet"

    quiet_after = 1000


def test_a_copy_is_taken_again_while_the_log_begins_anew(tmp_path: Path) -> None:
    """File and log of two generations do not belong together: copied again, and given up after a few tries."""
    folder = Restless(tmp_path)
    folder.database.write_text("content")
    with pytest.raises(OSError, match="changes faster"), folder.copied():
        pass
    assert folder.looks == 2 * COPY_TRIES
    folder = Restless(tmp_path)
    folder.quiet_after = 4
    with folder.copied() as copy:
        assert copy.read_text() == "content"


# --- what is found there -----------------------------------------------------------------------------------------


def test_a_log_is_settled_in_place(tmp_path: Path) -> None:
    """The same octets once more: nothing changes, and what has nothing is left alone."""
    folder = Folder(tmp_path)
    assert folder.settle_wal() == b""
    folder.wal.write_bytes(b"")
    assert folder.settle_wal() == b""
    folder.wal.write_bytes(b"octets")
    assert folder.settle_wal() == b"octets"
    assert folder.wal.read_bytes() == b"octets"


def test_a_stranger_s_file_is_used_as_it_is(tmp_path: Path) -> None:
    """A mode that cannot be changed is no reason to stop; there is nothing to change where there is no file."""
    folder = Folder(tmp_path)
    folder.database.write_text("")
    folder.make_private()
    assert folder.database.stat().st_mode & 0o777 == 0o600
    assert os.access(folder.database, os.R_OK)
