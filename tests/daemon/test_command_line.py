"""Strict command lines: a mistake is one sentence with a suggestion."""

from __future__ import annotations

import pytest

from daemon.command_line import CommandLineParser, UsageError, unknown


def parser() -> CommandLineParser:
    made = CommandLineParser(prog="p")
    made.add_argument("--verbose", action="store_true")
    made.add_argument("--level", choices=["low", "high"])
    commands = made.add_subparsers(metavar="COMMAND", dest="command", required=True)
    commands.add_parser("start").add_argument("NUMBER", nargs="?")
    return made


def test_a_complete_line() -> None:
    """Options and commands are read as argparse does."""
    found = parser().read(["--level=high", "start", "-5"])
    assert (found.verbose, found.level, found.command, found.NUMBER) == (False, "high", "start", "-5")


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("--verbos start", "unknown option '--verbos'; did you mean --verbose? (see p --help)"),
        ("start --level=1", "--level must stand before the command (see p --help)"),
        ("start 1 2", "unknown argument '2' (see p --help)"),
        ("stat", "unknown command 'stat'; did you mean start? (see p --help)"),
        (
            "--level lo start",
            "argument --level: unknown value 'lo'; allowed: low, high; did you mean low? (see p --help)",
        ),
        ("--level", "argument --level: expected one argument (see p --help)"),
        ("", "the following arguments are required: COMMAND (see p --help)"),
    ],
)
def test_mistakes(line: str, text: str) -> None:
    """Abbreviations are refused; the message suggests the nearest name and refers to the help."""
    with pytest.raises(UsageError) as wrong:
        parser().read(line.split())
    assert str(wrong.value) == text


def test_help_ends_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` prints and ends with 0, at every level."""
    for line in (["--help"], ["start", "-h"]):
        with pytest.raises(SystemExit) as ended:
            parser().read(line)
        assert ended.value.code == 0 and "usage: p" in capsys.readouterr().out


def test_help_breaks_no_name() -> None:
    """A name with hyphens is copied from the help as it stands there."""
    made = CommandLineParser(prog="p")
    names = [f"name-with-{number}-hyphens" for number in range(40)]
    made.add_argument("--x", help=" ".join(names))
    assert set(names) <= set(made.format_help().split())


def test_a_long_name_is_cut() -> None:
    """The message stays one line."""
    assert len(unknown("command", "x" * 500, ["start"])) < 100
