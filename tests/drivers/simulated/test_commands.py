"""The words after `sim`: what is understood, and what an answer to nonsense names."""

from __future__ import annotations

import pytest

from drivers.simulated.commands import Deed, WordsRefused, understand


@pytest.mark.parametrize(
    ("words", "deed"),
    [
        ("plug", Deed("plug")),
        ("unplug", Deed("unplug")),
        ("tap 04A2B9", Deed("tap", "04A2B9")),
        ("ev pause", Deed("ev", "pause")),
        ("ev charge", Deed("ev", "charge")),
        ("ev flap on", Deed("ev", "flap", True)),
        ("fault rcd on", Deed("fault", "rcd", True)),
        ("fault undervoltage off", Deed("fault", "undervoltage", False)),
        ("soc 55.5", Deed("soc", number=55.5)),
        ("temperature -10", Deed("temperature", number=-10.0)),
        ("power-cut", Deed("power-cut")),
        ("backup-power", Deed("backup-power")),
        ("hard-reset", Deed("hard-reset")),
    ],
)
def test_understood(words: str, deed: Deed) -> None:
    """Each word with what belongs to it."""
    assert understand(words.split()) == deed


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("", "there are: plug, unplug"),
        ("plug in", "unknown words 'plug in'"),
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
    with pytest.raises(WordsRefused) as refused:
        understand(words.split())
    assert named in str(refused.value)
