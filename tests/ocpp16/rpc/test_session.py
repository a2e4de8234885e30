"""The conversation: one CALL in flight, time-outs, the gate, odd input (J 4.1, J 4.2, §4.2)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ocpp16 import events as ev
from ocpp16.events import Now
from ocpp16.messages.core import AuthorizeReq, DataTransferReq, HeartbeatReq, MeterValuesReq, UnlockConnectorConf
from ocpp16.messages.types import UnlockStatus
from ocpp16.product import Product
from ocpp16.rpc.call_outcome import CONNECTION_LOST, NO_ANSWER, TOO_MANY_CALLS
from ocpp16.rpc.call_outcome import refused as refusal
from ocpp16.rpc.pending_calls import POSTPONED, CallId
from ocpp16.rpc.registration_gate import Gate
from ocpp16.rpc.session import MAX_ANSWERED, MAX_DISCONNECTS, MAX_LATE, MAX_TIMEOUTS, MAX_WAITING, Session
from ocpp16.rpc.transaction_queue import QueuedMessage, QueueKey, TransactionQueue
from ocpp16.state.context import Context
from ocpp16.state.facts import Facts
from ocpp16.state.utc_clock import Clock
from tests.ocpp16.rig import ACCEPTED, SILENCE, CallError, Station, calls, noted, refused


def frames(step: Any) -> list[Any]:
    return [json.loads(frame) for frame in step.frames]


# --- one CALL at a time ---------------------------------------------------------------------------------------------


def test_one_call_in_flight() -> None:
    """J 4.1.1: no new CALL before the last one is answered."""
    station = Station(Product(connectors=3)).online()
    station.script["StatusNotification"] = SILENCE
    for connector in (1, 2, 3):
        station.plug(connector)
    assert len(station.said) == 1
    station.answer({})
    assert len(station.said) == 2


def test_one_call_in_flight_or_timed_out() -> None:
    """J 4.1.1, E 3.83: or MessageTimeout seconds have passed."""
    station = Station(Product(connectors=2)).online()
    station.script["StatusNotification"] = SILENCE
    station.plug(1)
    station.plug(2)
    station.wait(29.9)
    assert len(station.said) == 1
    station.wait(0.2)
    assert len(station.said) == 2


def test_message_timeout_counts_from_the_next_call() -> None:
    """E 3.83: a new MessageTimeout counts from the next CALL."""
    station = Station(Product(connectors=2)).online()
    station.script["StatusNotification"] = SILENCE
    station.plug(1)
    station.plug(2)
    station.request("ChangeConfiguration", key="MessageTimeout", value="5")
    station.wait(29)
    assert len(station.said) == 1
    station.wait(2)
    station.plug(1)
    station.unplug(1)
    at = station.said[-1].at
    station.wait(6)
    assert station.said[-1].at == pytest.approx(at + 5)


def test_requests_are_answered_while_ours_is_open() -> None:
    """J 4.1.1: while our CALL is open the other side's are answered all the same."""
    station = Station().online()
    station.script["StatusNotification"] = SILENCE
    station.plug()
    answer, step = station.ask("GetConfiguration", key=["HeartbeatInterval"])
    assert isinstance(answer, dict)
    assert calls(step) == []


def test_answer_before_action() -> None:
    """§5.13: the confirmation leaves before anything that follows from the request."""
    station = Station().online()
    _, step = station.ask("ChangeAvailability", connectorId=0, type="Inoperative")
    assert [frame[0] for frame in frames(step)] == [3, 2]


def test_ids_are_unique_and_short() -> None:
    """J 4.1.4: at most 36 characters, never the same twice, not after a restart either."""
    station = Station().online().charging()
    station.wait(3000)
    station.restart().started()
    station.connect()
    station.wait(3000)
    ids = [said.id for said in station.said]
    assert len(set(ids)) == len(ids) > 20
    assert max(map(len, ids)) <= 36


def test_same_seed_same_ids() -> None:
    """The same records, seed and events bring about the same steps."""
    one, other = Station().online().charging(), Station().online().charging()
    assert one.said == other.said


# --- answers --------------------------------------------------------------------------------------------------------


