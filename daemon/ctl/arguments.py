"""The command line of `evsectl`: its parser, made from the table of commands, and what it reads.  Runs nothing."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from daemon.command_line import CommandLineParser, UsageError, unknown
from daemon.ctl.commands import AT_CONNECTOR, COMMANDS, GROUPS, NOT_BUILT, Check, Command, Operand, Option

Branches = dict[tuple[str, ...], "argparse._SubParsersAction[CommandLineParser]"]

EXIT_CODES = "exit codes: 0 OK, 1 a problem was found or the request refused, 2 command line, 3 evsed not reachable"
LIST_COLUMN = 34
"""Where the help of a command begins in the list of all."""


class CommandLine(NamedTuple):
    """A complete command line."""

    command: Command
    operands: tuple[str, ...]
    """As typed; of `sim` all that follows it."""
    options: Mapping[str, Any]
    """Those that were given, by their names; an option without a value is True."""
    files: tuple[Path, ...] = ()
    socket: str = ""
    as_json: bool = False

    @property
    def name(self) -> str:
        return self.command.name


def parse(argv: Sequence[str]) -> CommandLine:
    """The command line.  Raises UsageError; SystemExit(0) after `--help` and `--version`."""
    line, card = _without_card(argv)
    common, rest = _common().parse_known_args(line)
    _check_names(rest)
    found, extra = parser(_first(rest)).parse_known_args([*rest, *card])
    command: Command = found.command
    if extra:
        raise UsageError(_superfluous(command, extra[0].partition("=")[0]))
    given = (getattr(found, operand.name) for operand in command.operands)
    operands = tuple(text for text in given if text is not None)
    options = {option.name: getattr(found, option.name) for option in command.options if hasattr(found, option.name)}
    if command.name == "sim":
        operands = (*command.path[1:], *operands)
    return CommandLine(command, operands, options, tuple(common.config), common.socket, common.json)


def parser(first: str = "") -> CommandLineParser:
    """The parser of all commands, or only of those that begin with `first` (a tenth of the time)."""
    from daemon import __version__

    common = _common()
    made = CommandLineParser(
        prog="evsectl",
        usage="evsectl [-h] [--version] [--config FILE]... [--socket PATH] [--json] COMMAND ...",
        description="Shows and operates a charging station: the running evsed, or its store while evsed is down.",
        epilog=f"commands:\n{command_list()}\n\n`evsectl COMMAND --help` explains a command.\n{EXIT_CODES}",
        parents=[common],
    )
    version = f"evsectl {__version__}"
    made.add_argument("--version", action="version", version=version, help="print the version and exit")
    branches: Branches = {
        (): made.add_subparsers(prog="evsectl", metavar="COMMAND", dest="name", required=True, help=argparse.SUPPRESS)
    }
    for command in COMMANDS:
        if first in ("", command.path[0]):
            _add_command(branches, command, common)
    return made


def command_list() -> str:
    """One line per command: how it is called, and what for."""
    return "\n".join(map(_list_entry, COMMANDS))


def _list_entry(command: Command) -> str:
    if len(command.usage) > LIST_COLUMN - 4:
        return f"  {command.usage}\n{'':{LIST_COLUMN}}{command.help}"
    return f"  {command.usage:{LIST_COLUMN - 2}}{command.help}"


def _common() -> CommandLineParser:
    """The options that may stand before and after any command."""
    made = CommandLineParser(prog="evsectl", add_help=False)
    group = made.add_argument_group("options of every command")
    group.add_argument(
        "--config",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help="configuration file of evsed; may be repeated (default: /etc/evsed/evsed.toml)",
    )
    group.add_argument(
        "--socket", metavar="PATH", default="", help="control socket (default: [control] socket of the configuration)"
    )
    group.add_argument("--json", action="store_true", help="print JSON, one object a line")
    return made


def _add_command(branches: Branches, command: Command, common: CommandLineParser) -> None:
    *above, name = command.path
    for depth in range(1, len(above) + 1):
        _add_group(branches, tuple(above[:depth]), common)
    made = branches[tuple(above)].add_parser(
        name, help=command.help, description=_sentence(command.help), parents=[common]
    )
    made.set_defaults(command=command)
    for operand in command.operands:
        _add_operand(made, operand)
    for option in command.options:
        _add_option(made, option)


def _add_operand(made: CommandLineParser, operand: Operand) -> None:
    made.add_argument(
        operand.name,
        help=operand.help,
        choices=operand.choices or None,
        metavar=operand.name,
        type=_as_typed(operand.check),
        nargs=None if operand.needed else "?",
    )


def _add_option(made: CommandLineParser, option: Option) -> None:
    text = option.help if option.shown else argparse.SUPPRESS
    settings: dict[str, Any] = {"dest": option.name, "default": argparse.SUPPRESS, "help": text}
    if option.value:
        made.add_argument(option.name, metavar=option.value, type=_checked(option.check), **settings)
    else:
        made.add_argument(option.name, action="store_true", **settings)


def _add_group(branches: Branches, path: tuple[str, ...], common: CommandLineParser) -> None:
    """The parser of a name that only leads to further commands."""
    if path in branches:
        return
    depth = len(path)
    below = dict.fromkeys(c.path[depth] for c in COMMANDS if c.path[:depth] == path)
    text = GROUPS[path]
    made = branches[path[:-1]].add_parser(
        path[-1], help=f"{text}: {', '.join(below)}", description=_sentence(text), parents=[common]
    )
    if path[0] == "sim":
        _add_option(made, AT_CONNECTOR._replace(shown=False))
    branches[path] = made.add_subparsers(title="commands", metavar="COMMAND", dest="name", required=True)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _checked(check: Check) -> Callable[[str], object]:
    """`check` with a reason that argparse shows."""

    def convert(text: str) -> object:
        try:
            return check(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return convert


def _as_typed(check: Check) -> Callable[[str], str]:
    """`check` for an operand: it is passed on as it was typed."""

    def convert(text: str) -> str:
        _checked(check)(text)
        return text

    return convert


def _without_card(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """The line without what follows `sim tap`, and that: an idTag, even if it looks like an option."""
    line = list(argv)
    for at in range(len(line) - 2):
        if line[at : at + 2] == ["sim", "tap"] and line[at + 2] not in ("-h", "--help", "--"):
            return [*line[: at + 2], *line[at + 3 :]], ["--", line[at + 2]]
    return line, []


def _first(rest: Sequence[str]) -> str:
    """The first name of the command, if there is one; "": help or an error message needs all commands."""
    return rest[0] if rest and any(rest[0] == command.path[0] for command in COMMANDS) else ""


def _check_names(rest: Sequence[str]) -> None:
    """Raises UsageError for an unknown option, and for commands and options of a later version."""
    first = [text for text in rest if not text.startswith("-")][:1]
    options = [text.partition("=")[0] for text in rest[: rest.index("--") if "--" in rest else None]]
    for name in (*first, *(name for name in options if name.startswith("--"))):
        if name in NOT_BUILT:
            raise UsageError(f"{name} is not built yet")
    known = {"--help", "--version", *(option.name for command in COMMANDS for option in command.options)}
    for name in options:
        if name.startswith("--") and name not in known:
            text = unknown("option", name, [*known, "--config", "--socket", "--json"])
            raise UsageError(f"{text} (see evsectl --help)")


def _superfluous(command: Command, text: str) -> str:
    name = " ".join(command.path)
    if text.startswith("--"):
        return f"{text} is not an option of {name} (see evsectl {name} --help)"
    named = [option for option in command.options if option.name == "--connector" and option.shown]
    if named and text.isdigit():
        return f"a connector is named by its option: evsectl {name} --connector {text[:9]}"
    return f"too many arguments: {text[:60]!r}; usage: evsectl {command.usage}"
