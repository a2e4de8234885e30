"""The keeper of the simulated world: the file follows, and a disk that hangs or refuses delays nothing."""

from __future__ import annotations

import os
import time
from pathlib import Path

from drivers.simulated.board import SimulatedBoard
from drivers.simulated.keeper import WorldKeeper
from drivers.simulated.state import NAME, load


def test_what_is_kept_is_in_the_file(tmp_path: Path) -> None:
    """At once, on a disk that works."""
    board, said = SimulatedBoard(), list[str]()
    keeper = WorldKeeper(tmp_path, said.append)
    keeper.keep(board.state())
    assert keeper.settle(5.0) and load(tmp_path) == board.state()
    keeper.keep(board.state())
    assert keeper.settle(0.0) and said == []


def test_point_1_a_disk_that_refuses_is_told_once_and_tried_again(tmp_path: Path) -> None:
    """No room, no right, no folder: one line; a second later the newest world is written after all."""
    folder, said = tmp_path / "absent", list[str]()
    keeper = WorldKeeper(folder, said.append)
    began = time.monotonic()
    for sessions in range(100):
        keeper.keep({**SimulatedBoard().state(), "sessions": sessions})
    assert time.monotonic() - began < 1.0
    assert not keeper.settle(0.0)
    folder.mkdir()
    assert keeper.settle(5.0)
    world = load(folder)
    assert world is not None and world["sessions"] == 99
    assert [line.partition(":")[0] for line in said] == [
        "the simulated world cannot be written, it goes on in memory",
        "the simulated world is written again",
    ]


def test_point_1_a_disk_that_hangs_is_waited_for_once(tmp_path: Path) -> None:
    """A write that does not return (here: into a FIFO without a reader) costs one short wait, not one a turn."""
    os.mkfifo(tmp_path / NAME)
    keeper = WorldKeeper(tmp_path, lambda text: None)
    began = time.monotonic()
    for sessions in range(1000):
        keeper.keep({"sessions": sessions})
    assert time.monotonic() - began < 0.5
    assert not keeper.settle(0.0)
    reader = os.open(tmp_path / NAME, os.O_RDONLY | os.O_NONBLOCK)  # lets it go
    assert keeper.settle(5.0)
    os.close(reader)
