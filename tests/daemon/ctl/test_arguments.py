"""The words of evsectl."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.ctl.arguments import COMMANDS, NOT_BUILT, SIM_USAGE, USAGE, Usage, understood

FAULTS = (
    *("rcd", "weld", "contactor", "pilot-short", "diode", "ventilation", "lock-open", "lock-closed", "overcurrent"),
    *("ev-ignores-stop", "meter-frozen", "meter-lost", "meter-backwards", "reader-lost"),
    *("overtemperature", "undervoltage", "store-full", "install"),
)


def test_global_options_stand_anywhere() -> None:
    """Files, socket and JSON are understood before and after the command."""
    line = understood(["--config", "a", "status", "--json", "--socket=/s", "--config=b"])
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
def test_commands_of_the_page(words: str, name: str, operands: tuple[str, ...], options: dict[str, object]) -> None:
    """Each command with its operands and options."""
    line = understood(words.split())
    assert (line.name, line.operands, dict(line.options)) == (name, operands, options)


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_of_the_page_is_known(fault: str) -> None:
    """On and off, those that evsed plays itself too."""
    for state in ("on", "off"):
        assert understood(["sim", "fault", fault, state]).operands == ("fault", fault, state)


@pytest.mark.parametrize("card", ["--json", "--connector", "x" * 20, "-5", "="])
def test_a_card_may_look_like_anything(card: str) -> None:
    """What follows `sim tap` is a card."""
    assert understood(["sim", "tap", card, "--connector", "1"]).operands == ("tap", card)


WRONG = (
    *("", "frobnicate", "why two", "why 1 2", "queue", "queue show", "queue show x", "config", "config set K"),
    *("--nonsense status", "status --hard", "reset --hard=1", "log --last", "log --last x", "--config", "--socket"),
    *("sim", "sim fault nonsense on", "sim fault rcd maybe", "sim tap", "sim soc 101", "sim jump", "sim fault install"),
)


@pytest.mark.parametrize("words", WRONG)
def test_what_is_not_on_the_page_is_usage(words: str) -> None:
    """A wrong word, number or value is refused with a reason."""
    with pytest.raises(Usage, match=r"\w"):
        understood(words.split())


@pytest.mark.parametrize("words", [*NOT_BUILT, "config set A B --trial"])
def test_later_commands_say_so(words: str) -> None:
    """A command of the page that is not there yet is refused in those words."""
    with pytest.raises(Usage, match="not built yet"):
        understood(words.split())


@given(st.lists(st.text(max_size=8), max_size=5))
def test_no_line_is_too_odd(words: list[str]) -> None:
    """Whatever is typed is a command or Usage."""
    with contextlib.suppress(Usage):
        assert understood(words).command in COMMANDS


def test_the_help_names_every_command() -> None:
    """Nothing is hidden; lines fit a console where the words allow."""
    for command in COMMANDS[:-1]:
        assert " ".join(command.words) in USAGE
    assert "backup-power" in SIM_USAGE and "store-full" in SIM_USAGE


def test_the_help_names_the_values() -> None:
    """Each option that takes a value says which, and `sim` shows its own."""
    for text in ("why [CONNECTOR]", "log [--last N]", "[--connector N]", "[--against local|URL]", "[--out FOLDER]"):
        assert text in USAGE
    assert "[--hard]" in USAGE and "sim plug [--connector N]" in SIM_USAGE and "sim soc PERCENT\n" in SIM_USAGE


def test_what_evsed_plays_is_in_the_list() -> None:
    """Who asks for a fault or a word that is not there is told of those of evsed too."""
    with pytest.raises(Usage, match=r"rcd .* store-full install$"):
        understood(["sim", "fault", "nonsense", "on"])
    with pytest.raises(Usage, match=r"plug, .*fault store-full\|install on\|off$"):
        understood(["sim", "jump"])
    with pytest.raises(Usage, match="'maybe' must be on or off"):
        understood(["sim", "fault", "store-full", "maybe"])
