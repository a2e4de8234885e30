"""Opens every contactor and parks every pilot, whatever a dead board process left behind; run after any death of it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from drivers.process.board_process import FLUSHES_WITHIN_S
from drivers.process.config import BoardConfig, ConfigRefused, read
from drivers.process.log import LineLog


def make_safe(config: BoardConfig) -> int:
    """Open every contactor; how many were closed.  OSError where that cannot be done.

    Those of a simulated board are in the file of its world.
    """
    from drivers.simulated import state

    world = state.read(config.state_dir)
    if world is None:
        return 0
    closed = [connector for connector in world["connectors"] if connector["contactor"]]
    for connector in closed:
        connector["contactor"] = "weld" in connector["causes"]  # it cannot be opened
    if closed:
        state.save(config.state_dir, world)
    return len(closed)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 everything is open, 1 something cannot be opened, 2 configuration."""
    parser = argparse.ArgumentParser("drivers.safe", description=__doc__)
    parser.add_argument("--config", metavar="FILE", type=Path)
    try:
        opened = make_safe(read(parser.parse_args(arguments).config))
    except ConfigRefused as problems:
        return _end(2, str(problems))
    except OSError as error:
        return _end(1, str(error))
    return _end(0, f"safe, {opened} contactor(s) opened")


def _end(code: int, text: str) -> int:
    """Say it, but wait for no reader: whatever starts the board process anew waits for this end."""
    log = LineLog()
    for line in text.splitlines():
        log.line("safe", line)
    log.flush(FLUSHES_WITHIN_S)
    return code


if __name__ == "__main__":
    sys.exit(main())
