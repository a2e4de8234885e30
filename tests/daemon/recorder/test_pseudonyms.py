"""Card numbers become pseudonyms that say nothing but which cards are equal."""

from __future__ import annotations

import re
import string

from hypothesis import given
from hypothesis import strategies as st

from daemon.journal.redaction import CARD_CHARS, masked
from daemon.recorder.pseudonyms import REMEMBERED, Pseudonyms

P = Pseudonyms(b"k" * 32)
TAGS = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=20)


@given(TAGS, TAGS)
def test_equal_stays_equal_and_different_different(one: str, other: str) -> None:
    """Two cards are the same card afterwards exactly where they were before, whatever their case."""
    assert (P.tag(one) == P.tag(other)) == (one.casefold() == other.casefold())


@given(st.text(string.hexdigits, min_size=1, max_size=20))
def test_point_15_hexadecimal_cards_are_one_class(tag: str) -> None:
    """Length and letters of the card are not in its pseudonym."""
    assert re.fullmatch(r"[0-9a-f]{16}", P.tag(tag))


@given(TAGS)
def test_point_15_all_others_are_another(tag: str) -> None:
    """A text with any other letter."""
    assert re.fullmatch(r"[0-9a-f]{16}|card-[0-9a-f]{14}", P.tag(tag)) and len(P.tag(tag)) <= CARD_CHARS


def test_point_15_the_mask_narrows_nothing_down() -> None:
    """Of all cards that share a mask of the log, each has a pseudonym that could be any one's."""
    cards = [f"04{middle:04X}C1" for middle in range(0, 65_536, 97)]
    assert len({masked(card) for card in cards}) == 1
    found = [P.tag(card) for card in cards]
    for place in range(16):
        assert len({pseudonym[place] for pseudonym in found}) == 16


def test_another_key_gives_other_numbers() -> None:
    """Another key gives other pseudonyms."""
    assert P.tag("04A2B9C1D2E3F4") != Pseudonyms(b"x" * 32).tag("04A2B9C1D2E3F4")


def test_what_is_no_card_stays_none() -> None:
    """A replay refuses it just so; a text of any length costs one hash."""
    assert P.tag("") == "" and len(P.tag("z" * 21)) > CARD_CHARS and len(P.tag("z" * 10**6)) < 40
    assert P.tag("z" * 5000) != P.tag("z" * 5001) and P.tag("\ud800") != P.tag("\ud801")


def test_the_memory_is_bounded() -> None:
    """However many cards come, few are remembered, and the answer stays the same."""
    first = P.tag("AAAA0000")
    for number in range(REMEMBERED + 1):
        P.tag(f"AAAA{number:04}")
    assert len(P._known) <= REMEMBERED and P.tag("AAAA0000") == first
