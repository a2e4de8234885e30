"""The table of commands: complete, and in agreement with the simulated board."""

from __future__ import annotations

import contextlib
import itertools

import pytest

from daemon.board.simulation import PLAYED_BY_EVSED
from daemon.ctl.__main__ import ACTIONS, BENCH, QUERIES
from daemon.ctl.commands import COMMANDS, DAEMON_FAULTS, GROUPS, SIM_COMMANDS, between, id_tag, whole_number
from drivers.simulated.commands import FORMS, CommandRefused, parse

VALUES = {"IDTAG": ["X", "x" * 20], "PERCENT": ["0", "100"], "CELSIUS": ["-40", "125"]}


def test_each_command_has_its_function() -> None:
    """Table and functions have the same commands."""
    assert {command.name for command in COMMANDS} == {*QUERIES, *ACTIONS, *BENCH}


def test_help_is_one_line() -> None:
    """Every command, group, operand and option has its help; argparse would read a percent sign as a format."""
    texts = [command.help for command in COMMANDS] + list(GROUPS.values())
    assert max(map(len, texts)) <= 90
    texts += [operand.help for command in COMMANDS for operand in command.operands]
    texts += [option.help for command in COMMANDS for option in command.options]
    assert all(text and "%" not in text and "\n" not in text for text in texts)


def test_the_simulated_board_knows_each_command() -> None:
    """Board or evsed can carry out whatever `evsectl sim` accepts."""
    for command in SIM_COMMANDS:
        for values in itertools.product(*(operand.choices or VALUES[operand.name] for operand in command.operands)):
            if command.path[1] != "fault" or values[0] not in DAEMON_FAULTS:
                parse([*command.path[1:], *values])


def test_each_command_of_the_simulated_board_is_there() -> None:
    """No command and no fault of the board is missing."""
    assert {command.path[1] for command in SIM_COMMANDS} == {form.split()[0] for form in FORMS}
    levels = {level for form in FORMS if form.startswith("ev ") for level in form.split()[1].split("|")}
    assert {command.path[2] for command in SIM_COMMANDS if command.path[1] == "ev"} == levels
    with pytest.raises(CommandRefused) as refused:
        parse(["fault", "nonsense", "on"])
    (faults,) = (command.operands[0].choices for command in SIM_COMMANDS if command.path[1] == "fault")
    assert set(faults) == {*str(refused.value).partition("there are ")[2].split(), *PLAYED_BY_EVSED}
    assert DAEMON_FAULTS == PLAYED_BY_EVSED


@pytest.mark.parametrize("text", ["", "x" * 21, "-41", "nan", "126", "1.5.2", "50"])
def test_both_sides_refuse_the_same_values(text: str) -> None:
    """A value that the board would refuse is refused before it is sent, and no other."""
    for name, check in (("tap", id_tag), ("soc", between(0, 100)), ("temperature", between(-40, 125))):
        refusals = 0
        for attempt in (lambda name=name: parse([name, text]), lambda check=check: check(text)):
            with contextlib.suppress(ValueError):
                attempt()
                continue
            refusals += 1
        assert refusals in (0, 2), name


@pytest.mark.parametrize("text", ["", "-1", "1.0", "1234567890", "²", "x"])
def test_whole_numbers(text: str) -> None:
    """Digits, at most nine."""
    assert whole_number("012") == 12
    with pytest.raises(ValueError, match="whole number"):
        whole_number(text)
