"""Command lines on argparse, strict: no abbreviations, a suggestion for a misspelt name, a mistake as `UsageError`."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from daemon.config.spelling import nearest


class UsageError(Exception):
    """The command line is wrong; the text is for standard error, the exit code is 2."""


def unknown(kind: str, name: str, known: Iterable[str], allowed: str = "") -> str:
    """`unknown option '--jsn'; did you mean --json?`, with `allowed` between the two."""
    close = nearest(name, known)
    return f"unknown {kind} {name[:60]!r}{allowed}" + (f"; did you mean {close}?" if close else "")


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Keeps the lines of description and epilog, and never breaks a name with hyphens."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(text, width, break_on_hyphens=False)


class CommandLineParser(argparse.ArgumentParser):
    """An ArgumentParser that raises UsageError; `--help` and `--version` print and raise SystemExit(0)."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"allow_abbrev": False, "formatter_class": HelpFormatter, **settings})

    def read(self, argv: Sequence[str]) -> argparse.Namespace:
        """The values of a complete command line.  Raises UsageError."""
        options = [name for action in self._actions for name in action.option_strings]
        found, rest = self.parse_known_args(argv)
        if rest:
            name = rest[0].partition("=")[0]
            if name in options:
                self.error(f"{name} must stand before the command")
            self.error(unknown("option" if name.startswith("-") else "argument", name, options))
        return found

    def error(self, message: str) -> NoReturn:
        """Raises UsageError with a reference to the help."""
        raise UsageError(f"{message} (see {self.prog} --help)")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """The texts of argparse differ between Python versions, and have no suggestion before 3.14."""
        if action.choices is None or value in action.choices:
            return
        known = [str(choice) for choice in action.choices]
        if isinstance(action, argparse._SubParsersAction):
            self.error(unknown("command", str(value), known))
        allowed = f"; allowed: {', '.join(known)}"
        raise argparse.ArgumentError(action, unknown("value", str(value), known, allowed))