def test_answer_with_an_unknown_id() -> None:
    """J 4.1: an answer to nothing is dropped; no response is answered by a response."""
    station = Station().online()
    for text in ('[3,"nobody",{}]', '[4,"nobody","GenericError","",{}]'):
        step = station.step(ev.FrameReceived(text))
        assert step.frames == ()
        assert noted(step) == ["answer-unknown"]


def test_answer_twice() -> None:
    """J 4.1: a second answer to the same CALL changes nothing."""
    station = Station().online().charging()
    start = next(said for said in station.said if said.action == "StartTransaction")
    step = station.late(start, {"transactionId": 999, **ACCEPTED})
    assert noted(step) == ["answer-unknown"]
    assert station.transaction().transaction_id == 101  # type: ignore[union-attr]


@pytest.mark.parametrize("answer", [{"idTagInfo": {"status": "Yes"}}, {}, {"idTagInfo": {}}])
def test_point_1_unusable_is_not_offline(answer: Any) -> None:
    """§3.5: an answer that does not say what decides is an answer: no offline rule applies, and the card is refused."""
    station = Station(AllowOfflineTxForUnknownId=True).online()
    station.script["Authorize"] = answer
    station.charging()
    assert station.transaction() is None
    assert "answer-refused" in [code for code, _ in station.notes]
    (why,) = station.cp.why(station.now())
    assert "the Central System's answer cannot be used: idTagInfo" in str(why["text"])


def test_callerror_leaves_the_offline_rules() -> None:
    """§3.5.4, JE 3.3: a CALLERROR says nothing about the card: the offline rules decide."""
    station = Station(AllowOfflineTxForUnknownId=True).online()
    station.script["Authorize"] = CallError("X")
    station.charging()
    assert station.transaction() is not None


def test_unreadable_answer_counts_as_one() -> None:
    """An answer of which nothing can be read is answered all the same: delivered where nothing decides."""
    station = Station().online()
    station.script["StatusNotification"] = SILENCE
    station.plug()
    asked, station.open = station.open, None
    assert asked is not None
    step = station.happens(ev.FrameReceived(f'[3,"{asked.id}",{"[" * 99}{"]" * 99}]'))
    assert noted(step) == ["answer-mended"]
    assert not station.cp.parts.session.busy


@pytest.mark.parametrize("stops", [True, False])
def test_point_1_a_verdict_without_a_transaction_id_counts(stops: bool) -> None:
    """§4.8: Blocked without a transactionId: the energy ends at once, and the message is sent again."""
    station = Station(StopTransactionOnInvalidId=stops, MaxEnergyOnInvalidId=0).online()
    station.script["StartTransaction"] = refused("Blocked")
    station.charging()
    assert station.offered() == 0.0
    transaction = station.transaction()
    assert transaction is not None and (transaction.verdict, transaction.start) == ("Blocked", "waiting")
    assert transaction.reason == ("DeAuthorized" if stops else "")
    station.script["StartTransaction"] = {"transactionId": 9, **refused("Blocked")}
    station.wait(61)
    transaction = station.transaction()
    assert transaction is not None and (transaction.transaction_id, transaction.start) == (9, "confirmed")


def test_point_6_every_callerror_is_logged() -> None:
    """J 4.2.3: code and description, whatever was refused, and also of an answer that nobody waits for."""
    station = Station().online()
    for action, script in (("Heartbeat", CallError("InternalError", "no disk")), ("Authorize", CallError("X", "y"))):
        station.script[action] = script
    station.request("TriggerMessage", requestedMessage="Heartbeat")
    station.tap("CARD")
    station.happens(ev.FrameReceived('[4,"nobody","SecurityError","who are you?",{}]'))
    logged = [(code, fields) for code, fields in station.notes if code in ("call-error", "answer-unknown")]
    assert logged == [
        ("call-error", {"action": "Heartbeat", "code": "InternalError", "reason": "no disk"}),
        ("call-error", {"action": "Authorize", "code": "X", "reason": "y"}),
        ("answer-unknown", {"id": "nobody", "what": "CALLERROR SecurityError"}),
    ]


def test_late_answer_to_a_volatile_call() -> None:
    """A late answer to what is no transaction message is dropped."""
    station = Station().online()
    station.script["Authorize"] = SILENCE
    station.tap("CARD")
    said = station.said[-1]
    station.wait(31)
    step = station.late(said, ACCEPTED)
    assert noted(step) == ["answer-unknown"]
    station.plug()
    assert station.transaction() is None


