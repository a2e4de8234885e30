"""The write-ahead log as bytes: what SQLite uses of it, what was lost in it, what can still be read."""

from __future__ import annotations

import random
import shutil
import sqlite3
import struct
from pathlib import Path

import pytest

from daemon.store.write_ahead_log import damage, mended, pages, used_frames


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
    assert damage(header(magic) + frame(False) + frame(True), used_frames=2) == ""


@pytest.mark.parametrize("content", [b"", bytes(5000), header()[:20]], ids=["empty", "zeros", "short"])
def test_a_log_that_never_began_is_sound(content: bytes) -> None:
    """A power cut may leave a log of zeros, or none."""
    assert damage(content, used_frames=0) == ""


@pytest.mark.parametrize(
    "content",
    [header(magic=1), header(page_bytes=100), header()[:-1] + b"\0" + frame(True)],
    ids=["magic", "page size", "checksum"],
)
def test_a_damaged_header_is_told(content: bytes) -> None:
    """SQLite passes over the whole log in silence; its header is written before anything depends on it."""
    assert damage(content, used_frames=0) == "the header of its write-ahead log is damaged"


def test_a_torn_last_commit_is_sound() -> None:
    """Pieces of the one commit that was not on disk yet, among what an earlier generation left."""
    torn = frame(False) + frame(False, (1, 2)) + frame(True) + frame(True, (1, 2))
    assert damage(header() + frame(True) + torn, used_frames=1) == ""


def test_a_hole_with_later_commits_behind_it_is_told() -> None:
    """A commit that has another one behind it had been on disk."""
    assert damage(header() + frame(True) + frame(True) + frame(False), used_frames=0) != ""


# --- a log that SQLite wrote ------------------------------------------------------------------------------------------

PAGE = 1024
STEP = 24 + PAGE


@pytest.fixture
def written(tmp_path: Path) -> bytes:
    """Five commits to one table, never moved into the database."""
    db = sqlite3.connect(tmp_path / "db", isolation_level=None)
    for statement in (f"PRAGMA page_size={PAGE}", "PRAGMA journal_mode=WAL", "PRAGMA wal_autocheckpoint=0"):
        db.execute(statement)
    db.execute("CREATE TABLE t (x)")
    for n in range(4):
        db.execute("INSERT INTO t VALUES (?)", (f"row {n}",))
    shutil.copy(tmp_path / "db-wal", tmp_path / "log")
    db.close()
    return (tmp_path / "log").read_bytes()


def flipped(content: bytes, at: int, bit: int = 0) -> bytes:
    changed = bytearray(content)
    changed[at] ^= 1 << bit
    return bytes(changed)


def test_what_sqlite_uses_of_a_log(written: bytes) -> None:
    """All of a whole one; up to the last commit before the damage of another; nothing where its header is damaged."""
    frames = (len(written) - 32) // STEP
    assert used_frames(written) == frames
    assert used_frames(flipped(written, 32 + (frames - 2) * STEP + 500)) == frames - 2
    assert used_frames(flipped(written, 17)) == 0
    assert used_frames(flipped(written, 10)) == 0  # the size of a page
    assert used_frames(b"") == 0


def test_damage_in_a_log_that_sqlite_wrote(written: bytes) -> None:
    """Behind the last frame nothing is missing; in the middle the later commits are."""
    assert damage(written, used_frames(written)) == ""
    broken = flipped(written, 32 + 2 * STEP + 500)
    assert "is damaged after" in damage(broken, used_frames(broken))


def test_the_newest_pages_of_a_log(written: bytes) -> None:
    """The last commit's image of each page; a commit that was not finished does not count."""
    found = pages(written, PAGE)
    assert b"row 3" in found[2] and b"row 0" in found[2]
    unfinished = written + written[-STEP : -STEP + 4] + bytes(4) + written[-STEP + 8 : -PAGE] + bytes(PAGE)
    assert pages(unfinished, PAGE) == found
    assert pages(written[:40], PAGE) == {}


@pytest.mark.parametrize("at", [0, 3, 4, 8, 12, 16, 20, 24 + 8, 24 + 700])
@pytest.mark.parametrize("bit", [0, 5])
def test_pages_behind_the_damage_are_read(written: bytes, at: int, bit: int) -> None:
    """Any bit of a frame in the middle: SQLite gives up all that comes after it; here it is read."""
    whole = pages(written, PAGE)
    found = pages(flipped(written, 32 + 2 * STEP + at, bit), PAGE)
    assert {number: found.get(number) for number in whole} == whole


def test_frames_of_an_earlier_generation_do_not_count(written: bytes) -> None:
    """What the log held before it began anew stands behind, with other salts."""
    old = bytearray(written[-STEP:])
    old[8] ^= 255
    assert pages(written + bytes(old[:24]) + bytes(PAGE), PAGE) == pages(written, PAGE)


@pytest.fixture
def three_commits(tmp_path: Path) -> bytes:
    """A log as SQLite leaves it after sudden death: three commits, of two frames or more each."""
    db = sqlite3.connect(tmp_path / "db", isolation_level=None)
    db.execute("PRAGMA page_size=1024")
    db.execute("PRAGMA journal_mode=WAL")
    for number in range(3):
        db.execute(f"CREATE TABLE t{number} (a)")
    content = (tmp_path / "db-wal").read_bytes()
    db.close()
    return content


def test_6_one_wrong_bit_anywhere_in_a_frame_is_set_right(three_commits: bytes) -> None:
    """Also in the last commit, where it looks as if a power cut had torn it; at worst its page still has it."""
    dice = random.Random(6)
    frames, sound = used_frames(three_commits), pages(three_commits, 1024)
    assert frames >= 6 and mended(three_commits) == three_commits
    for place in (*range(32, 32 + 24), *(dice.randrange(32, len(three_commits)) for _ in range(150))):
        wrong = bytearray(three_commits)
        wrong[place] ^= 1 << dice.randrange(8)
        assert used_frames(bytes(wrong)) < frames
        assert damage(bytes(wrong), used_frames(bytes(wrong))) != "", place
        found = pages(mended(bytes(wrong)), 1024)
        assert found.keys() == sound.keys()
        assert sum((a ^ b).bit_count() for n in sound for a, b in zip(sound[n], found[n], strict=True)) <= 1, place


@pytest.mark.parametrize("cut", [1, 500, 1024, 1048])
def test_6_a_torn_write_is_not_mended(three_commits: bytes, cut: int) -> None:
    """What a power cut leaves of the last commit stays unused, and is no damage."""
    torn = three_commits[:-cut] + bytes(cut)
    assert mended(torn) == torn and mended(three_commits[:-cut]) == three_commits[:-cut]
    assert damage(torn, used_frames(torn)) == ""
