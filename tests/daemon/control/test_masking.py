"""What those see who only look: no card number, in no field of no answer and in no frame."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.control.masking import masked_answer, masked_frame

CARD = "04A2B9C1D2E3F4"

ANSWERS: list[dict[str, Any]] = [
    {"status": {"connectors": [{"waiting_card": CARD, "transaction": {"id_tag": CARD, "number": 1}}]}},
    {"why": [{"connector": 1, "text": f"Card {CARD.lower()} waits.", "remedy": f"Remove ({CARD})", "id_tag": CARD}]},
    {"queue": [{"item": 4, "error": f"PropertyConstraintViolation: idTag {CARD} is unknown"}]},
    {"transactions": [{"id_tag": CARD, "parent_id_tag": CARD, "stop_id_tag": CARD, "error": f"GenericError: {CARD}"}]},
    {"frame": json.dumps([2, "a", "StartTransaction", {"idTag": CARD, "connectorId": 1}]), "from": "station"},
    {"frame": json.dumps([2, "a", "SendLocalList", {"localAuthorizationList": [{"idTag": CARD}]}])},
    {"frame": json.dumps([3, "a", {"idTagInfo": {"status": "Accepted", "parentIdTag": CARD}}])},
    {"frame": json.dumps([2, "a", "DataTransfer", {"vendorId": "x", "data": CARD}])},
    {"frame": json.dumps([2, "a", "Authorize", {"idTag": {"x": CARD}, "other": CARD, CARD: 1}])},
    {"frame": json.dumps([2, "a", CARD, {}])},
    {"frame": json.dumps([4, "a", "GenericError", f"no {CARD}", {"x": CARD}])},
    {"frame": json.dumps([4, "a", CARD, "", {}])},
    {"frame": f'[2,"a","Authorize",{{"idTag":"{CARD}"'},
    {"frame": json.dumps([CARD])},
    {"frame": f'[2,"a","Authorize",{{"idT\\u0061g":"{CARD}"}}]'},
    {"frame": "[" * 5000 + CARD},
]


@pytest.mark.parametrize("answer", ANSWERS)
def test_13_no_card_number_is_shown(answer: dict[str, Any]) -> None:
    """Not in a field of its own, not in a sentence beside it, not in what a Central System wrote."""
    shown = masked_answer(answer)
    assert CARD.casefold() not in json.dumps(shown).casefold() and shown["masked"] is True


@pytest.mark.parametrize("card", ["MY CARD 12345", "a-b c", "1.5(x) y"])
def test_b11_cards_with_blanks_are_masked_in_sentences(card: str) -> None:
    """`why` names the cards of its sentences in `cards`; whatever stands in them, they are masked."""
    text = f"Card {card.lower()} was refused 4 s ago: reserved. It is kept for {card}."
    shown = masked_answer({"why": [{"text": text, "cards": [{"id_tag": card}]}]})
    assert card.casefold() not in str(shown).casefold() and shown["masked"] is True


def test_13_the_rest_is_shown() -> None:
    """Numbers, times, codes and every other field stay; an answer without cards is as it was."""
    answer = {"ok": True, "status": {"queue": 3, "error": "NoError", "info": "", "waiting_card": None, "amps": [1.5]}}
    assert masked_answer(answer) == answer
    frame = [2, "a", "StopTransaction", {"meterStop": 39, "idTag": CARD, "timestamp": "2026-11-30T20:00:00Z"}]
    assert json.loads(masked_frame(json.dumps(frame))) == [*frame[:3], {**frame[3], "idTag": "04..F4"}]  # type: ignore[dict-item]
    assert masked_frame("junk") == "(hidden, 4 characters)"
    sentence = {"text": f"The card {CARD}.", "id_tag": CARD}
    assert masked_answer(sentence)["text"] == "The card 04..F4."


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.text(max_size=8) | st.integers(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5) | st.just("id_tag"), inner),
    max_leaves=20,
)


@given(VALUES)
def test_any_answer_can_be_masked(value: Any) -> None:
    """Whatever an answer holds, and whatever a frame is."""
    assert "x" in masked_answer({"x": value})
    assert isinstance(masked_frame(json.dumps([2, "a", "Authorize", value])), str)