# --- the other side's CALLs -----------------------------------------------------------------------------------------


def answer_to(station: Station, text: str) -> Any:
    found = frames(station.step(ev.FrameReceived(text)))
    assert len(found) <= 1
    return found[0] if found else None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "{}",
        "[]",
        "[2]",
        '[9,"x","Reset",{}]',
        '[2,5,"Reset",{}]',
        "null",
        '"text"',
        "[2,",
        '[3,"x"',
        "[" * 500,
    ],
)
def test_dropped(text: str) -> None:
    """J 4.1.3: what is no message, has no id or an unknown number is ignored, and noted."""
    station = Station().online()
    step = station.step(ev.FrameReceived(text))
    assert step.frames == ()
    assert noted(step) in (["frame-ignored"], ["answer-unknown"])


# J 4.2.3: what is asked, and the code of the CALLERROR
ERRORS = [
    ('[2,"a","Reset"]', "FormationViolation"),
    ('[2,"a",7,{}]', "FormationViolation"),
    ('[2,"%s","Reset",{"type":"Soft"}]' % ("x" * 37), "FormationViolation"),
    ('[2,"a","MakeCoffee",{}]', "NotImplemented"),
    ('[2,"a","reset",{"type":"Soft"}]', "NotImplemented"),
    ('[2,"a","BootNotification",{}]', "NotSupported"),
    ('[2,"a","Reset",{}]', "ProtocolError"),
    ('[2,"a","Reset",[]]', "FormationViolation"),
    ('[2,"a","Reset",{"type":"Soft","more":1}]', "FormationViolation"),
    ('[2,"a","Reset",{"type":"Mild"}]', "PropertyConstraintViolation"),
    ('[2,"a","UnlockConnector",{"connectorId":"1"}]', "TypeConstraintViolation"),
    ('[2,"a","ChangeConfiguration",{"key":"%s","value":"1"}]' % ("k" * 51), "TypeConstraintViolation"),
]


@pytest.mark.parametrize(("text", "code"), ERRORS)
def test_callerror(text: str, code: str) -> None:
    """J 4.2.3: a CALL that cannot be carried out is answered with the code that fits, and its id."""
    answer = answer_to(Station().online(), text)
    assert answer[0] == 4
    assert answer[1] == json.loads(text)[1]
    assert answer[2] == code
    assert isinstance(answer[4], dict)


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("CancelReservation", {"reservationId": 1}),
        ("ClearChargingProfile", {}),
        ("GetCompositeSchedule", {"connectorId": 1, "duration": 60}),
        ("GetDiagnostics", {"location": "https://a/b"}),
        ("TriggerMessage", {"requestedMessage": "Heartbeat"}),
        ("UpdateFirmware", {"location": "https://a/b", "retrieveDate": "2030-01-01T00:00:00Z"}),
    ],
)
def test_known_but_not_supported(action: str, payload: dict[str, Any]) -> None:
    """J 4.2.3: an action that OCPP knows and this product does not do: NotSupported."""
    station = Station(Product(profiles=("Core",))).online()
    answer = answer_to(station, json.dumps([2, "a", action, payload]))
    assert (answer[0], answer[2]) == (4, "NotSupported")


@pytest.mark.parametrize(
    ("action", "payload", "answer"),
    [
        ("GetLocalListVersion", {}, {"listVersion": -1}),
        ("SendLocalList", {"listVersion": 1, "updateType": "Full"}, {"status": "NotSupported"}),
        (
            "ReserveNow",
            {"connectorId": 1, "expiryDate": "2030-01-01T00:00:00Z", "idTag": "A", "reservationId": 1},
            {"status": "Rejected"},
        ),
    ],
)
def test_own_word_for_not_supported(action: str, payload: dict[str, Any], answer: dict[str, Any]) -> None:
    """§5.13 to §5.15: where a message has a word of its own for it, a product without the profile says that."""
    station = Station(Product(profiles=("Core",))).online()
    assert answer_to(station, json.dumps([2, "a", action, payload])) == [3, "a", answer]


def test_null_payload() -> None:
    """J 4.2.1: null stands for an empty payload."""
    assert answer_to(Station().online(), '[2,"a","ClearCache",null]') == [3, "a", {"status": "Accepted"}]


