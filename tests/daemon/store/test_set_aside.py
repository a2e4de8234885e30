"""Damaged files are renamed, never overwritten; a few generations of them are kept."""

from __future__ import annotations

import os
from pathlib import Path

from daemon.store.set_aside import make_private, remove, set_aside


def test_files_with_other_names_are_left_alone(tmp_path: Path) -> None:
    """What a person has named himself is not counted and never removed."""
    database = tmp_path / "evsed.db"
    mine = tmp_path / "evsed.db.corrupt-mine"
    mine.write_text("notes")
    for _ in range(5):
        database.write_text("bad")
        set_aside(database, [database, tmp_path / "evsed.db-wal"])
    assert mine.exists()
    assert len(list(tmp_path.iterdir())) == 4


def test_nothing_is_set_aside_where_nothing_is(tmp_path: Path) -> None:
    """No generation is used up for it."""
    assert set_aside(tmp_path / "evsed.db", [tmp_path / "evsed.db"]) == ""


def test_16_what_is_set_aside_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    """A damaged log holds card numbers as well; a FIFO is moved as it is, without waiting for a writer."""
    database, log, pipe = (tmp_path / name for name in ("evsed.db", "evsed.db-wal", "evsed.db-shm"))
    for path in (database, log):
        path.write_text("cards")
        path.chmod(0o644)
    os.mkfifo(pipe)
    assert set_aside(database, (database, log, pipe)) == "evsed.db.corrupt-1"
    for name in ("evsed.db.corrupt-1", "evsed.db.corrupt-1-wal"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "evsed.db.corrupt-1-shm").is_fifo()


def test_16_a_link_is_not_followed(tmp_path: Path) -> None:
    """The mode of a file elsewhere stays, and so does the file."""
    other, link = tmp_path / "other", tmp_path / "link"
    other.write_text("of somebody")
    other.chmod(0o644)
    link.symlink_to(other)
    make_private(link)
    remove(link)
    assert other.stat().st_mode & 0o777 == 0o644 and not os.path.lexists(link)
