"""What fits a parameter and what does not; the text beside it says the same."""

from __future__ import annotations

from math import inf, nan
from typing import Any

import pytest

from drivers.board_file import file_keys as p


@pytest.mark.parametrize(
    ("parameter", "good", "bad"),
    [
        (p.whole(1, 5), [1, 5], [0, 6, 1.0, True, "1", None]),
        (p.number(0, 1), [0, 1, 0.5], [-0.1, 1.1, nan, inf, True, "0"]),
        (p.flag(), [True, False], [0, 1, "true"]),
        (p.word(("a", "b")), ["a"], ["c", "", 1, ["a"]]),
        (p.one_of((9600, 19200)), [9600], [9601, 9600.0, "9600"]),
        (p.text(4), ["", "abcd"], ["abcde", "ä", "a\n", 1]),
        (p.text(4, pattern="[a-z]+", said="small letters"), ["ab"], ["", "A"]),
        (p.path(), ["/dev/x"], ["dev/x", "", 1, "/a\0b"]),
        (p.numbers(2, -1, 1), [[0, 1.0]], [[0], [0, 2], [0, "1"], [0, True], (0, 1)]),
        (p.line(), [0, 27, "relay-1"], [28, -1, True, "1x", "a b", 1.0]),
        (p.lines(2), [[1], [1, "x"]], [[], [1, 2, 3], [1, 1], 1, [1, 99]]),
        (p.bus(), ["rs485"], ["", "a b", 1]),
        (p.address(), [1, 247], [0, 248]),
        (p.table({"high": p.whole(0, 3)}), [{}], [1, []]),
    ],
)
def test_what_fits(parameter: p.FileKey, good: list[Any], bad: list[Any]) -> None:
    """Each kind takes its own and refuses the rest, also the near misses of other types."""
    assert all(parameter.fits(value) for value in good)
    assert [value for value in bad if parameter.fits(value)] == []


def test_a_parameter_says_what_is_allowed() -> None:
    """In words that stand in a message."""
    assert p.whole(1, 5).allowed == "a whole number from 1 to 5"
    assert p.word(("a", "b")).allowed == 'one of "a", "b"'
    assert p.text(4, said="small letters").allowed == "small letters"
    assert repr(p.whole(1, 5).first) == "REQUIRED" and p.whole(1, 5, 3).first == 3
