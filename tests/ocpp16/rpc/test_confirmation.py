"""Every answer in every flawed shape: what decides is read, the rest is left out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest

from ocpp16 import events as ev
from ocpp16.messages import core
from ocpp16.messages.types import AuthorizationStatus, IdTagInfo, Message, RegistrationStatus
from ocpp16.rpc import frames
from ocpp16.rpc.confirmation import Undecided, decode_confirmation
from ocpp16.rpc.payload import OUTGOING
from tests.ocpp16.rig import SILENCE, Station, noted

NOON = datetime(2025, 4, 14, 9, 30, tzinfo=UTC)
TAG_INFO = {"status": "Blocked", "expiryDate": "2030-01-01T00:00:00Z", "parentIdTag": "GROUP"}
GOOD: dict[str, dict[str, Any]] = {
    "BootNotification": {"status": "Pending", "currentTime": "2025-04-14T09:30:00Z", "interval": 300},
    "Heartbeat": {"currentTime": "2025-04-14T09:30:00Z"},
    "Authorize": {"idTagInfo": TAG_INFO},
    "StartTransaction": {"transactionId": 7, "idTagInfo": TAG_INFO},
    "StopTransaction": {"idTagInfo": TAG_INFO},
    "DataTransfer": {"status": "Rejected", "data": "x"},
    "SignCertificate": {"status": "Rejected"},
}
"""A full answer to each request; {} for every other."""
DECIDES: dict[str, tuple[str, ...]] = {
    "BootNotification": ("status",),
    "Authorize": ("idTagInfo", "idTagInfo.status"),
    "StartTransaction": ("transactionId",),
    "DataTransfer": ("status",),
    "SignCertificate": ("status",),
}
"""Without it the CALL was not processed; StartTransaction has a rule of its own for the card: see `wanted_verdict`."""
NOTHING = ("missing", "null", "[]", "{}")
WRONG: dict[str, Any] = {
    "null": None,
    "[]": [],
    "{}": {},
    "empty": "",
    "wrong type": 5.5,
    "true": True,
    "a list": ["Accepted"],
    "an object": {"a": 1},
    "wrong form": "yes?",
    "wrong case": "ACCEPTED",
    "too long": "x" * 600,
    "out of range": 10**30,
}


class Row(NamedTuple):
    """A row of the table: an answer, and the field that is spoilt in it."""

    action: str
    field: str
    shape: str
    frame: str


def places(payload: dict[str, Any], before: str = "") -> Iterator[str]:
    for name, value in payload.items():
        yield before + name
        if isinstance(value, dict):
            yield from places(value, f"{before}{name}.")


def spoilt(payload: dict[str, Any], place: str, shape: str) -> dict[str, Any]:
    name, _, inner = place.partition(".")
    if inner:
        return {**payload, name: spoilt(payload[name], inner, shape)}
    if shape == "missing":
        return {key: value for key, value in payload.items() if key != name}
    return {**payload, name: WRONG[shape]}


def table() -> Iterator[Row]:
    """Every confirmation in every flawed shape."""
    for action in OUTGOING:
        good = GOOD.get(action, {})
        text = json.dumps(good)
        yield Row(action, "", "good", f'[3,"i",{text}]')
        yield Row(action, "", "extra", f'[3,"i",{json.dumps({**good, "vendorSays": {"a": [1]}})}]')
        yield Row(action, "", "four elements", f'[3,"i","{action}Response",{text}]')
        yield Row(action, "", "five elements", f'[3,"i",null,{text},{{}}]')
        yield Row(action, "", "something behind it", f'\ufeff[3,"i",{text}]\r\n\0')
        yield Row(action, "", "NaN in it", f'[3,"i",{json.dumps({**good, "vendorSays": float("nan")})}]')
        yield Row(action, "*", "two elements", '[3,"i"]')
        for shape in ("null", "[]", "{}", "empty", "wrong type", "a list", "too long"):
            yield Row(action, "*", shape, f'[3,"i",{json.dumps(WRONG[shape])}]')
        yield Row(action, "*", "too deep", f'[3,"i",{"[" * 99}{"]" * 99}]')
        for place in places(good):
            for shape in ("missing", *WRONG):
                yield Row(action, place, shape, f'[3,"i",{json.dumps(spoilt(good, place, shape))}]')


ROWS = list(table())


def read(row: Row) -> Any:
    frame = frames.parse(row.frame)
    assert isinstance(frame, frames.Result | frames.Unreadable) and frame.id == "i"
    return decode_confirmation(row.action, frame.payload if isinstance(frame, frames.Result) else b"{}")


def is_decided(row: Row) -> bool:
    """Whether what decides is there."""
    decides = DECIDES.get(row.action, ())
    return not decides if row.field == "*" else row.field not in decides


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.action} {row.field} {row.shape}")
def test_point_1_what_decides_is_read(row: Row) -> None:
    """JE 3.3: an answer counts as long as what decides in it can be read, and only then."""
    answer = read(row)
    if not is_decided(row):
        assert isinstance(answer, Undecided)
        return
    assert isinstance(answer, OUTGOING[row.action][1])
    good = decode_confirmation(row.action, json.dumps(GOOD.get(row.action, {})))
    if row.field == "":
        assert answer == good
    for name in answer.__struct_fields__:
        kept, whole = getattr(answer, name), getattr(good, name)
        spoiling = row.field == "*" or row.field.partition(".")[0].casefold() == name.replace("_", "")
        assert kept == whole or spoiling, "what was not spoilt is as it was"
        assert not isinstance(kept, IdTagInfo) or kept.status != "Accepted", "a refusal never turns into its opposite"


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.field.startswith("idTagInfo")], ids=lambda row: f"{row.action} {row.shape}"
)
def test_point_1_a_verdict_stays_what_it_is(row: Row) -> None:
    """§7.2: Blocked with a flawed accessory is Blocked; a status that cannot be read is no Accepted."""
    answer = read(row)
    verdict = None if isinstance(answer, Undecided) else answer.id_tag_info
    if row.field in ("idTagInfo.expiryDate", "idTagInfo.parentIdTag"):
        assert verdict.status == "Blocked"
    elif row.action == "StartTransaction":
        readable = row.shape in NOTHING if row.field == "idTagInfo" else row.shape in ("missing", "null")
        if row.field == "idTagInfo.status" and row.shape in ("missing", "null"):
            assert verdict.status == "Invalid"
        else:
            assert (None if verdict is None else verdict.status) == (None if readable else "Invalid")
    else:
        assert verdict is None


def accessories() -> Iterator[dict[str, Any]]:
    for place in ("expiryDate", "parentIdTag"):
        for shape in ("missing", *WRONG):
            yield spoilt({**TAG_INFO, "status": "Accepted"}, place, shape)
    yield {**TAG_INFO, "status": "Accepted", "vendorSays": 1}


@pytest.mark.parametrize("info", list(accessories()), ids=json.dumps)
def test_point_1_a_good_card_starts_whatever_hangs_on_its_verdict(info: dict[str, Any]) -> None:
    """§5.2: Accepted with a flawed accessory is Accepted, in every answer about a card."""
    for action, more in (("Authorize", {}), ("StartTransaction", {"transactionId": 3}), ("StopTransaction", {})):
        answer = decode_confirmation(action, json.dumps({"idTagInfo": info, **more}))
        assert answer.id_tag_info.status == "Accepted"


BLOCKED = [row for row in ROWS if row.action == "Authorize"]


@pytest.mark.parametrize("row", BLOCKED, ids=lambda row: f"{row.field} {row.shape}")
@pytest.mark.parametrize("unknown", [True, False])
def test_point_1_no_flawed_refusal_starts_a_charge(row: Row, unknown: bool) -> None:
    """§3.5: answered, but unusable, is not offline: no shape of a refusal starts anything."""
    station = Station(AllowOfflineTxForUnknownId=unknown).online()
    station.script["Authorize"] = SILENCE
    station.plug()
    station.tap("CARD")
    asked = station.open
    assert asked is not None and asked.action == "Authorize"
    station.open = None
    station.happens(ev.FrameReceived(row.frame.replace('"i"', json.dumps(asked.id), 1)))
    station.draw()
    assert station.transaction() is None
    assert station.heard("StartTransaction") == []


# --- what stands in place of what is missing --------------------------------------------------------------------------


def test_a_boot_answer_with_more_in_it_is_still_one() -> None:
    """Unknown properties of a confirmation are left out and noted: a strict refusal would keep us off the net."""
    notes: list[str] = []
    text = (
        '{"status":"Accepted","currentTime":"2025-04-14T09:30:00Z","interval":300,"heartbeatInterval":300,"vendor":{}}'
    )
    accepted = core.BootNotificationConf(RegistrationStatus.ACCEPTED, NOON, 300)
    assert decode_confirmation("BootNotification", text, notes) == accepted
    assert notes == ["heartbeatInterval: unknown property, left out", "vendor: unknown property, left out"]
    assert decode_confirmation("BootNotification", text) == accepted


def test_nested_too() -> None:
    """So are those inside of it."""
    notes: list[str] = []
    text = '{"idTagInfo":{"status":"Accepted","user":"x"},"transactionId":7}'
    wanted = core.StartTransactionConf(7, IdTagInfo(AuthorizationStatus.ACCEPTED))
    assert decode_confirmation("StartTransaction", text, notes) == wanted
    assert notes == ["idTagInfo.user: unknown property, left out"]


@pytest.mark.parametrize("written, interval", [('"300"', 300), ("300.0", 300), ('"-1"', -1), ("1e9", 10**9)])
def test_numbers_written_otherwise(written: str, interval: int) -> None:
    """A whole number written as text or with a decimal point is taken for what it says, and noted."""
    notes: list[str] = []
    text = '{"status":"Accepted","currentTime":"2025-04-14T09:30:00Z","interval":' + written + "}"
    assert decode_confirmation("BootNotification", text, notes).interval == interval
    assert len(notes) == 1 and notes[0].startswith("interval: ")


@pytest.mark.parametrize(
    ("action", "text", "code", "what"),
    [
        ("BootNotification", "{}", "ProtocolError", "status: missing"),
        ("BootNotification", '{"status":"accepted"}', "PropertyConstraintViolation", "status: 'accepted' is no"),
        ("BootNotification", '{"status":5}', "TypeConstraintViolation", "status: Expected `str`"),
        ("Authorize", "[]", "ProtocolError", "idTagInfo: missing"),
        ("Authorize", '{"idTagInfo":{}}', "ProtocolError", "idTagInfo: missing"),
        ("Authorize", '{"idTagInfo":{"expiryDate":5}}', "ProtocolError", "idTagInfo.status: missing"),
        ("StartTransaction", '{"transactionId":"x"}', "TypeConstraintViolation", "transactionId: Expected `int`"),
        ("StartTransaction", "[[", "ProtocolError", "transactionId: missing"),
    ],
)
def test_what_is_undecided_is_named(action: str, text: str, code: str, what: str) -> None:
    """The refusal says which field, and what is wrong with it."""
    answer = decode_confirmation(action, text)
    assert isinstance(answer, Undecided) and answer.refusal.code == code
    assert answer.refusal.description.startswith(what)


@pytest.mark.parametrize(
    ("info", "verdict"),
    [({"status": "Blocked"}, "Blocked"), ({"status": "Accepted"}, "Accepted"), ({"status": "?"}, None), (None, None)],
)
def test_a_verdict_without_a_transaction(info: Any, verdict: str | None) -> None:
    """§4.8: an answer without transactionId opens nothing, but its verdict is known."""
    answer = decode_confirmation("StartTransaction", json.dumps({"idTagInfo": info}))
    assert isinstance(answer, Undecided)
    assert (answer.id_tag_info and answer.id_tag_info.status) == verdict


@pytest.mark.parametrize(
    ("action", "text", "notes"),
    [
        ("Heartbeat", "[]", ["[] in place of an object", "currentTime: missing"]),
        ("Heartbeat", "null", ["currentTime: missing"]),
        ("Heartbeat", "5", ["payload is no object", "currentTime: missing"]),
        ("Heartbeat", "{}", ["currentTime: missing"]),
        ("StatusNotification", "7", ["payload is no object"]),
        ("StartTransaction", '{"transactionId":1}', ["idTagInfo: missing"]),
        ("BootNotification", '{"status":"Accepted","interval":1}', ["currentTime: missing"]),
    ],
)
def test_what_is_left_out_is_noted(action: str, text: str, notes: list[str]) -> None:
    """A line for each thing, once."""
    found: list[str] = []
    assert isinstance(decode_confirmation(action, text, found), Message)
    assert found == notes


def test_point_1_one_note_a_message_kind() -> None:
    """A Central System that writes every answer wrongly is named once a connection, not with each answer."""
    station = Station().online()
    station.script["Heartbeat"] = SILENCE
    codes: list[str] = []
    for _ in range(3):
        station.request("TriggerMessage", requestedMessage="Heartbeat")
        asked, station.open = station.open, None
        assert asked is not None
        codes += noted(station.happens(ev.FrameReceived(f'[3,"{asked.id}","HeartbeatResponse",{{}}]')))
    assert codes.count("answer-mended") == 1
