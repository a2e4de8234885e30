"""Payloads become messages, or the CALLERROR code that fits; what may be mended is mended and noted."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp16.messages import core, firmware, local_list, remote_trigger, reservation, security, smart_charging
from ocpp16.messages.call_error import Refusal
from ocpp16.messages.datetimes import to_seconds
from ocpp16.messages.types import (
    GetCompositeScheduleStatus,
    Message,
)
from ocpp16.rpc import payload
from ocpp16.rpc.payload import decode_request
from tests.ocpp16.messages import referee

MODULES = (core, firmware, local_list, remote_trigger, reservation, security, smart_charging)
NOON = datetime(2025, 4, 14, 9, 30, tzinfo=UTC)


# --- the registry ---------------------------------------------------------------------------------------------------


def test_39_messages() -> None:
    """39 actions: 28 of the base specification, 11 of the security whitepaper."""
    both = {**payload.INCOMING, **payload.OUTGOING}
    security = {action for rows in payload.PROFILES["Security"] for action in rows}
    assert (len(both), len(security)) == (39, 11)


def test_every_schema_has_its_message() -> None:
    """No published schema is without its Struct."""
    names = {path.stem.removesuffix("Response") for path in referee.schemas().glob("*.json")}
    assert {*payload.INCOMING, *payload.OUTGOING} == names


def test_names() -> None:
    """A message is called like its action, with the spec's suffix."""
    for action, (request, confirmation) in {**payload.INCOMING, **payload.OUTGOING}.items():
        assert (request.__name__, confirmation.__name__) == (f"{action}Req", f"{action}Conf")


def test_action_of() -> None:
    """The action is read off the message."""
    assert payload.action_of(core.AuthorizeReq("X")) == "Authorize"
    assert payload.action_of(core.ClearCacheReq()) == "ClearCache"
    assert payload.action_of(core.HeartbeatConf(NOON)) == "Heartbeat"


# --- requests are judged strictly -----------------------------------------------------------------------------------


def test_good_request() -> None:
    """A payload that is right becomes its message, from whatever holds its text."""
    wanted = core.ChangeConfigurationReq("HeartbeatInterval", "300")
    text = '{"key":"HeartbeatInterval","value":"300"}'
    for given_as in (text, text.encode(), msgspec.Raw(text.encode())):
        assert decode_request("ChangeConfiguration", given_as) == wanted


@pytest.mark.parametrize(
    "action, text, code, description",
    [
        ("Foo", "{}", "NotImplemented", "unknown action Foo"),
        ("reset", '{"type":"Hard"}', "NotImplemented", "unknown action reset"),
        ("F" * 99, "{}", "NotImplemented", "unknown action " + "F" * 50),
        ("Heartbeat", "{}", "NotSupported", "Heartbeat is sent by Charge Points"),
        ("Reset", "[]", "FormationViolation", "payload is no object"),
        ("Reset", '"Hard"', "FormationViolation", "payload is no object"),
        ("Reset", '{"type":NaN}', "FormationViolation", "JSON is malformed: invalid character (byte 8)"),
        ("Reset", '{"type":"Hard","x":1}', "FormationViolation", "x: unknown property"),
        ("Reset", "{}", "ProtocolError", "type: missing"),
        ("Reset", "null", "ProtocolError", "type: missing"),
        ("Reset", '{"type":1}', "TypeConstraintViolation", "Expected `str`, got `int` - at `$.type`"),
        ("Reset", '{"type":null}', "TypeConstraintViolation", "Expected `str`, got `null` - at `$.type`"),
        ("Reset", '{"type":"hard"}', "PropertyConstraintViolation", "type: 'hard' is no ResetType"),
        ("RemoteStopTransaction", '{"transactionId":"7"}', "TypeConstraintViolation", None),
        ("RemoteStopTransaction", '{"transactionId":7.0}', "TypeConstraintViolation", None),
        ("RemoteStopTransaction", '{"transactionId":true}', "TypeConstraintViolation", None),
        ("ReserveNow", "{}", "ProtocolError", "connectorId: missing"),
    ],
)
def test_the_code_that_fits(action: str, text: str, code: str, description: str | None) -> None:
    """J 4.2.3: each fault has its code, and the description names the field."""
    refusal = decode_request(action, text)
    assert isinstance(refusal, Refusal) and refusal.code == code
    assert description is None or refusal.description == description


