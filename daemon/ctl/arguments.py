"""The words of `evsectl`: its commands in one table, and the command line read by it.  Nothing is done here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from drivers.simulated.commands import WORDS as SIM_WORDS
from drivers.simulated.commands import WordsRefused, understand


class Usage(Exception):
    """The command line is wrong: exit 2 with the reason."""


class Command(NamedTuple):
    """One command: its words, the operands that follow (`[X]`: may be left out), its options, what it is for."""

    words: tuple[str, ...]
    operands: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    what: str = ""


COMMANDS = (
    Command(("status",), what="the station at a glance"),
    Command(("why",), ("[CONNECTOR]",), what="why it does (not) charge"),
    Command(("watch",), what="the status, live"),
    Command(("trace",), what="frames and notes as they come; with the daemon down the recorded ones"),
    Command(("queue", "list"), what="reports that wait for the Central System"),
    Command(("queue", "show"), ("ITEM",), what="one of them"),
    Command(("queue", "park"), ("ITEM",), what="put one aside, so that the next can go"),
    Command(("queue", "retry"), ("[ITEM]",), what="send a parked one again; without ITEM: all of them"),
    Command(("transactions",), what="transactions and their bills"),
    Command(("config", "get"), ("[KEY]",), what="OCPP configuration keys and their values"),
    Command(("config", "set"), ("KEY", "VALUE"), ("--trial",), what="change one, as the Central System could"),
    Command(("config", "reference"), what="every key: type, range, what it is for"),
    Command(("log",), (), ("--last",), what="the last notes"),
    Command(("stop-transaction",), (), ("--connector",), what="stop a transaction"),
    Command(("reset",), (), ("--hard",), what="restart evsed; --hard: the whole unit"),
    Command(("selftest",), (), ("--clear-latched",), what="test the board; --clear-latched: after service of a weld"),
    Command(
        ("certify",), (), ("--against", "--product", "--out"), what="the pre-test report; --against local or a URL"
    ),
    Command(("sim",), ("WORDS",), ("--connector",), what="the simulated board: " + " | ".join(SIM_WORDS)),
)

NOT_BUILT = (
    *("doctor", "profiles", "reservations", "certs", "report", "bundle", "connect-test", "provision"),
    *("export", "import", "pilot", "meter", "rfid", "relay", "lamp"),
)
PLAYED_FAULTS = ("store-full", "install")
"""Faults of `sim fault` that evsed plays; the others are the board's."""
PLACEHOLDERS = {
    **dict.fromkeys(("--connector", "--last"), "N"),
    "--against": "local|URL",
    "--product": "NAME",
    "--out": "FOLDER",
}
OPTIONS: dict[str, type[int] | type[str] | None] = {
    **dict.fromkeys(("--connector", "--last"), int),
    **dict.fromkeys(("--against", "--product", "--out"), str),
    **dict.fromkeys(("--trial", "--hard", "--clear-latched")),
}
"""Options of commands, and the type of what follows them."""


def option_text(option: str) -> str:
    """An option as help shows it, with the name of its value."""
    return f"[{option} {PLACEHOLDERS[option]}]" if option in PLACEHOLDERS else f"[{option}]"


PLAYED_WORDS = f"fault {'|'.join(PLAYED_FAULTS)} on|off"


def command_text(command: Command) -> str:
    """A command as help shows it."""
    words = " ".join((*command.words, *command.operands, *map(option_text, command.options)))
    gap = f"\n{'':46} " if len(words) > 44 else " "
    return f"  {words:44}{gap}{command.what}"


def sim_text(words: str) -> str:
    """What `sim` takes; where it is done at one connector, with its option."""
    at_one = words.split()[0] in ("plug", "unplug", "tap", "ev", "fault") and words != PLAYED_WORDS
    return f"  sim {words}{' [--connector N]' if at_one else ''}"


