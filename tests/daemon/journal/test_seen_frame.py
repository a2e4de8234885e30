"""Frames written anew from what was understood of them."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from daemon.journal.redaction import in_full, masked
from daemon.journal.seen_frame import REMEMBERED, FrameReader
from daemon.recorder.pseudonyms import Pseudonyms
from ocpp16.rpc import frames
from tests.daemon.understood import received, sent, understood

SECRET = "S3CR3T-canary"


def text(frame: str, action: str = "") -> str:
    return received(frame, action).text(masked)


def test_a_valid_request_is_written_anew() -> None:
    """Its fields, in the one spelling of this station."""
    assert text('[2, "1", "RemoteStartTransaction", {"idT\\u0061g":"04A2B9C1"}]') == (
        '[2,"1","RemoteStartTransaction",{"idTag":"04..C1"}]'
    )
    assert not received('[2,"1","ClearCache",{}]').idle


def test_a_valid_answer_is_written_anew() -> None:
    """By the action of its request; a parent's number is a card, too."""
    answer = '[3,"1",{"idTagInfo":{"status":"Accepted","parentIdTag":"04A2B9C1"}}]'
    assert text(answer, "Authorize") == '[3,"1",{"idTagInfo":{"status":"Accepted","parentIdTag":"04..C1"}}]'
    assert not received(answer, "Authorize").idle


@pytest.mark.parametrize(
    "hostile",
    [
        f'[2,"x","Foo",{{"idTag":"{SECRET}"}}]',
        f'[2,"x","Reset",{{"type":"{SECRET}"}}]',
        f'[2,"x","ChangeConfiguration",{{"key":"AuthorizationKey","value":["{SECRET}"]}}]',
        f'[2,"x","ChangeConfiguration",{{"key":"AuthorizationKey","value":"{SECRET}"',
        f'[2,"x","ChangeConfiguration",{{"AuthorizationKey":"{SECRET}"}}]',
        f'[2,"x","{SECRET}",{{}}]',
        f'[2,"x","DataTransfer",{{"vendorId":"v","data":"{SECRET}"}}]',
        f'[2,"x","DataTransfer",{{"vendorId":"v","data":{{"a":"{SECRET}"}}}}]',
        f'[2,"x","UpdateFirmware",{{"location":"ftp:\\/\\/u:{SECRET}@h","retrieveDate":"2030-01-01T00:00:00Z"}}]',
        f'[2,"x","GetDiagnostics",{{"location":"https://{SECRET}@h/?sig={SECRET}"}}]',
        f'[2,"x","ClearCache",{{}},"{SECRET}"]',
        f'[3,"x",{{"idTagInfo":{{"status":"Accepted","parentIdTag":"{SECRET}"}}}}]',
        f'[4,"x","{SECRET}","{SECRET}",{{"a":"{SECRET}"}}]',
        f'[4,"x","GenericError","{SECRET}",{{}}]',
        f'[9,"x","{SECRET}"]',
        f'{{"a":"{SECRET}"}}',
        SECRET,
    ],
)
def test_point_14_nothing_of_it_is_shown(hostile: str) -> None:
    """Unknown, refused, cut, unasked: a name and a length are left."""
    shown = text(hostile)
    assert SECRET not in shown and SECRET.lower() not in shown.lower() and json.loads(shown) is not None


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        ('[2,"x","Foo",{"a":1}]', frames.Call),
        ('[2,"x","Reset",{"a":1}]', frames.Call),
        ('[2,"x","Reset"]', frames.Bad),
        ('[2,"x","Reset",{"type":"Soft","type":"Soft"}]', frames.Bad),
        ('[3,"x",{}]', frames.Result),
        ('[4,"x","GenericError","",{}]', frames.Error),
        ("[9]", frames.Ignored),
        ("nonsense", frames.Ignored),
    ],
)
def test_what_is_not_shown_has_a_frame_of_the_same_effect(frame: str, kind: type) -> None:
    """So that a replay refuses or ignores it just so."""
    seen = received(frame)
    again = understood(seen.text(masked))
    assert isinstance(again.frame, kind) and again.message is None and seen.idle
    assert getattr(again.frame, "id", None) == ("x" if kind is not frames.Ignored else None)


