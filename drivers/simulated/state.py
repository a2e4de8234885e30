"""The simulated world's file `world.json`: cars, cables and meters between two runs of the board process."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from drivers.simulated.board import SimulatedBoard
from drivers.simulated.world import WorldState

NAME: Final = "world.json"
PAGE: Final = 4096
"""A state that fits is padded to this and overwritten in place: one page, dirtied once, whole even after a SIGKILL."""


def load(folder: Path) -> WorldState | None:
    """The world as it was left; None where there is none or it cannot be read."""
    with suppress(OSError):
        return read(folder)
    return None


def read(folder: Path) -> WorldState | None:
    """The world as it was left; None where there is none.  A damaged one is moved aside, its bytes kept.

    OSError where it cannot be read.
    """
    path = folder / NAME
    try:
        world: WorldState = json.loads(_content(path))
        SimulatedBoard(len(world["connectors"]), world)  # a state from which no board can be made is damaged
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        _move_aside(path)
        return None
    return world


def _content(path: Path) -> bytes:
    """Of a file; nothing of what is none (a FIFO would be waited for)."""
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
        return file.read()


def _move_aside(path: Path) -> None:
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    with suppress(OSError):  # where nothing can be written it stays, and is ignored
        path.rename(aside)


def save(folder: Path, world: WorldState) -> None:
    """Replace the file's content: a reader, or a start after a kill, finds the old world or the new one.

    OSError where nothing can be written.
    """
    path = folder / NAME
    text = json.dumps(world, separators=(",", ":")).encode("ascii")
    padded = text.ljust(PAGE - 1) + b"\n"
    if len(padded) > PAGE or not _overwrite(path, padded):
        fresh = path.with_name(f"{path.name}.new")
        fresh.write_bytes(padded)
        fresh.replace(path)


def _overwrite(path: Path, page: bytes) -> bool:
    try:
        file = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return os.fstat(file).st_size == PAGE and os.pwrite(file, page, 0) == PAGE
    finally:
        os.close(file)
