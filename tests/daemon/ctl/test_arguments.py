"""The command line of evsectl."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.command_line import UsageError
from daemon.ctl.arguments import parse, parser
from daemon.ctl.commands import COMMANDS, NOT_BUILT

FAULTS = (
    *("rcd", "weld", "contactor", "pilot-short", "diode", "ventilation", "lock-open", "lock-closed", "overcurrent"),
    *("ev-ignores-stop", "meter-frozen", "meter-lost", "meter-backwards", "reader-lost"),
    *("overtemperature", "undervoltage", "store-full", "install"),
)


def test_global_options_stand_anywhere() -> None:
    """Files, socket and JSON may stand before and after the command."""
    line = parse(["--config", "a", "status", "--json", "--socket=/s", "--config=b"])
    assert (line.name, line.files, line.socket, line.as_json) == ("status", (Path("a"), Path("b")), "/s", True)


@pytest.mark.parametrize(
    ("words", "name", "operands", "options"),
    [
        ("why", "why", (), {}),
        ("why 2", "why", ("2",), {}),
        ("queue list", "queue list", (), {}),
        ("queue show 7", "queue show", ("7",), {}),
        ("queue retry", "queue retry", (), {}),
        ("config get", "config get", (), {}),
        ("config set HeartbeatInterval -1", "config set", ("HeartbeatInterval", "-1"), {}),
        ("log --last 5", "log", (), {"--last": 5}),
        ("stop-transaction --connector=2", "stop-transaction", (), {"--connector": 2}),
        ("reset --hard", "reset", (), {"--hard": True}),
        ("selftest --clear-latched", "selftest", (), {"--clear-latched": True}),
        ("sim plug --connector 1", "sim", ("plug",), {"--connector": 1}),
        ("sim --connector 1 unplug", "sim", ("unplug",), {"--connector": 1}),
        ("sim ev pause", "sim", ("ev", "pause"), {}),
        ("sim soc 55", "sim", ("soc", "55"), {}),
        ("sim temperature -10", "sim", ("temperature", "-10"), {}),
        ("sim power-cut", "sim", ("power-cut",), {}),
        ("sim backup-power", "sim", ("backup-power",), {}),
    ],
)
def test_every_command(words: str, name: str, operands: tuple[str, ...], options: dict[str, object]) -> None:
    """Each command with its operands and options."""
    line = parse(words.split())
    assert (line.name, line.operands, dict(line.options)) == (name, operands, options)


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_known(fault: str) -> None:
    """On and off, including the faults that evsed plays itself."""
    for state in ("on", "off"):
        assert parse(["sim", "fault", fault, state]).operands == ("fault", fault, state)


@pytest.mark.parametrize("card", ["--json", "--connector", "x" * 20, "-5", "="])
def test_a_card_may_look_like_anything(card: str) -> None:
    """The argument after `sim tap` is an idTag, even if it looks like an option."""
    assert parse(["sim", "tap", card, "--connector", "1"]).operands == ("tap", card)


WRONG = (
    *("", "frobnicate", "why two", "why 1 2", "queue", "queue show", "queue show x", "config", "config set K"),
    *("--nonsense status", "status --hard", "reset --hard=1", "log --last", "log --last x", "--config", "--socket"),
    *("sim", "sim fault nonsense on", "sim fault rcd maybe", "sim tap", "sim soc 101", "sim jump", "sim fault install"),
)


@pytest.mark.parametrize("words", WRONG)
def test_a_wrong_line_is_refused(words: str) -> None:
    """An unknown name, a wrong number or value, a missing argument: UsageError with a reason."""
    with pytest.raises(UsageError, match=r"\w"):
        parse(words.split())


@pytest.mark.parametrize("words", NOT_BUILT)
def test_commands_of_a_later_version(words: str) -> None:
    """They are refused as not built yet."""
    with pytest.raises(UsageError, match="not built yet"):
        parse(words.split())


@given(st.lists(st.text(max_size=8), max_size=5))
def test_any_line(words: list[str]) -> None:
    """Any list of arguments is a command, a UsageError, or ends with help."""
    with contextlib.suppress(UsageError, SystemExit):
        assert parse(words).command in COMMANDS


def test_the_help_names_every_command() -> None:
    """Commands that are not built are absent."""
    text = parser().format_help()
    for command in COMMANDS:
        assert " ".join(command.path) in text and command.help in text
    assert "backup-power" in text and "--trial" in text and "provision" not in text


def test_the_help_names_the_values() -> None:
    """Each operand, and each option with its value."""
    text = parser().format_help()
    for usage in ("why [CONNECTOR]", "log [--last N]", "[--connector N]", "[--against local|URL]", "[--out FOLDER]"):
        assert usage in text
    assert "[--hard]" in text and "sim plug [--connector N]" in text and "sim soc PERCENT " in text


LEVELS = sorted({command.path[:depth] for command in COMMANDS for depth in range(len(command.path) + 1)})


@pytest.mark.parametrize("option", ["-h", "--help"])
@pytest.mark.parametrize("words", LEVELS, ids=" ".join)
def test_help_at_every_level(words: tuple[str, ...], option: str, capsys: pytest.CaptureFixture[str]) -> None:
    """evsectl, its groups and each command explain themselves and end with 0."""
    with pytest.raises(SystemExit) as ended:
        parse([*words, option])
    text = " ".join(capsys.readouterr().out.split())
    assert ended.value.code == 0 and f"usage: {' '.join(('evsectl', *words))} [-h]" in text
    assert "--json" in text and "--config" in text and "--socket" in text
    below = {command.path[len(words)] for command in COMMANDS if command.path[: len(words)] == words != command.path}
    assert all(word in text for word in below)
    for command in COMMANDS:
        if command.path == words:
            assert all(operand.name in text and operand.help in text for operand in command.operands)
            assert all(option.name in text and option.help in text for option in command.options if option.shown)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("statsu", "unknown command 'statsu'; did you mean status?"),
        ("queue lst", "unknown command 'lst'; did you mean list?"),
        ("config referense", "did you mean reference?"),
        ("sim unplugg", "did you mean unplug?"),
        ("status --jsn", "unknown option '--jsn'; did you mean --json?"),
        ("log --lats 5", "did you mean --last?"),
        ("--confg x status", "did you mean --config?"),
        ("sim fault overtemp on", "did you mean overtemperature?"),
        ("queue", "the following arguments are required: COMMAND"),
        ("", "the following arguments are required: COMMAND"),
        ("queue show", "the following arguments are required: ITEM"),
        ("why two", "argument CONNECTOR: must be a whole number, not 'two'"),
        ("why 1 2", "too many arguments: '2'; usage: evsectl why [CONNECTOR]"),
        ("status --hard", "--hard is not an option of status"),
        ("sim temperature 126", "argument CELSIUS: must be a number from -40 to 125, not '126'"),
    ],
)
def test_a_mistake_is_explained(line: str, text: str) -> None:
    """What is wrong, and what may have been meant."""
    with pytest.raises(UsageError) as wrong:
        parse(line.split())
    assert text in str(wrong.value)


@pytest.mark.parametrize("line", ["config set K -", "config set K -1", "config set K -0.5", "config set K -- --x"])
def test_values_that_begin_with_a_dash(line: str) -> None:
    """Negative numbers and `-` are values; after `--` anything is."""
    assert parse(line.split()).operands == ("K", line.split()[-1])


def test_faults_that_evsed_plays_are_listed() -> None:
    """The message about an unknown fault lists the allowed ones, including those of evsed."""
    with pytest.raises(UsageError, match=r"rcd, .* store-full, install"):
        parse(["sim", "fault", "nonsense", "on"])
    with pytest.raises(UsageError, match=r"unknown command 'jump' .see evsectl sim --help"):
        parse(["sim", "jump"])
    with pytest.raises(UsageError, match="unknown value 'maybe'; allowed: on, off"):
        parse(["sim", "fault", "store-full", "maybe"])


def test_a_parser_of_some_commands() -> None:
    """It reads them as the complete parser does, and knows no others."""
    for line in (["queue", "park", "4"], ["sim", "ev", "flap", "on"], ["status"]):
        assert parser(line[0]).read(line) == parser().read(line)
    with pytest.raises(UsageError):
        parser("queue").read(["status"])


def test_b14_stop_transaction_names_its_option() -> None:
    """A bare number is what people type: the message has the line that works."""
    with pytest.raises(UsageError, match=r"evsectl stop-transaction --connector 2$"):
        parse(["stop-transaction", "2"])
    with pytest.raises(UsageError, match="too many arguments: 'x'"):
        parse(["stop-transaction", "x"])
