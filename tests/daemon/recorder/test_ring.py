"""The files of the flight recorder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from daemon.recorder.ring import DAY_S, DailyRing, Ring, began, packed, read_lines

NAMES = ("a", "a.1", "a.2")


def test_the_ring_is_bounded(tmp_path: Path) -> None:
    """A file that has its size becomes the one before; the oldest goes."""
    ring = Ring(tmp_path, NAMES, 10)
    for _ in range(5):
        ring.append(b"x" * 10)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(NAMES)
    Ring(tmp_path, NAMES, 10).append(b"y")
    assert (tmp_path / "a").read_bytes() == b"y" and (tmp_path / "a.1").stat().st_size == 10


def test_point_17_a_day_has_its_room(tmp_path: Path) -> None:
    """What does not fit into a day is left out; the days before stay, until their number is full."""
    now = 1000.0
    ring = DailyRing(tmp_path, NAMES, 300, lambda: now)
    for day in range(5):
        now = 1000.0 + day * DAY_S
        ring.append(packed([b'["note",%d]' % day]))
        for _ in range(50):
            ring.append(packed([b'["flood"]']))
    for name, day in (("a", 4), ("a.1", 3), ("a.2", 2)):
        lines = list(read_lines(tmp_path / name))
        assert lines[0] == ["began", 1000.0 + day * DAY_S] and lines[1] == ["note", day] and len(lines) < 20
        assert (tmp_path / name).stat().st_size <= 300


def test_a_day_goes_on_after_a_restart(tmp_path: Path) -> None:
    """A crash loop does not begin a file each time; a damaged one is begun anew."""
    for second in range(3):
        DailyRing(tmp_path, NAMES, 300, lambda now=float(second): now).append(packed([b'["note"]']))  # type: ignore[misc]
    assert began(tmp_path / "a") == 0.0 and not (tmp_path / "a.1").exists()
    (tmp_path / "a").write_bytes(b'["other",7]\n')
    DailyRing(tmp_path, NAMES, 300, lambda: 5.0).append(packed([b'["note"]']))
    assert began(tmp_path / "a") == 5.0 and (tmp_path / "a.1").exists() and began(tmp_path / "none") is None
    (tmp_path / "a").write_bytes(b"")
    assert began(tmp_path / "a") is None


def test_links_are_not_followed(tmp_path: Path) -> None:
    """A link in the folder is no file of ours."""
    os.symlink(tmp_path / "elsewhere", tmp_path / "a")
    with pytest.raises(OSError):
        Ring(tmp_path, NAMES, 10).append(b"x")


def test_a_torn_end_is_left_out(tmp_path: Path) -> None:
    """A power cut in the middle of a batch costs that batch's end, not the file."""
    whole = packed([b'["line",%d]' % number for number in range(5000)])
    (tmp_path / "a").write_bytes(packed([b'["first"]']) + whole[: len(whole) // 2])
    lines = list(read_lines(tmp_path / "a"))
    assert lines[0] == ["first"] and 1 <= len(lines) < 5000
    (tmp_path / "a").write_bytes(b"\x1f\x8bnonsense")
    assert list(read_lines(tmp_path / "a")) == []
    (tmp_path / "a").write_bytes(b'["event",1]\n["eve')
    assert len(list(read_lines(tmp_path / "a"))) == 1
