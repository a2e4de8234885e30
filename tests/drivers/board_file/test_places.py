"""Lines of keys in a TOML text, at any depth."""

from __future__ import annotations

from drivers.board_file.places import Places

TEXT = '''kind = "parts"

[connector.1]
phases = 1

[connector.1.pilot]   # the pilot
pwm = { device = "x", channel = 0 }
adc.bus = "i2c"
note = """
no = "key"
"""
after = 1

[connector."2".meter]
bus = "a"
'''


def test_every_depth_has_its_line() -> None:
    """Sections, dotted keys, inline tables; a number as a part of a name; quoted parts."""
    places = Places(TEXT)
    assert places.line("kind") == 1
    assert places.line("connector", "1") == 3
    assert places.line("connector", "1", "pilot") == 6
    assert places.line("connector", "1", "pilot", "pwm", "channel") == 7
    assert places.line("connector", "1", "pilot", "adc", "bus") == 8
    assert places.line("connector", "1", "pilot", "after") == 12
    assert places.line("connector", "2", "meter", "bus") == 15


def test_what_is_not_there_is_looked_for_above() -> None:
    """A key that is missing is reported at its table; nothing at all is line 0; a string holds no keys."""
    places = Places(TEXT)
    assert places.line("connector", "1", "pilot", "driver") == 6
    assert places.line("connector", "1", "pilot", "no") == 6
    assert places.line("nothing") == 0
