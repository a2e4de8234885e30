"""`evsed`: arguments, configuration, then the station.  Imports late: every millisecond to the first frame counts."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

USAGE = "usage: evsed [--config FILE]... [--board simulated] [--check-config] [--version]"


class Usage(Exception):
    """The arguments are wrong."""


def arguments(words: Sequence[str]) -> tuple[list[Path], str, set[str]]:
    """Files, kind of board, and the flags given.  Raises Usage."""
    files: list[Path] = []
    board, flags, rest = "", set(), list(words)
    while rest:
        word, equals, value = rest.pop(0).partition("=")
        if word in ("--check-config", "--version", "--help", "-h") and not equals:
            flags.add("--help" if word == "-h" else word)
        elif word in ("--config", "--board"):
            if not equals and not rest:
                raise Usage(f"{word} needs a value")
            value = value if equals else rest.pop(0)
            if word == "--config":
                files.append(Path(value))
            elif value != "simulated":
                raise Usage(f"--board {value}: only simulated can be asked for here; [board] kind says the rest")
            board = value if word == "--board" else board
        else:
            raise Usage(f"{word} is not known")
    return files, board, flags


def main(words: Sequence[str] | None = None) -> int:
    """Exit code: 0 ended as asked, 1 broken belief or failed commit, 2 configuration."""
    try:
        files, board, flags = arguments(sys.argv[1:] if words is None else words)
    except Usage as wrong:
        print(f"evsed: {wrong}\n{USAGE}", file=sys.stderr)
        return 2
    if "--help" in flags:
        print(USAGE)
        return 0
    if "--version" in flags:
        from daemon import __version__

        print(f"evsed {__version__}")
        return 0
    from daemon.config.loader import load
    from daemon.config.model import ConfigError

    try:
        config = load(files, board_kind=board)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    if "--check-config" in flags:
        from daemon.board.check_config import report

        text, well = report(config)
        print(text, file=sys.stdout if well else sys.stderr)
        return 0 if well else 2
    from daemon.startup import run

    return run(config)


def entry() -> NoReturn:
    """The program `evsed`."""
    from daemon.threads import leave

    leave(main())


if __name__ == "__main__":
    entry()
