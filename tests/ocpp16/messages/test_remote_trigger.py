"""The words of RemoteTrigger against the published schemas."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocpp16.messages import remote_trigger
from ocpp16.messages.remote_trigger import TriggerMessageReq
from ocpp16.messages.types import MessageTrigger
from ocpp16.rpc import payload
from tests.ocpp16.messages import referee

CASES = referee.cases(remote_trigger)


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_vices(case: referee.Case) -> None:
    """Each message of RemoteTrigger is judged as by its schema, each vice by its own code (J 4.2.3)."""
    referee.judge_alike(case)


@pytest.mark.parametrize("case", CASES, ids=repr)
@given(data=st.data())
@settings(max_examples=30)
def test_any_payload(case: referee.Case, data: st.DataObject) -> None:
    """Whatever a payload of RemoteTrigger holds, the schema and we are of one opinion."""
    referee.agree(case, data.draw(referee.any_payload(case.schema)))


def test_unknown_trigger() -> None:
    """§5.17: a word that is no MessageTrigger is the profile's to answer, not a fault of the payload."""
    assert payload.decode_request("TriggerMessage", '{"requestedMessage":"Foo"}') == TriggerMessageReq("Foo")


def test_triggers() -> None:
    """The words of MessageTrigger are those of the schema."""
    schema = json.loads((referee.schemas() / "TriggerMessage.json").read_text(encoding="utf-8-sig"))
    assert set(schema["properties"]["requestedMessage"]["enum"]) == set(MessageTrigger)
