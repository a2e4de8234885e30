"""B11: `why` over the planted situations: one cause known, with numbers, the text as docs/why.md has it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ocpp16.status.faults import FAULTS, fault_of
from ocpp16.why.why import CODES
from tests.ocpp16.why.situations import CARD, OTHER, Situation, every
from tests.reference import why_page

PAGE = Path(__file__).parents[3] / "docs/why.md"
LEAST = 60


def test_b11_the_page_is_what_why_says() -> None:
    """docs/why.md has the exact first line of every situation (`make docs` writes it anew)."""
    assert PAGE.read_text(encoding="utf-8") == why_page()


def test_b11_the_situations_are_told_apart() -> None:
    """At least sixty, and no two have the same first line."""
    lines = [situation.line() for situation in every()]
    assert len(lines) >= LEAST
    assert len(set(lines)) == len(lines)


def test_b11_every_code_has_a_situation() -> None:
    """No cause is untried; `gremlin` is a board's fault that is not known here.  What hinders nothing is no cause."""
    seen = {str(situation.row()["code"]) for situation in every()}
    assert seen == {*CODES, *(code for code in FAULTS if fault_of(code).blocks_start), "gremlin"}


@pytest.mark.parametrize("situation", list(every()), ids=lambda situation: situation.title)
def test_b11_each_is_whole_sentences(situation: Situation) -> None:
    """A capital letter, a full stop, nothing empty, no word of the code's; each card that is named is declared."""
    row = situation.row()
    for text in (str(row["text"]), str(row["remedy"])):
        assert re.fullmatch(r"[A-Z0-9].*\.", text)
        assert not re.search(r"None|\(\)|  |\.\.|: *\.|; *\.|<|Timer|Key\.", text)
    named = {card for card in (CARD, OTHER) if card in str(row["text"])}
    assert named <= {card["id_tag"] for card in row["cards"]}  # type: ignore[attr-defined]
    assert "evsectl status" not in str(row["remedy"]) or row["code"] == "queue-full"