def test_a_fault_far_inside_is_named_by_its_path() -> None:
    """The description leads to the field, through objects and lists."""
    assert decode_request("SetChargingProfile", profile([{"startPeriod": 0}])) == Refusal(
        "ProtocolError", "csChargingProfiles.chargingSchedule.chargingSchedulePeriod[0].limit: missing"
    )
    assert decode_request("SetChargingProfile", profile([{"startPeriod": 0, "limit": 6, "x": 0}])) == Refusal(
        "FormationViolation", "csChargingProfiles.chargingSchedule.chargingSchedulePeriod[0].x: unknown property"
    )
    assert decode_request("SetChargingProfile", profile([])) == Refusal(
        "OccurenceConstraintViolation",
        "csChargingProfiles.chargingSchedule.chargingSchedulePeriod: fewer than 1 items",
    )


def test_null_is_absent() -> None:
    """null for an optional field is the same as leaving it out."""
    text = '{"idTag":"A","connectorId":null,"chargingProfile":null}'
    assert decode_request("RemoteStartTransaction", text) == core.RemoteStartTransactionReq("A")


@given(st.sampled_from(sorted(payload.INCOMING)), st.text(max_size=30) | st.binary(max_size=30))
def test_no_payload_raises(action: str, junk: str | bytes) -> None:
    """Whatever the payload, a message or a Refusal comes out."""
    assert isinstance(decode_request(action, junk), Message | Refusal)


@pytest.mark.parametrize("junk", ['{"x":' * 9000, "[" * 9000 + "]" * 9000, '{"type":' + "1" * 9000 + "}", "1e999"])
def test_no_monster_raises(junk: str) -> None:
    """Depth and length do not raise either."""
    refusal = decode_request("Reset", junk)
    assert isinstance(refusal, Refusal) and refusal.code == "FormationViolation"
    assert len(refusal.description) <= 255


# --- times ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "2025-04-14T09:30:00Z",
        "2025-04-14t09:30:00z",
        "2025-04-14 09:30:00Z",
        "2025-04-14T09:30:00",
        "2025-04-14T09:30",
        "2025-04-14T09:30Z",
        "2025-04-14T11:30:00+02:00",
        "2025-04-14T11:30:00+0200",
        "2025-04-14T11:30:00+02",
        "2025-04-14T11:30+02",
        "2025-04-14T04:00:00.000-05:30",
        "2025-04-14T09:30:00.0Z",
        "2025-04-14T09:30:00.000000000Z",
        "2025-04-14T09:30:00,000",
        "2025-04-14T09:30:00.000000000000000",
    ],
)
def test_times_as_they_come(text: str) -> None:
    """Any fraction, any zone, none (UTC), small letters: one instant, always with a zone."""
    moment = payload.decode(core.HeartbeatConf, json.dumps({"currentTime": text})).current_time
    assert moment == NOON and moment.tzinfo is not None


@pytest.mark.parametrize("text", ["2016-12-31T23:59:60Z", "2016-12-31T23:59:60", "2017-01-01T00:59:60.5+01:00"])
def test_leap_second(text: str) -> None:
    """A leap second is the second before it."""
    moment = payload.decode(core.HeartbeatConf, json.dumps({"currentTime": text})).current_time
    assert int(to_seconds(moment)) == 1483228799


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2025-04-14",
        "20250414T093000Z",
        "2025-13-01T00:00:00",
        "2025-02-30T00:00:00Z",
        "2025-04-14T25:00",
        "2025-W16-1T09:30:00Z",
        "1744623000",
        "2025-04-14T09:30:00+99:00",
        "٢٠٢٥-04-14T09:30:00",
    ],
)
def test_no_times(text: str) -> None:
    """What names no instant is not a dateTime."""
    refusal = payload.decode(core.HeartbeatConf, json.dumps({"currentTime": text}))
    assert refusal == Refusal("TypeConstraintViolation", "Invalid RFC3339 encoded datetime - at `$.currentTime`")