USAGE = (
    "usage: evsectl [--config FILE]... [--socket PATH] [--json] COMMAND ...\n       evsectl --help | --version\n\n"
) + "\n".join(command_text(c) for c in COMMANDS if c.words != ("sim",))
SIM_USAGE = "\n".join(map(sim_text, (*SIM_WORDS, PLAYED_WORDS)))


class CommandLine(NamedTuple):
    """A command line, understood."""

    command: Command
    operands: tuple[str, ...]
    options: Mapping[str, Any]
    files: tuple[Path, ...] = ()
    socket: str = ""
    as_json: bool = False

    @property
    def name(self) -> str:
        return " ".join(self.command.words)


def understood(argv: Sequence[str]) -> CommandLine:
    """The command line, or Usage.  What follows `sim tap` is a card, whatever it looks like."""
    rest, words = list(argv), list[str]()
    files: list[Path] = []
    socket, as_json = "", False
    options: dict[str, Any] = {}
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if words[-2:] == ["sim", "tap"] or not word.startswith("--"):
            words.append(word)
        elif word == "--json":
            as_json = True
        elif name in ("--config", "--socket"):
            value = value if equals else _next(rest, name)
            files += [Path(value)] if name == "--config" else []
            socket = value if name == "--socket" else socket
        elif name in OPTIONS:
            options[name] = _value(name, value if equals else None, rest)
        else:
            raise Usage(f"{name} is not known")
    command, operands = _command(words)
    strange = [name for name in options if name not in command.options]
    if strange:
        raise Usage(f"{strange[0]} does not go with {' '.join(command.words)}")
    if "--trial" in options:
        raise Usage("config set --trial is not built yet")
    return CommandLine(command, tuple(operands), options, tuple(files), socket, as_json)


def _next(rest: list[str], name: str) -> str:
    if not rest:
        raise Usage(f"{name} needs a value")
    return rest.pop(0)


def _value(name: str, given: str | None, rest: list[str]) -> Any:
    if OPTIONS[name] is None:
        if given is not None:
            raise Usage(f"{name} takes no value")
        return True
    text = given if given is not None else _next(rest, name)
    return number(name, text) if OPTIONS[name] is int else text


def number(name: str, text: str) -> int:
    """A whole number of a command line, or Usage."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Usage(f"{name} must be a whole number, not {text!r}")
    return int(text)


def _command(words: list[str]) -> tuple[Command, list[str]]:
    if not words:
        raise Usage("a command is missing")
    if words[0] in NOT_BUILT:
        raise Usage(f"{words[0]} is not built yet")
    for command in COMMANDS:
        length = len(command.words)
        if tuple(words[:length]) == command.words:
            return command, _operands(command, words[length:])
    first = [c for c in COMMANDS if c.words[0] == words[0]]
    if first:
        raise Usage(f"{words[0]} {'|'.join(c.words[1] for c in first)}: one of these is meant")
    raise Usage(f"{' '.join(words)[:60]!r} is not known")


def _operands(command: Command, given: list[str]) -> list[str]:
    if command.words == ("sim",):
        _check_sim(given)
        return given
    needed = [name for name in command.operands if not name.startswith("[")]
    if not len(needed) <= len(given) <= len(command.operands):
        raise Usage(f"it goes: evsectl {' '.join((*command.words, *command.operands))}")
    for name, text in zip(command.operands, given, strict=False):
        if name.strip("[]") in ("CONNECTOR", "ITEM"):
            number(name.strip("[]"), text)
    return given


def _check_sim(given: list[str]) -> None:
    """Usage where neither evsed nor the board plays this; both lists of what there is are told."""
    if len(given) == 3 and given[0] == "fault" and given[1] in PLAYED_FAULTS:
        if given[2] not in ("on", "off"):
            raise Usage(f"{given[2]!r} must be on or off")
        return
    try:
        understand(given)
    except WordsRefused as refused:
        text = str(refused)
        more = {"unknown fault": f" {' '.join(PLAYED_FAULTS)}", "unknown words": f", {PLAYED_WORDS}"}
        raise Usage(text + next((words for start, words in more.items() if text.startswith(start)), "")) from None