def test_frame_too_long() -> None:
    """A frame beyond the cap is not read: CALLERROR where its id can be seen."""
    answer = answer_to(Station().online(), json.dumps([2, "a", "DataTransfer", {"vendorId": "v", "data": "x" * 70000}]))
    assert answer[:3] == [4, "a", "FormationViolation"]


def test_nothing_before_the_connection() -> None:
    """A frame of a connection that is gone is not answered."""
    station = Station().started()
    assert station.step(ev.FrameReceived('[2,"a","ClearCache",{}]')).frames == ()


def test_repeated_call() -> None:
    """A CALL that comes again with the same id is answered the same way and not carried out twice."""
    station = Station().online()
    text = '[2,"a","RemoteStartTransaction",{"idTag":"CARD","connectorId":1}]'
    first = station.happens(ev.FrameReceived(text))
    assert frames(first)[0] == [3, "a", {"status": "Accepted"}]
    step = station.step(ev.FrameReceived(text))
    assert frames(step) == [[3, "a", {"status": "Accepted"}]]
    assert noted(step) == ["frame-repeated"]


def test_same_id_other_content() -> None:
    """J 4.1.4: another CALL under an id that was used already: CALLERROR."""
    station = Station().online()
    answer_to(station, '[2,"a","ClearCache",{}]')
    answer = answer_to(station, '[2,"a","GetConfiguration",{"key":["HeartbeatInterval"]}]')
    assert answer[:3] == [4, "a", "GenericError"]
    answer = answer_to(station, '[2,"a","ClearCache",{ }]')
    assert answer[:3] == [4, "a", "GenericError"]


def test_id_still_being_handled() -> None:
    """J 4.2.3: a CALL whose id is still being carried out: CALLERROR; its own answer comes in its time."""
    station = Station(Product(fixed_cable=False)).online()
    text = '[2,"a","UnlockConnector",{"connectorId":1}]'
    assert answer_to(station, text) is None
    order = station.last.orders[0]
    assert answer_to(station, text)[:3] == [4, "a", "GenericError"]
    step = station.step(ev.BoardDone(order.ref, True))
    assert frames(step) == [[3, "a", {"status": "Unlocked"}]]


def test_point_3_ids_of_a_dead_connection_are_forgotten() -> None:
    """J 4.1.4: a Central System that counts its ids anew on each connection is obeyed, whatever the id was before."""
    station = Station(AuthorizeRemoteTxRequests=False).online()
    station.script["StatusNotification"] = SILENCE
    answer_to(station, '[2,"1","ClearCache",{}]')
    station.disconnect()
    station.connect()
    start = '[2,"1","RemoteStartTransaction",{"idTag":"CARD","connectorId":1}]'
    assert frames(station.step(ev.FrameReceived(start)))[0] == [3, "1", {"status": "Accepted"}]
    assert station.status() == "Preparing"
    station.disconnect()
    station.connect()
    assert answer_to(station, start) == [3, "1", {"status": "Rejected"}], "carried out again, not answered by heart"


def test_point_3_a_late_answer_is_not_given_to_another_call() -> None:
    """An answer that is ready when its connection has ended is not given to the same id of the next one."""
    station = Station(Product(fixed_cable=False)).online()
    answer_to(station, '[2,"1","UnlockConnector",{"connectorId":1}]')
    order = station.last.orders[0]
    station.disconnect()
    station.connect()
    assert answer_to(station, '[2,"1","ClearCache",{}]') == [3, "1", {"status": "Accepted"}]
    assert station.step(ev.BoardDone(order.ref, True)).frames == ()


def test_remembered_answers_are_bounded() -> None:
    """The number of remembered answers is bounded."""
    station = Station().online()
    for number in range(MAX_ANSWERED + 1):
        answer_to(station, json.dumps([2, f"id{number}", "ClearCache", {}]))
    assert "frame-repeated" not in noted(station.step(ev.FrameReceived('[2,"id0","ClearCache",{}]')))


def test_answer_that_comes_when_the_link_is_gone() -> None:
    """An answer that is ready when the connection is gone is not said."""
    station = Station(Product(fixed_cable=False)).online()
    answer_to(station, '[2,"a","UnlockConnector",{"connectorId":1}]')
    order = station.last.orders[0]
    station.disconnect()
    assert station.step(ev.BoardDone(order.ref, True)).frames == ()


