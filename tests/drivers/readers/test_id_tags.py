"""From digits to idTags: order, strip, prefix; what keyboard readers type."""

from __future__ import annotations

import pytest

from drivers.readers.id_tags import Digits, IdFormat, Order, typed


@pytest.mark.parametrize(
    ("raw", "order", "prefix", "strip", "id_tag"),
    [
        ("04a2b9c1", "as-read", "", "", "04A2B9C1"),
        ("04a2b9c1", "reversed", "", "", "C1B9A204"),
        ("04a2b9c1d2e3f4", "as-read", "", "", "04A2B9C1D2E3F4"),
        ("0102030405060708090a", "as-read", "", "", "0102030405060708090A"),
        ("01026F6C3A", "as-read", "", "01", "026F6C3A"),
        ("01026F6C3A", "reversed", "", "01", "3A6C6F02"),
        ("01026F6C3A", "as-read", "RF-", "", "RF-01026F6C3A"),
        ("01026F6C3A", "as-read", "", "02", "01026F6C3A"),
        ("ab", "as-read", "", "AB", ""),
        ("0102030405060708090a", "as-read", "X", "", ""),
        ("abc", "reversed", "", "", "ABC"),
    ],
)
def test_an_id_tag(raw: str, order: Order, prefix: str, strip: str, id_tag: str) -> None:
    """Whole, in upper case; 20 letters at most, never cut: cut numbers collide."""
    assert IdFormat(order, prefix, strip).id_tag(raw) == id_tag


@pytest.mark.parametrize(
    ("line", "digits", "raw"),
    [
        ("0040856634", "as-typed", "0040856634"),
        ("04a2b9c1", "as-typed", "04A2B9C1"),
        ("04-a2", "as-typed", ""),
        ("?", "as-typed", ""),
        ("", "as-typed", ""),
        ("0040856634", "decimal", "026F6C3A"),
        ("07302202", "decimal", "6F6C3A"),
        ("11127706", "wiegand-26", "6F6C3A"),
        ("4294967296", "decimal", ""),
        ("99999999", "decimal", ""),
        ("123", "decimal", ""),
        ("12ab5678", "decimal", ""),
        ("25600000", "wiegand-26", ""),
        ("11199999", "wiegand-26", ""),
        ("1112770", "wiegand-26", ""),
        ("٣٣٣٣٣٣٣٣", "decimal", ""),
    ],
)
def test_what_is_typed(line: str, digits: Digits, raw: str) -> None:
    """The card 01026F6C3A as three readers type it, and what is no number of a card."""
    assert typed(line, digits) == raw
