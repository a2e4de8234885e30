"""`evsed`: command line, configuration, then the station.  Imports are late: they delay the first frame."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

if TYPE_CHECKING:
    from daemon.command_line import CommandLineParser


class Arguments(NamedTuple):
    """The command line of `evsed`."""

    files: Sequence[Path] = ()
    board: str = ""
    """Overrides `[board] kind`; "": as configured."""
    check_config: bool = False


def parser() -> CommandLineParser:
    """The command line of `evsed`, with its help."""
    from daemon import __version__
    from daemon.command_line import CommandLineParser

    made = CommandLineParser(
        prog="evsed",
        description="OCPP 1.6J charging station: the daemon that connects to the Central System and keeps the store.",
        epilog="exit codes: 0 ended as requested, 1 internal error or failed commit, 2 command line or configuration",
    )
    made.add_argument(
        "--config",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help="configuration file; may be repeated, the later file wins (default: /etc/evsed/evsed.toml)",
    )
    made.add_argument(
        "--board",
        choices=["simulated"],
        default="",
        help="run a simulated board in this process, whatever [board] kind says",
    )
    made.add_argument(
        "--check-config",
        action="store_true",
        help="check configuration, store, hooks and board, print whom the station asks and what it measures, and exit",
    )
    made.add_argument("--version", action="version", version=f"evsed {__version__}", help="print the version and exit")
    return made


def parse(argv: Sequence[str]) -> Arguments:
    """The command line.  Raises UsageError; SystemExit(0) after `--help` and `--version`."""
    found = parser().read(argv)
    return Arguments(found.config, found.board, found.check_config)


def files_only(argv: Sequence[str]) -> Arguments | None:
    """A command line of nothing but `--config FILE`, as systemd gives it; None: anything else, for `parse`.

    It needs no argparse, whose import takes 6 ms on a desktop computer and several times that on a small Pi.
    """
    names, files = argv[::2], argv[1::2]
    if len(names) != len(files) or set(names) - {"--config"} or any(file.startswith("-") for file in files):
        return None
    return Arguments([Path(file) for file in files])


def main(argv: Sequence[str] | None = None) -> int:
    """Runs `evsed`.  Exit code: 0 ended as requested, 1 internal error or failed commit, 2 usage or configuration."""
    line = sys.argv[1:] if argv is None else argv
    given = files_only(line)
    if given is not None:
        return _run(given)
    from daemon.command_line import UsageError

    try:
        given = parse(line)
    except SystemExit:  # --help and --version have printed
        return 0
    except UsageError as error:
        print(f"evsed: {error}", file=sys.stderr)
        return 2
    return _run(given)


def _run(given: Arguments) -> int:
    from daemon.config.loader import load
    from daemon.config.model import ConfigError

    try:
        config = load(given.files, board_kind=given.board)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    if given.check_config:
        from daemon.board.check_config import report

        for warning in (*config.warnings, *config.doubts):
            print(f"warning: {warning}", file=sys.stderr)
        text, fits = report(config)
        print(text, file=sys.stdout if fits else sys.stderr)
        return 0 if fits else 2
    from daemon.startup import run

    return run(config)


def entry() -> NoReturn:
    """The program `evsed`."""
    from daemon.threads import leave

    leave(main())


if __name__ == "__main__":
    entry()