@pytest.mark.parametrize("text", ['[2,"a","Reset"]', '[2,"a","Reset",{"type":"Soft"}]'])
def test_call_while_rejected(text: str) -> None:
    """§4.2: while Rejected nothing is answered, broken or not."""
    station = Station().started()
    station.boot_answer = {"status": "Rejected", "interval": 300}
    station.connect()
    assert answer_to(station, text) is None


# --- disconnects ----------------------------------------------------------------------------------------------------


def test_transaction_message_goes_back() -> None:
    """§3.7: a transaction message in flight at a disconnect goes back to the head, and no attempt is counted."""
    station = Station(TransactionMessageAttempts=1).online()
    station.script["StartTransaction"] = SILENCE
    station.charging()
    station.disconnect()
    station.script.clear()
    station.connect()
    assert station.actions().count("StartTransaction") == 2
    assert station.transaction().start == "confirmed"  # type: ignore[union-attr]


def in_flight_at_disconnects(station: Station, count: int) -> None:
    for _ in range(count):
        station.connect()
        assert station.open is not None
        station.disconnect()


def test_poison_guard() -> None:
    """A message in flight at three disconnects in a row may be their cause: from then on each counts as a failure."""
    station = Station(
        TransactionMessageAttempts=2, TransactionMessageRetryInterval=0, StopTxnSampledData="SoC"
    ).online()
    station.script["StartTransaction"] = SILENCE
    station.charging()
    station.disconnect()
    in_flight_at_disconnects(station, MAX_DISCONNECTS - 1)
    assert station.transaction().start == "waiting"  # type: ignore[union-attr]
    in_flight_at_disconnects(station, 1)
    assert station.transaction().start == "parked"  # type: ignore[union-attr]


def test_poison_guard_is_not_soothed_by_other_answers() -> None:
    """And an answer to something else in between does not make it innocent."""
    station = Station(TransactionMessageAttempts=1).online()
    station.script["StartTransaction"] = SILENCE
    station.charging()
    station.disconnect()
    for code in ("reader-lost", "lock-closed"):
        station.fault(code)
        station.connect()
        assert station.open is not None
        assert station.open.action == "StartTransaction"
        station.disconnect()
    assert station.transaction().start == "parked"  # type: ignore[union-attr]


def test_poison_guard_counts_one_message() -> None:
    """A message that was answered is innocent of what happens to the next one."""
    station = Station(TransactionMessageAttempts=1).online().charging()
    station.disconnect()
    for _ in range(3):
        station.wait(60)
        station.script["MeterValues"] = SILENCE
        station.connect()
        station.answer({})
        station.disconnect()
    station.script.clear()
    station.connect()
    assert station.cp.queue() == []
    assert station.cp.status(station.now())["parked"] == 0


def test_disconnect_with_nothing_open() -> None:
    """A disconnect with nothing in flight loses nothing."""
    station = Station().online()
    step = station.disconnect()
    assert noted(step) == ["link-down"]
    assert noted(station.disconnect()) == ["link-down"]


def test_boot_waiting_at_disconnect() -> None:
    """A BootNotification that waited for its turn is sent on the next connection."""
    station = Station().started()
    station.script["BootNotification"] = SILENCE
    station.connect()
    station.disconnect()
    station.script.clear()
    station.connect()
    assert station.actions()[:2] == ["BootNotification"] * 2


def test_deaf_link_is_dialled_anew() -> None:
    """Three time-outs in a row with not one frame between them: the connection, though open, is of no use."""
    station = Station(HeartbeatInterval=40).online()
    station.request("ChangeConfiguration", key="HeartbeatInterval", value="40")
    station.script["Heartbeat"] = SILENCE
    station.wait(40 * MAX_TIMEOUTS - 5)
    assert station.last.link.epoch == 0
    station.wait(60)
    assert station.last.link.epoch == 1
    station.forget().fault("overtemperature", connector=None)
    station.wait(40)
    assert station.heard() == []  # nothing more is sent on a connection without answers
    station.disconnect()
    station.connect()
    assert "Faulted" in station.statuses()


def test_any_frame_shows_that_the_link_hears() -> None:
    """A frame between the time-outs shows that the other side lives."""
    station = Station().online()
    station.request("ChangeConfiguration", key="HeartbeatInterval", value="40")
    station.script["Heartbeat"] = SILENCE
    for _ in range(6):
        station.wait(50)
        station.request("ClearCache")
    assert station.last.link.epoch == 0


