"""Every routed CALL is sent in a story, and every configuration key occurs in a story or in a test, by name."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from ocpp16.call_routing import answers
from ocpp16.configuration.key_names import Key
from tests.ocpp16.rig import Station

TESTS = Path(__file__).parent.parent
TABLE_TESTS = {"test_keys.py", "test_key_names.py", Path(__file__).name}
"""They name every key because they test the table itself."""
ACTIONS = sorted({"UnlockConnector"} | {action for rows in answers(Station().cp.parts).values() for action in rows})
"""UnlockConnector is answered later, and so has no row in the table."""


@cache
def stories() -> tuple[str, ...]:
    return tuple(path.read_text(encoding="utf-8") for path in sorted((TESTS / "stories").glob("*.txt")))


@cache
def commands_for(action: str) -> frozenset[str]:
    """The commands of a story that send this CALL: `ask Action`, or one whose method in `orders.py` asks for it."""
    text = (TESTS / "stories" / "orders.py").read_text(encoding="utf-8")
    methods = re.split(r"\n    def ", text)
    named = {method.partition("(")[0] for method in methods if f'ask("{action}"' in re.sub(r"\(\s+", "(", method)}
    return frozenset({f"ask {action}"} | {name.removeprefix("on_") for name in named})


def is_played(action: str) -> bool:
    """Whether a story sends this CALL and names it."""
    commands = "|".join(map(re.escape, commands_for(action)))
    sent = re.compile(rf"^(?:{commands})\b", re.MULTILINE)
    return any(sent.search(story) and re.search(rf"\b{action}\b", story) for story in stories())


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_is_played(action: str) -> None:
    """A message is finished when a story shows what it does."""
    assert is_played(action), f"write a story that sends {action}, and name it in its first line"


@pytest.mark.parametrize("action", ["SignCertificate", "NoSuchAction"])
def test_an_action_without_a_story_is_found_out(action: str) -> None:
    """What no story sends is not taken for played."""
    assert not is_played(action)


@cache
def all_tests() -> str:
    """The text of all stories and tests but those of the table itself."""
    paths = [path for path in sorted(TESTS.rglob("test_*.py")) if path.name not in TABLE_TESTS]
    return "\n".join([*stories(), *(path.read_text(encoding="utf-8") for path in paths)])


def occurs(key: str) -> bool:
    return re.search(rf"\b{key}\b", all_tests()) is not None


@pytest.mark.parametrize("key", sorted(Key))
def test_every_key_occurs(key: Key) -> None:
    """§9: what a key does, or what it says, is shown by a story or by a test."""
    assert occurs(key), f"show in a story or in a test what {key} does"


def test_a_key_without_a_test_is_found_out() -> None:
    """A key of OCPP that this station does not have occurs nowhere."""
    assert not occurs("Blink" + "Repeat")
