"""Man pages and completion say what the parsers say: nothing is missing, nothing is left over."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from daemon.ctl.commands import COMMANDS
from tests.reference_programs import completions, leaves, own_actions, pages, parsers, section

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("path", pages())
def test_13_generated_files_are_up_to_date(path: str) -> None:
    """What stands in the tree is what `make docs` would write."""
    assert (ROOT / path).read_text(encoding="utf-8") == pages()[path], "run `make docs`"


@pytest.mark.parametrize("name", parsers())
def test_13_a_man_page_has_every_option_and_command_and_no_other(name: str) -> None:
    """Both ways."""
    text = (ROOT / f"man/{name}.{section(name)}").read_text(encoding="utf-8").replace("\\-", "-")
    parser = parsers()[name]
    everything = [parser, *(leaf for _, leaf in leaves(parser))]
    known = {option for each in everything for action in own_actions(each) for option in action.option_strings}
    bold = [line.removeprefix(".B ") for line in text.splitlines() if line.startswith(".B -")]
    shown = {word for line in bold for word in re.findall(r"(?:^|, )(--?[a-z][a-z-]*)", line)}
    assert shown == known
    if name == "evsectl":
        assert re.findall(r'^\.SS "(.*)"$', text, re.MULTILINE) == [" ".join(path) for path, _ in leaves(parser)]


def test_13_the_completion_has_every_command() -> None:
    """Each command of the table can be typed from its completions, word by word, and has its options."""
    words = completions()
    for command in COMMANDS:
        for depth, name in enumerate(command.path):
            assert name in words[" ".join(command.path[:depth])], command.path
        options = {option.name for option in command.options if option.shown}
        assert options <= set(words[" ".join(command.path)]), command.path
    last = {" ".join(command.path) for command in COMMANDS}
    above = {" ".join(command.path[:depth]) for command in COMMANDS for depth in range(len(command.path))}
    assert set(words) == last | above