# --- the session by itself ------------------------------------------------------------------------------------------


class Bench:
    """A session whose reports are empty, and whoever is asked answers with a Heartbeat."""

    def __init__(self) -> None:
        self.context = Context(Facts([]), Clock("boot", 0.0, 0.0))
        self.invalid: list[str] = []
        self.replayed: list[str] = []
        self.reports = TransactionQueue(
            self.context,
            build=lambda key: None,
            on_confirmed=lambda key, confirmation: None,
            on_parked=lambda key, error: None,
            on_judged=lambda key, info: None,
            attempts_allowed=lambda: 3,
            retry_interval_s=lambda: 60.0,
        )
        self.session = Session(
            self.context,
            self.reports,
            1,
            answer_request=lambda action, request, call_id: POSTPONED,
            message_timeout_s=lambda: 30.0,
            max_frame_bytes=65536,
            on_invalid=self.invalid.append,
            on_replay=self.replayed.append,
            on_answered=lambda: None,
        )
        self.heard: list[Any] = []
        self.session.link_up()

    def said(self) -> list[str]:
        self.session.pump()
        out, self.session.frames_out = self.session.frames_out, []
        return [json.loads(frame)[2] for frame in out]

    def reply(self) -> None:
        flight = self.session._flight
        assert flight is not None
        self.session.receive(json.dumps([3, flight.id, {"currentTime": "2025-01-01T00:00:00Z"}]))


def test_gate_pending_lets_triggered_calls_through() -> None:
    """§4.2: while Pending only what the Central System triggered is sent, the rest waits its turn."""
    bench = Bench()
    bench.session.gate = Gate.PENDING
    bench.session.call(AuthorizeReq(id_tag="A"))
    bench.session.call(HeartbeatReq(), triggered=True)
    assert bench.said() == ["Heartbeat"]
    bench.reply()
    assert bench.said() == []
    assert bench.session.busy
    bench.session.gate = Gate.OPEN
    assert bench.said() == ["Authorize"]


def test_gate_silent() -> None:
    """§4.2: while Rejected nothing at all is sent."""
    bench = Bench()
    bench.session.gate = Gate.SILENT
    bench.session.call(HeartbeatReq(), triggered=True)
    assert bench.said() == []


def test_gate_silent_holds_for_answers_that_come_late() -> None:
    """§4.2: what was asked before the rejection is not answered within its interval; asked again afterwards, it is."""
    bench = Bench()
    bench.session.gate = Gate.OPEN
    unlock = json.dumps([2, "u", "UnlockConnector", {"connectorId": 1}])
    bench.session.receive(unlock)
    bench.session.gate = Gate.SILENT
    bench.session.answer(CallId("u", 1), UnlockConnectorConf(status=UnlockStatus.UNLOCKED))
    assert bench.session.frames_out == []
    bench.session.gate = Gate.OPEN
    bench.session.receive(unlock)
    assert [json.loads(frame) for frame in bench.session.frames_out] == [[3, "u", {"status": "Unlocked"}]]


def test_waiting_calls_are_bounded() -> None:
    """The number of calls that wait is bounded: the oldest is given up, and who wanted it said hears so."""
    bench = Bench()
    bench.session.gate = Gate.OPEN
    for _ in range(MAX_WAITING):
        bench.session.call(DataTransferReq(vendor_id="v"), bench.heard.append)
    bench.session.call(HeartbeatReq())
    assert bench.heard == [TOO_MANY_CALLS]
    bench.session.call(HeartbeatReq(), None)
    assert len(bench.heard) == 2


def test_nobody_needs_to_listen() -> None:
    """A call without a listener may be answered, time out, or be lost."""
    bench = Bench()
    bench.session.gate = Gate.OPEN
    assert not bench.session.busy
    for end in (bench.reply, bench.session.timed_out, bench.session.link_down):
        bench.session.call(HeartbeatReq())
        bench.session.call(HeartbeatReq())
        assert bench.said() == ["Heartbeat"]
        assert bench.session.in_flight == "Heartbeat"
        end()
        bench.session.link_down()
        bench.session.link_up()
    assert bench.session.in_flight is None


