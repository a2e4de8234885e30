"""The store's folder: lock, room, files moved aside, and the log of a previous run."""

from __future__ import annotations

import os
import resource
import struct
from pathlib import Path

import pytest

from daemon.store.failures import StoreBusy
from daemon.store.folder import COPY_TRIES, RESERVE_BYTES, Folder, wal_damage


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


def test_files_with_other_names_are_left_alone(tmp_path: Path) -> None:
    """What a person has named himself is not counted and never removed."""
    folder = Folder(tmp_path)
    mine = tmp_path / "evsed.db.corrupt-mine"
    mine.write_text("notes")
    for _ in range(5):
        folder.database.write_text("bad")
        folder.set_aside([folder.database, folder.wal])
    assert mine.exists()
    assert len(list(tmp_path.iterdir())) == 4


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


# --- the log of a previous run --------------------------------------------------------------------------------------


def header(magic: int = 0x377F0683, page_bytes: int = 1024) -> bytes:
    """A sound header with the salts 7 and 8."""
    words = (magic, 3007000, page_bytes, 0, 7, 8)
    if magic & 1:
        packed = struct.pack(">6I", *words)
        view = struct.unpack(">6I", packed)
    else:
        packed = struct.pack(">6I", *words)
        view = struct.unpack("<6I", packed)
    first = second = 0
    for n in (0, 2, 4):
        first = (first + view[n] + second) % 2**32
        second = (second + view[n + 1] + first) % 2**32
    return packed + struct.pack(">2I", first, second)


def frame(ends: bool, salts: tuple[int, int] = (7, 8)) -> bytes:
    return struct.pack(">6I", 1, 9 if ends else 0, *salts, 0, 0) + bytes(1024)


@pytest.mark.parametrize("magic", [0x377F0682, 0x377F0683])
def test_a_whole_log_is_sound(magic: int) -> None:
    """Whatever the order of octets of the machine that wrote it."""
    assert wal_damage(header(magic) + frame(False) + frame(True), used_frames=2) == ""


@pytest.mark.parametrize("content", [b"", bytes(5000), header()[:20]], ids=["empty", "zeros", "short"])
def test_a_log_that_never_began_is_sound(content: bytes) -> None:
    """A power cut may leave a log of zeros, or none."""
    assert wal_damage(content, used_frames=0) == ""


@pytest.mark.parametrize(
    "content",
    [header(magic=1), header(page_bytes=100), header()[:-1] + b"\0" + frame(True)],
    ids=["magic", "page size", "checksum"],
)
def test_a_damaged_header_is_told(content: bytes) -> None:
    """SQLite passes over the whole log in silence; its header is written before anything depends on it."""
    assert wal_damage(content, used_frames=0) == "its header is damaged"


def test_a_torn_last_commit_is_sound() -> None:
    """Pieces of the one commit that was not on disk yet, among what an earlier generation left."""
    torn = frame(False) + frame(False, (1, 2)) + frame(True) + frame(True, (1, 2))
    assert wal_damage(header() + frame(True) + torn, used_frames=1) == ""


def test_a_hole_with_later_commits_behind_it_is_told() -> None:
    """A commit that has another one behind it had been on disk."""
    assert wal_damage(header() + frame(True) + frame(True) + frame(False), used_frames=0) != ""


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
