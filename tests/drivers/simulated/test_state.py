"""The world's file: whole after a kill, kept aside when damaged."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from drivers.simulated.board import SimulatedBoard
from drivers.simulated.state import NAME, PAGE, load, save


def test_there_and_back(tmp_path: Path) -> None:
    """What was saved is loaded, and later saves overwrite the same file in place."""
    assert load(tmp_path) is None
    world = SimulatedBoard().state()
    save(tmp_path, world)
    assert load(tmp_path) == world and (tmp_path / NAME).stat().st_size == PAGE
    inode = os.stat(tmp_path / NAME).st_ino
    world["temperature"] = 30.0
    save(tmp_path, world)
    assert load(tmp_path) == world and os.stat(tmp_path / NAME).st_ino == inode
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_a_world_larger_than_a_page_is_replaced_as_a_whole(tmp_path: Path) -> None:
    """Sixteen connectors do not fit: written beside, then renamed; and back to a small one."""
    large = SimulatedBoard(16).state()
    large["connectors"] *= 3
    save(tmp_path, large)
    save(tmp_path, large)
    assert load(tmp_path) == large
    small = SimulatedBoard().state()
    save(tmp_path, small)
    assert load(tmp_path) == small


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff", b"[]", b"{}", b'{"seed": 1}', b"5", b"[" * 100_000])
def test_a_damaged_world_is_moved_aside(tmp_path: Path, damage: bytes) -> None:
    """Its bytes are kept, and a new world begins."""
    for number in (1, 2):
        (tmp_path / NAME).write_bytes(damage)
        assert load(tmp_path) is None
        assert (tmp_path / f"{NAME}.damaged-{number}").read_bytes() == damage


def test_a_state_is_json(tmp_path: Path) -> None:
    """Nothing in it that would come back as something else."""
    state = SimulatedBoard(2, socket=True).state()
    assert json.loads(json.dumps(state)) == state


def test_a_world_that_cannot_be_written_goes_on(tmp_path: Path) -> None:
    """A full or read-only disk is an error for who saves; the file is as it was."""
    world = SimulatedBoard().state()
    save(tmp_path, world)
    with pytest.raises(FileNotFoundError):
        save(tmp_path / "absent", world)
    (tmp_path / f"{NAME}.new").mkdir()
    larger = {**world, "connectors": world["connectors"] * 60}
    with pytest.raises(IsADirectoryError):
        save(tmp_path, larger)
    assert load(tmp_path) == world