def test_failure_reaches_the_listener() -> None:
    """Who wanted it said hears of a time-out, of a lost connection, of a CALLERROR."""
    bench = Bench()
    bench.session.gate = Gate.OPEN
    bench.session.call(HeartbeatReq(), bench.heard.append)
    bench.said()
    bench.session.timed_out()
    bench.session.call(HeartbeatReq(), bench.heard.append)
    bench.said()
    flight = bench.session._flight
    assert flight is not None
    bench.session.receive(json.dumps([4, flight.id, "InternalError", "oh", {}]))
    bench.session.call(HeartbeatReq(), bench.heard.append)
    bench.said()
    bench.session.link_down()
    assert bench.heard == [NO_ANSWER, refusal("InternalError", "oh"), CONNECTION_LOST]


SPOILT = MeterValuesReq(connector_id=1, meter_value=())
"""Holds no value, against the schema."""


def test_what_is_not_valid_never_leaves() -> None:
    """§4.7: a call of ours that breaks its schema is held back, who wanted it said hears so, the next one goes."""
    bench = Bench()
    bench.session.gate = Gate.OPEN
    bench.session.call(SPOILT, bench.heard.append)
    bench.session.call(SPOILT)
    bench.session.call(HeartbeatReq())
    assert bench.said() == ["Heartbeat"]
    (failure,) = bench.heard
    assert failure.code
    assert [note.code for note in bench.context.notes] == ["call-flawed"] * 2


def test_spoilt_report_is_parked_at_once() -> None:
    """§3.7.1: a transaction message that is not valid is never sent, and blocks nothing behind it."""
    bench = Bench()
    bench.session.gate = Gate.OPEN
    keys = [QueueKey(seq, "values", seq) for seq in (1, 2)]
    requests = {1: SPOILT, 2: DataTransferReq(vendor_id="stands for a sound one")}
    bench.reports.build = lambda key: QueuedMessage(key, "MeterValues", requests[key.row])
    bench.reports.on_parked = lambda key, error: bench.heard.append((key.row, error))
    for key in keys:
        bench.reports.announce(key)
    assert bench.said() == ["DataTransfer"]
    ((row, error),) = bench.heard
    assert row == 1
    assert error.startswith("not valid OCPP")


def test_calls_of_one_lane_keep_their_order() -> None:
    """§4.9: statuses of one connector never overtake each other, also where the first waits for a StartTransaction."""
    bench = Bench()
    key = QueueKey(5, "start", 1)
    bench.reports.build = lambda key: QueuedMessage(key, "DataTransfer", DataTransferReq(vendor_id="the start"))
    bench.reports.announce(key)
    bench.session.gate = Gate.OPEN
    bench.session.call(AuthorizeReq(id_tag="no lane"), after_seq=5)
    bench.session.call(AuthorizeReq(id_tag="first"), after_seq=5, lane=1)
    bench.session.call(AuthorizeReq(id_tag="second"), lane=1)
    bench.session.call(HeartbeatReq(), lane=2)
    assert bench.said() == ["Heartbeat"]
    bench.reply()
    assert bench.said() == ["DataTransfer"]
    bench.session.timed_out()
    assert bench.said() == ["Authorize"]
    assert [call.request for call in bench.session._waiting] == [
        AuthorizeReq(id_tag="first"),
        AuthorizeReq(id_tag="second"),
    ]


def test_stray_timer() -> None:
    """A timer of an answer that came already changes nothing."""
    bench = Bench()
    bench.session.timed_out()
    assert bench.context.notes == []


def test_answer_to_a_forgotten_call() -> None:
    """An answer to a CALL that is no longer remembered is given all the same."""
    bench = Bench()
    bench.session.answer(CallId("gone", 1), HeartbeatReq())
    assert bench.session.frames_out == ['[3,"gone",{}]']


# --- late answers ---------------------------------------------------------------------------------------------------


def timed_out_start(**first: Any) -> Station:
    station = Station(**first).online()
    station.script["StartTransaction"] = SILENCE
    station.charging()
    station.wait(31)
    return station


def test_late_answer_to_a_start() -> None:
    """JE 3.3: a late answer to a queued transaction message counts: it is not sent again."""
    station = timed_out_start()
    start = station.said[-2] if station.said[-1].action != "StartTransaction" else station.said[-1]
    assert start.action == "StartTransaction"
    station.late(start, {"transactionId": 55, **ACCEPTED})
    station.wait(200)
    assert station.transaction().transaction_id == 55  # type: ignore[union-attr]
    assert station.actions().count("StartTransaction") == 1