def test_the_end_of_time() -> None:
    """The last instant of the calendar is no reason to stumble."""
    moment = payload.decode(core.HeartbeatConf, '{"currentTime":"9999-12-31T23:59:59.9999999Z"}').current_time
    assert moment.year == 9999


# --- one decimal ----------------------------------------------------------------------------------------------------


def profile(periods: list[dict[str, Any]], **schedule: Any) -> str:
    """A SetChargingProfile.req with these periods."""
    return json.dumps(
        {
            "connectorId": 1,
            "csChargingProfiles": {
                "chargingProfileId": 1,
                "stackLevel": 0,
                "chargingProfilePurpose": "TxDefaultProfile",
                "chargingProfileKind": "Relative",
                "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": periods, **schedule},
            },
        }
    )


@given(st.integers(-(10**9), 10**9))
def test_one_decimal_is_one_decimal(tenths: int) -> None:
    """Every number with one decimal is one, whatever binary floating point makes of it: 8.1, 21.4, 0.3."""
    text = profile([{"startPeriod": 0, "limit": tenths / 10}])
    assert isinstance(decode_request("SetChargingProfile", text), smart_charging.SetChargingProfileReq)


@pytest.mark.parametrize("limit", ["7.199999999999999", "8.15", "5.9999999999999996447", "1e-3", "6.05e0"])
def test_more_decimals_are_read(limit: str) -> None:
    """§7.14: a limit that is no tenth is everyday (binary remainders); it is rounded down where it is used."""
    text = profile([{"startPeriod": 0, "limit": 8.5}], minChargingRate=6.05).replace("8.5", limit)
    read = decode_request("SetChargingProfile", text).cs_charging_profiles.charging_schedule
    assert (read.charging_schedule_period[0].limit, read.min_charging_rate) == (float(limit), 6.05)


@pytest.mark.parametrize("limit", ["1e999", "-1e999", "NaN", "Infinity", '"7.2"', "null", "[7]"])
def test_no_number_is_no_limit(limit: str) -> None:
    """What cannot be read at all is refused."""
    text = profile([{"startPeriod": 0, "limit": 8.5}]).replace("8.5", limit)
    assert isinstance(decode_request("SetChargingProfile", text), Refusal)


# --- both agree -------------------------------------------------------------------------------------------------------

CASES = [case for module in MODULES for case in referee.cases(module)]


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_the_second_examination_agrees_with_the_first(case: referee.Case) -> None:
    """A valid payload comes out of the slow examination as out of the fast one."""
    text = json.dumps(referee.right(case.schema, all_fields=True)).encode()
    fast = payload.decode(case.kind, text)
    assert isinstance(fast, case.kind)
    assert payload._examine(case.kind, text) == fast


# --- out ------------------------------------------------------------------------------------------------------------


def test_encode() -> None:
    """camelCase, enumerations by value, nothing for what is None."""
    request = core.BootNotificationReq("evsed", "one", firmware_version="1")
    assert payload.encode(request) == b'{"chargePointVendor":"evsed","chargePointModel":"one","firmwareVersion":"1"}'
    assert payload.encode(core.HeartbeatReq()) == b"{}"
    confirmation = core.GetConfigurationConf(configuration_key=())
    assert payload.encode(confirmation) == b'{"configurationKey":[]}'


def test_flaw() -> None:
    """A message of ours that the other side would refuse is found before it leaves."""
    assert payload.flaw(core.BootNotificationReq("evsed", "one")) is None
    refusal = payload.flaw(core.BootNotificationReq("evsed", "x" * 21))
    assert refusal is not None and refusal.code == "TypeConstraintViolation"
    assert payload.flaw(smart_charging.GetCompositeScheduleConf(GetCompositeScheduleStatus.REJECTED)) is None