def test_an_answer_that_was_awaited_is_not_idle() -> None:
    """A refusal changes something: whatever is left out of a record, it is not this."""
    assert not received('[4,"x","GenericError","words",{}]', "Heartbeat").idle
    assert not received('[3,"x",[]]', "Heartbeat").idle
    assert FrameReader().received(None, 5).text(masked) == '"not shown (5 characters)"'


def test_frames_of_ours() -> None:
    """A request by its action, an answer by the action of the request that it answers, an error by its code."""
    reader = FrameReader()
    assert (
        reader.sent('[2,"1","Authorize",{"idTag":"04A2B9C1"}]').text(masked) == '[2,"1","Authorize",{"idTag":"04..C1"}]'
    )
    reader.received(understood('[2,"7","GetDiagnostics",{"location":"ftp://h/secret.zip"}]'), 1)
    answer = reader.sent('[3,"7",{"fileName":"secret.zip"}]')
    assert answer.text(in_full) == '[3,"7",{"fileName":"(hidden, 10 characters)"}]' and not answer.idle
    assert sent('[3,"7",{"fileName":"secret.zip"}]').text(masked) == '[3,"7",["not shown (33 characters)"]]'
    error = sent(f'[4,"7","FormationViolation","{SECRET}",{{}}]')
    assert SECRET not in error.text(masked) and error.idle and "FormationViolation" in error.text(masked)
    assert sent('[2,"1","Authorize",{"idTag":7}]').text(masked) == '[2,"1","Authorize",["not shown (31 characters)"]]'
    assert sent('[2,"1","NotOurs",{}]').kind == 0 and sent("[").kind == 0
    assert "\n" not in received('[2,"a\\nb","Foo",{}]').id


def test_the_actions_remembered_are_bounded() -> None:
    """However many requests come, few are remembered until they are answered."""
    reader = FrameReader()
    for number in range(REMEMBERED + 20):
        reader.received(understood(f'[2,"{number}","ClearCache",{{}}]'), 1)
    assert len(reader._asked) == REMEMBERED


def long_list(cards: int) -> str:
    entries = [{"idTag": f"{number:08X}", "idTagInfo": {"status": "Accepted"}} for number in range(cards)]
    return json.dumps(
        [2, "x", "SendLocalList", {"listVersion": 1, "updateType": "Full", "localAuthorizationList": entries}]
    )


PROFILE: dict[str, Any] = {
    "chargingProfileId": 1, "stackLevel": 0, "chargingProfilePurpose": "TxProfile", "chargingProfileKind": "Relative",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": number, "limit": 16.0} for number in range(1500)],
    },
}  # fmt: skip


@pytest.mark.parametrize(
    "frame",
    [
        f'[2,"x","Foo",{{"idTag":"{"z" * 60_000}"}}]',
        f'[2,"x","Foo",{{"a":{"9" * 4300}}}]',
        f'[2,"x","RemoteStartTransaction",{{"idTag":"{"z" * 3400}"}}]',
        json.dumps([2, "x", "Foo", {f"idTag{number}": "z" * 3000 for number in range(20)}]),
        json.dumps([3, "x", {"idTagInfo": {"status": "Accepted", "parentIdTag": "z" * 60_000}}]),
        long_list(100),
        long_list(1000),
        json.dumps([2, "x", "SetChargingProfile", {"connectorId": 1, "csChargingProfiles": PROFILE}]),
        json.dumps([2, "x", "DataTransfer", {"vendorId": "v", "data": "x" * 60_000}]),
        json.dumps([2, "x" * 60_000, "Foo", {}]),
        '[2,"x","Foo",' + "[" * 20_000 + "]" * 20_000 + "]",
    ],
)
def test_point_9_a_frame_takes_little(frame: str) -> None:
    """What ended the station, or held it for seconds, is shown within a millisecond (a slow machine has five)."""
    read = understood(frame)
    took = []
    for _ in range(5):
        began = time.thread_time()
        shown = FrameReader().received(read, len(frame)).text(Pseudonyms(b"k" * 32).tag)
        took.append(time.thread_time() - began)
    assert min(took) < 0.005 and len(shown) <= 65_536