def test_late_answer_while_it_is_sent_again() -> None:
    """J 4.1.1: a late answer settles what was sent again meanwhile; nothing is sent before that is answered, too."""
    station = timed_out_start()
    first = next(said for said in station.said if said.action == "StartTransaction")
    station.wait(65)
    again = station.open
    assert again is not None
    assert again.action == "StartTransaction"
    assert calls(station.late(first, {"transactionId": 55, **ACCEPTED})) == []
    assert station.transaction().start == "confirmed"  # type: ignore[union-attr]
    step = station.answer({"transactionId": 56, **ACCEPTED})
    assert [action for action, _ in calls(step)] == ["MeterValues"]
    assert station.transaction().transaction_id == 55  # type: ignore[union-attr]


@pytest.mark.parametrize("end", ["time-out", "disconnect"])
def test_late_answer_and_no_other(end: str) -> None:
    """A message that was settled by a late answer is not sent a third time, whatever becomes of its second sending."""
    station = timed_out_start()
    first = next(said for said in station.said if said.action == "StartTransaction")
    station.wait(65)
    station.late(first, {"transactionId": 55, **ACCEPTED})
    if end == "disconnect":
        station.disconnect()
        station.connect()
    station.wait(200)
    assert station.actions().count("StartTransaction") == 2
    assert station.heard("MeterValues")


def test_late_refusal() -> None:
    """A late CALLERROR is dropped: the message is tried again anyway."""
    station = timed_out_start()
    start = next(said for said in station.said if said.action == "StartTransaction")
    assert noted(station.late(start, CallError("InternalError"))) == ["answer-unknown"]
    assert station.transaction().start == "waiting"  # type: ignore[union-attr]


def test_late_answer_after_a_reconnect() -> None:
    """An answer belongs to its connection."""
    station = timed_out_start()
    start = next(said for said in station.said if said.action == "StartTransaction")
    station.disconnect()
    station.connect()
    assert noted(station.late(start, {"transactionId": 55, **ACCEPTED})) == ["answer-unknown"]


def test_late_answer_to_a_parked_message() -> None:
    """A late answer to a message that was given up counts: the transaction has its id, and its stop will bear it."""
    station = timed_out_start(TransactionMessageAttempts=1)
    start = next(said for said in station.said if said.action == "StartTransaction")
    station.late(start, {"transactionId": 55, **ACCEPTED})
    transaction = station.transaction()
    assert transaction is not None
    assert (transaction.start, transaction.transaction_id, station.cp.queue()) == ("confirmed", 55, [])


def test_late_ids_are_bounded() -> None:
    """The number of ids whose late answer still counts is bounded."""
    station = Station(TransactionMessageAttempts=1000, TransactionMessageRetryInterval=0, MessageTimeout=1).online()
    station.script["StartTransaction"] = SILENCE
    station.charging()
    first = next(said for said in station.said if said.action == "StartTransaction")
    for _ in range(MAX_LATE + 2):
        station.wait(1.5)
        station.request("ClearCache")  # the other side lives
    assert noted(station.late(first, {"transactionId": 55, **ACCEPTED})) == ["answer-unknown"]


def test_nothing_is_told_that_cannot_be_recorded() -> None:
    """Where nothing can be written, transaction messages wait: their confirmation could not be kept."""
    station = Station().online()
    station.script["StartTransaction"] = SILENCE
    station.disconnect()
    station.charging()
    station.happens(ev.StoreChanged("unwritable"))
    station.connect()
    assert "StartTransaction" not in station.actions()
    station.script["StartTransaction"] = {"transactionId": 5, **refused("Accepted")}
    station.happens(ev.StoreChanged("ok"))
    assert "StartTransaction" in station.actions() or station.transaction() is None


def test_now_is_kept() -> None:
    """Times of sending are monotonic seconds."""
    bench = Bench()
    bench.context.now = Now(77.0, None)
    bench.session.gate = Gate.OPEN
    bench.session.call(HeartbeatReq())
    bench.said()
    assert bench.session.last_sent_at == 77.0
    assert bench.context.timers.earliest() == 107.0
