"""The shared words: spelling of names and values, and what no schema says."""

from __future__ import annotations

import enum
import json
import re

import msgspec
import pytest

from ocpp16.messages import types
from ocpp16.messages.call_error import Refusal
from ocpp16.messages.types import Message, WireStruct
from ocpp16.rpc import payload
from tests.ocpp16.messages import referee

ENUMERATIONS = [kind for kind in vars(types).values() if isinstance(kind, enum.EnumType) and kind is not enum.StrEnum]
MESSAGES = [kind for rows in (payload.INCOMING, payload.OUTGOING) for row in rows.values() for kind in row]


@pytest.mark.parametrize("kind", ENUMERATIONS, ids=lambda kind: kind.__name__)
def test_member_names(kind: type[enum.StrEnum]) -> None:
    """A member is called like its value, in capitals: nobody has to look it up."""
    for member in kind:
        assert member.name.replace("_", "") == re.sub(r"[.\-]", "", member.value).upper()


def test_every_enumeration_is_one_of_the_schemas() -> None:
    """Each enumeration has exactly the words of one enumeration in the published schemas."""
    published = {
        frozenset(words) - {"Hertz"}
        for path in referee.schemas().glob("*.json")
        for words in _enumerations(json.loads(path.read_text(encoding="utf-8-sig")))
    }
    assert [kind for kind in ENUMERATIONS if frozenset(kind) not in published] == []
    assert published - {frozenset(kind) for kind in ENUMERATIONS} == set()


def _enumerations(node: object) -> list[list[str]]:
    if isinstance(node, list):
        return [words for item in node for words in _enumerations(item)]
    if isinstance(node, dict):
        own = [node["enum"]] if isinstance(node.get("enum"), list) else []
        return own + [words for item in node.values() for words in _enumerations(item)]
    return []


@pytest.mark.parametrize("kind", [WireStruct, Message, *MESSAGES], ids=lambda kind: kind.__name__)
def test_frozen(kind: type[Message]) -> None:
    """A word once said is not changed."""
    assert kind.__struct_config__.frozen
    assert kind.__struct_config__.forbid_unknown_fields


def test_the_last_exactly_held_integer() -> None:
    """An integer of 64 bits passes, one more is out of range: no column of the store could hold it."""
    good = msgspec.json.encode({"transactionId": 2**63 - 1})
    assert payload.decode_request("RemoteStopTransaction", good).transaction_id == 2**63 - 1
    for value in (2**63, -(2**63) - 1, 10**40):
        refusal = payload.decode_request("RemoteStopTransaction", json.dumps({"transactionId": value}))
        assert refusal == Refusal("PropertyConstraintViolation", "transactionId: integer out of range")


def test_text_is_kept() -> None:
    """Identifiers keep the case in which they came: folding is for comparing, not for repeating."""
    assert payload.decode_request("RemoteStartTransaction", '{"idTag":"aBc"}').id_tag == "aBc"
