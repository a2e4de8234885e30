"""Simulated commands: what is parsed, and what the answer to an unknown one names."""

from __future__ import annotations

import pytest

from drivers.simulated.commands import CommandRefused, SimCommand, parse


@pytest.mark.parametrize(
    ("words", "deed"),
    [
        ("plug", SimCommand("plug")),
        ("unplug", SimCommand("unplug")),
        ("tap 04A2B9", SimCommand("tap", "04A2B9")),
        ("ev pause", SimCommand("ev", "pause")),
        ("ev charge", SimCommand("ev", "charge")),
        ("ev flap on", SimCommand("ev", "flap", True)),
        ("fault rcd on", SimCommand("fault", "rcd", True)),
        ("fault undervoltage off", SimCommand("fault", "undervoltage", False)),
        ("soc 55.5", SimCommand("soc", number=55.5)),
        ("temperature -10", SimCommand("temperature", number=-10.0)),
        ("power-cut", SimCommand("power-cut")),
        ("backup-power", SimCommand("backup-power")),
        ("hard-reset", SimCommand("hard-reset")),
    ],
)
def test_understood(words: str, deed: SimCommand) -> None:
    """Each word with what belongs to it."""
    assert parse(words.split()) == deed


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("", "there are: plug, unplug"),
        ("plug in", "unknown command 'plug in'"),
        ("fault fire on", "there are rcd weld"),
        ("fault rcd maybe", "'maybe' must be on or off"),
        ("ev sing", "ev pause|charge"),
        ("ev flap perhaps", "must be on or off"),
        ("soc 101", "PERCENT must be a number from 0 to 100, not '101'"),
        ("soc nan", "PERCENT must be a number from 0 to 100"),
        ("temperature warm", "CELSIUS must be a number from -40 to 125"),
        (f"tap {'x' * 21}", "an IDTAG has 1 to 20 characters"),
    ],
)
def test_refused(words: str, named: str) -> None:
    """The answer names what is allowed."""
    with pytest.raises(CommandRefused) as refused:
        parse(words.split())
    assert named in str(refused.value)
