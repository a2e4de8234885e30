"""Coded numbers: each code, both word orders, no-value patterns."""

from __future__ import annotations

import struct
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.meters.registers import NO_VALUE, Quantity, number_of, text_of


def words(code: str, number: float) -> dict[int, int]:
    data = struct.pack({"u16": ">H", "s16": ">h", "u32": ">I", "s32": ">i", "u64": ">Q", "f32": ">f"}[code], number)
    return dict(enumerate(struct.unpack(f">{len(data) // 2}H", data), 100))


@pytest.mark.parametrize(
    ("code", "coded", "over", "times", "number"),
    [
        ("u16", 2301, 10, 1, 230.1),
        ("s16", -5, 10, 1, -0.5),
        ("u32", 16010, 1000, 1, 16.01),
        ("s32", -150, 100, 1, -1.5),
        ("u64", 1234567, 1, 10, 12345670),
        ("f32", 12345.5, 1, 1000, 12345500),
    ],
)
def test_each_code(code: str, coded: float, over: int, times: int, number: float) -> None:
    """Scaled into its unit; a whole number stays one."""
    found = number_of(words(code, coded), Quantity(100, code, over, times), False)  # type: ignore[arg-type]
    assert found == number
    assert (type(found) is int) == (over == 1 and code != "f32")


@given(st.integers(0, 0xFFFFFFFE))
def test_low_word_first(coded: int) -> None:
    """The same number with its words exchanged."""
    high, low = words("u32", coded).values()
    assert number_of({100: low, 101: high}, Quantity(100, "u32"), True) == coded


@pytest.mark.parametrize("code", ["u16", "s16", "u32", "s32", "u64"])
def test_all_ones_are_no_value(code: str) -> None:
    """As signed numbers: the largest one."""
    assert number_of(words(code, NO_VALUE[code]), Quantity(100, code), False) is None  # type: ignore[arg-type, index]


@pytest.mark.parametrize("number", [nan, inf, -inf])
def test_floats_that_are_none(number: float) -> None:
    """Not a number, and infinite ones."""
    assert number_of(words("f32", number), Quantity(100, "f32"), False) is None


def test_text() -> None:
    """Up to the first letter that is none."""
    assert text_of((0x4251, 0x3132, 0x2000, 0x4100)) == "BQ12"
