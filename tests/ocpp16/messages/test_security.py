"""The words of the security whitepaper against the published schemas."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocpp16.messages import security
from ocpp16.messages.security import ExtendedTriggerMessageReq
from ocpp16.messages.types import ExtendedMessageTrigger
from ocpp16.rpc import payload
from tests.ocpp16.messages import referee

CASES = referee.cases(security)


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_vices(case: referee.Case) -> None:
    """Each message of the security whitepaper is judged as by its schema, each vice by its own code (J 4.2.3)."""
    referee.judge_alike(case)


@pytest.mark.parametrize("case", CASES, ids=repr)
@given(data=st.data())
@settings(max_examples=30)
def test_any_payload(case: referee.Case, data: st.DataObject) -> None:
    """Whatever a payload of the security whitepaper holds, the schema and we are of one opinion."""
    referee.agree(case, data.draw(referee.any_payload(case.schema)))


def test_unknown_trigger() -> None:
    """A word that is no ExtendedMessageTrigger is the profile's to answer, not a fault of the payload."""
    request = payload.decode_request("ExtendedTriggerMessage", '{"requestedMessage":"Foo"}')
    assert request == ExtendedTriggerMessageReq("Foo")


def test_triggers() -> None:
    """The words of ExtendedMessageTrigger are those of the schema."""
    schema = json.loads((referee.schemas() / "ExtendedTriggerMessage.json").read_text(encoding="utf-8-sig"))
    assert set(schema["definitions"]["MessageTriggerEnumType"]["enum"]) == set(ExtendedMessageTrigger)
