"""The queue of transaction messages: order, attempts, waits, parking, -1 (§3.7, §3.7.1, E 3.18, JE 3.3)."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16.messages.core import MeterValuesReq
from ocpp16.product import Product
from ocpp16.rpc.call_outcome import NO_ANSWER
from ocpp16.rpc.call_outcome import refused as refusal
from ocpp16.rpc.session import MAX_DISCONNECTS
from ocpp16.rpc.transaction_queue import QueuedMessage, QueueKey, TransactionQueue
from ocpp16.state.context import Context
from ocpp16.state.facts import Facts
from ocpp16.state.utc_clock import Clock
from tests.ocpp16.rig import ACCEPTED, SILENCE, START, CallError, Station, refused

REFUSED = CallError("InternalError", "no room")
RELATED = ("StartTransaction", "MeterValues", "StopTransaction")


def at(station: Station, action: str) -> list[float]:
    """Seconds since the start at which it was sent."""
    return [said.at - START for said in station.said if said.action == action]


def related(station: Station) -> list[str]:
    return [action for action in station.actions() if action in RELATED]


# --- order ----------------------------------------------------------------------------------------------------------


def test_strict_order_over_the_station() -> None:
    """§3.7: transaction messages leave in the order of the facts, over all connectors."""
    station = Station(Product(connectors=2), AllowOfflineTxForUnknownId=True).online()
    station.disconnect()
    station.charging("A", 1)
    station.wait(10)
    station.charging("B", 2)
    station.wait(55)
    station.unplug(1)
    station.wait(10)
    station.unplug(2)
    station.connect()
    told = [
        (said.action, said.payload.get("connectorId", said.payload.get("transactionId")))
        for said in station.said
        if said.action in RELATED
    ]
    assert told == [
        ("StartTransaction", 1), ("StartTransaction", 2), ("MeterValues", 1), ("StopTransaction", 101),
        ("MeterValues", 2), ("StopTransaction", 102),
    ]  # fmt: skip


def test_head_blocks() -> None:
    """§3.7: nothing behind a message that waits for its retry moves."""
    station = Station().online()
    station.script["StartTransaction"] = REFUSED
    station.charging()
    station.wait(59)
    station.unplug()
    assert related(station) == ["StartTransaction"]


@pytest.mark.parametrize("action", ["StatusNotification", "Heartbeat", "Authorize"])
def test_others_overtake(action: str) -> None:
    """§3.7: what is no transaction message may overtake the queue."""
    station = Station(HeartbeatInterval=20).online()
    station.request("ChangeConfiguration", key="HeartbeatInterval", value="20")
    station.script["StartTransaction"] = REFUSED
    station.charging()
    station.wait(30)
    station.unplug()
    station.tap("OTHER")
    assert action in station.actions()[station.actions().index("StartTransaction") :]


# --- attempts and waits ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [REFUSED, SILENCE, {"transactionId": "x"}, CallError("NotImplemented")])
def test_worked_case(answer: Any) -> None:
    """§3.7.1: 3 attempts, 60 s: send, fail, wait 60 s, send, fail, wait 120 s, send, fail, give up."""
    station = Station().online()
    station.script["StartTransaction"] = answer
    station.charging()
    station.wait(400)
    wait = 30 if answer is SILENCE else 0
    sent = at(station, "StartTransaction")
    assert sent == [0.0, 60.0 + wait, 180.0 + 2 * wait]
    assert station.transaction().start == "parked"  # type: ignore[union-attr]


@pytest.mark.parametrize(("attempts", "sendings"), [(0, 1), (1, 1), (2, 2), (5, 5)])
def test_attempts(attempts: int, sendings: int) -> None:
    """§9.1.29: TransactionMessageAttempts counts sendings; 0 acts as 1."""
    station = Station(TransactionMessageAttempts=attempts, TransactionMessageRetryInterval=1).online()
    station.script["StartTransaction"] = REFUSED
    station.charging()
    station.wait(30)
    assert len(at(station, "StartTransaction")) == sendings


@pytest.mark.parametrize(("interval", "sent"), [(0, [0, 0, 0]), (1, [0, 1, 3]), (100, [0, 100, 300])])
def test_retry_interval(interval: int, sent: list[float]) -> None:
    """§9.1.30: the wait is TransactionMessageRetryInterval times the sendings so far; 0: at once."""
    station = Station(TransactionMessageRetryInterval=interval).online()
    station.script["StartTransaction"] = REFUSED
    station.charging()
    station.wait(500)
    assert at(station, "StartTransaction") == sent


def test_keys_bite_at_the_next_failure() -> None:
    """§9.1.29, §9.1.30: both keys count from the next failure."""
    station = Station().online()
    station.script["StartTransaction"] = REFUSED
    station.charging()
    station.request("ChangeConfiguration", key="TransactionMessageRetryInterval", value="5")
    station.request("ChangeConfiguration", key="TransactionMessageAttempts", value="4")
    station.wait(400)
    assert at(station, "StartTransaction") == [0, 60, 70, 85]


def test_each_message_has_its_own_attempts() -> None:
    """§3.7.1: the count begins anew with each message."""
    station = Station(TransactionMessageAttempts=2, TransactionMessageRetryInterval=5).online()
    for action in RELATED:
        station.script[action] = REFUSED
    station.charging()
    station.wait(70)
    station.unplug()
    station.wait(10)
    assert [len(at(station, action)) for action in RELATED] == [2, 2, 2]


def test_success_after_a_failure() -> None:
    """§3.7.1: one success is enough."""
    station = Station(TransactionMessageRetryInterval=5).online()
    station.script["StartTransaction"] = REFUSED
    station.charging()
    del station.script["StartTransaction"]
    station.wait(10)
    assert at(station, "StartTransaction") == [0, 5]
    assert station.transaction().start == "confirmed"  # type: ignore[union-attr]


def test_offline_time_is_no_attempt() -> None:
    """§3.7: time without a connection counts as nothing."""
    station = Station(TransactionMessageAttempts=1).online()
    station.script["StartTransaction"] = SILENCE
    station.charging()
    station.disconnect()
    station.wait(1000)
    station.connect()
    station.disconnect()
    station.script.clear()
    station.wait(1000)
    station.connect()
    assert station.transaction().start == "confirmed"  # type: ignore[union-attr]


def test_wait_goes_on_across_a_reconnect() -> None:
    """§3.7.1: the wait counts from the failure, whatever the connection does meanwhile."""
    station = Station().online()
    station.script["StartTransaction"] = REFUSED
    station.charging()
    station.wait(10)
    station.disconnect()
    station.wait(10)
    station.connect()
    station.wait(100)
    assert at(station, "StartTransaction") == [0, 60]


# --- parked: what follows -------------------------------------------------------------------------------------------


def given_up(**first: Any) -> Station:
    """A transaction whose start was refused for good."""
    station = Station(TransactionMessageAttempts=1, **first).online()
    station.script["StartTransaction"] = REFUSED
    return station.charging()


def test_rest_of_a_transaction_that_never_began() -> None:
    """E 3.18: where StartTransaction was never delivered the rest of it carries transactionId -1."""
    station = given_up()
    station.wait(60)
    station.unplug()
    assert station.heard("MeterValues")[0]["transactionId"] == -1
    assert station.heard("StopTransaction")[0]["transactionId"] == -1


def test_next_message_goes_on() -> None:
    """§3.7.1: a message that was given up blocks nothing, and it can be seen."""
    station = given_up()
    station.unplug()
    station.script.clear()
    station.charging()
    assert station.transaction().start == "confirmed"  # type: ignore[union-attr]
    (parked,) = station.cp.queue()
    assert (parked["kind"], parked["state"], parked["error"]) == ("start", "parked", "InternalError: no room")
    assert [code for code, _ in station.notes].count("report-parked") == 1


def test_parked_survives() -> None:
    """What was given up is on disk and stays so."""
    station = given_up().forget().restart().started()
    station.connect()
    assert "StartTransaction" not in station.actions()
    assert [row["state"] for row in station.cp.queue()] == ["parked"]


@pytest.mark.parametrize("identifier", [0, -1, -77, 2**31 - 1])
def test_any_integer_is_an_id(identifier: int) -> None:
    """E 3.54: 0 and negative transactionIds are ids like any other."""
    station = Station().online()
    station.script["StartTransaction"] = {"transactionId": identifier, **ACCEPTED}
    station.charging()
    station.wait(60)
    assert station.heard("MeterValues")[0]["transactionId"] == identifier
    assert station.request("RemoteStopTransaction", transactionId=identifier) == {"status": "Accepted"}
    station.open_contactor()
    assert station.heard("StopTransaction")[0]["transactionId"] == identifier


# --- offline transactions -------------------------------------------------------------------------------------------


def test_id_is_filled_in_when_it_comes() -> None:
    """§3.7: values and stop that were queued before StartTransaction.conf get the id that it brings."""
    station = Station(AllowOfflineTxForUnknownId=True).online()
    station.disconnect()
    station.charging()
    station.wait(61)
    station.unplug()
    station.connect()
    assert related(station) == ["StartTransaction", "MeterValues", "StopTransaction"]
    assert {station.heard(action)[0]["transactionId"] for action in RELATED[1:]} == {101}


def test_several_offline_transactions_are_not_mixed() -> None:
    """§3.7: each offline transaction keeps its own, also where the unit restarts in the middle of the queue."""
    station = Station(AllowOfflineTxForUnknownId=True).online()
    station.disconnect()
    for card in ("A", "B", "C"):
        station.charging(card)
        station.meter(10)
        station.wait(61)
        station.unplug()
    station.script["StartTransaction"] = lambda payload: (
        {"transactionId": ord(payload["idTag"]), **ACCEPTED} if payload["idTag"] != "B" else SILENCE
    )
    station.connect()
    station.disconnect()
    station.restart().started()
    station.script["StartTransaction"] = lambda payload: {"transactionId": ord(payload["idTag"]), **ACCEPTED}
    station.connect()
    stops = [(stop["transactionId"], stop["meterStop"]) for stop in station.heard("StopTransaction")]
    assert stops == [(65, 1010), (66, 1020), (67, 1030)]
    assert [values["transactionId"] for values in station.heard("MeterValues")] == [65, 66, 67]


def test_same_message_same_facts() -> None:
    """A message that is sent again says the same, under a new id."""
    station = Station(TransactionMessageRetryInterval=0).online()
    station.script["StartTransaction"] = REFUSED
    station.charging()
    sendings = [said for said in station.said if said.action == "StartTransaction"]
    assert sendings[0].payload == sendings[1].payload
    assert sendings[0].id != sendings[1].id


def test_refused_start_is_no_failure() -> None:
    """JE 3.3: an answer with Blocked is an answer."""
    station = Station().online()
    station.script["StartTransaction"] = {"transactionId": 9, **refused("Blocked")}
    station.charging()
    station.wait(100)
    assert len(at(station, "StartTransaction")) == 1


# --- by itself ------------------------------------------------------------------------------------------------------


class Bench:
    """Reports of numbers: each is built as MeterValues, unless it is gone."""

    def __init__(self) -> None:
        self.context = Context(Facts([]), Clock("boot", 0.0, 0.0))
        self.reports = TransactionQueue(
            self.context,
            build=self._build,
            on_confirmed=lambda key, _: self.log.append(("confirmed", key.row)),
            on_parked=lambda key, error: self.log.append((error, key.row)),
            on_judged=lambda key, info: self.log.append((str(info.status), key.row)),
            attempts_allowed=lambda: 2,
            retry_interval_s=lambda: 10.0,
        )
        self.gone: set[int] = set()
        self.log: list[tuple[str, int]] = []

    def _build(self, key: QueueKey) -> QueuedMessage | None:
        request = MeterValuesReq(connector_id=1, meter_value=())
        return None if key.row in self.gone else QueuedMessage(key, "MeterValues", request)

    def announce(self, *numbers: int) -> None:
        for number in numbers:
            self.reports.announce(QueueKey(number, "values", number))

    def next(self) -> QueuedMessage:
        report = self.reports.next()
        assert report is not None
        return report


def test_announced_twice_is_one() -> None:
    """A fact is told once, however often it is announced."""
    bench = Bench()
    bench.announce(1, 1, 2)
    assert bench.reports.waiting == 2
    assert [key.row for key in bench.reports.in_order()] == [1, 2]


def test_gone_is_passed_over() -> None:
    """What is no longer on record is not told."""
    bench = Bench()
    bench.announce(1, 2, 3)
    bench.gone = {1, 2}
    assert bench.next().key.row == 3
    bench.gone = {3}
    assert bench.reports.next() is None
    assert bench.reports.waiting == 0


def test_withdrawn() -> None:
    """One can be taken out anywhere; what is not there cannot."""
    bench = Bench()
    bench.announce(1, 2, 3)
    assert bench.reports.withdraw(QueueKey(2, "values", 2))
    assert not bench.reports.withdraw(QueueKey(2, "values", 2))
    assert [key.row for key in bench.reports.in_order()] == [1, 3]
    assert bench.reports.withdraw(QueueKey(1, "values", 1))
    assert bench.next().key.row == 3


def test_answer_to_a_withdrawn_one() -> None:
    """An answer to what was taken out meanwhile still counts; a refusal of it changes nothing."""
    bench = Bench()
    bench.announce(1, 2)
    report = bench.next()
    bench.reports.withdraw(report.key)
    bench.reports.confirmed(report, None)
    bench.reports.failed(report, NO_ANSWER)
    assert bench.log == [("confirmed", 1)]
    assert bench.reports.retry_at() is None


def test_failure_of_what_is_no_longer_the_head() -> None:
    """A failure counts for the head only: an older one that came up meanwhile has its own turn."""
    bench = Bench()
    bench.announce(5)
    report = bench.next()
    bench.announce(3)
    bench.reports.failed(report, refusal("GenericError", ""))
    assert bench.reports.retry_at() is None
    assert bench.next().key.row == 3


def test_older_one_comes_up_while_the_head_waits() -> None:
    """One that is tried again by hand goes before what waits, at once."""
    bench = Bench()
    bench.announce(5)
    bench.reports.failed(bench.next(), refusal("GenericError", "busy"))
    assert bench.reports.next() is None
    assert bench.reports.retry_at() == 10.0
    bench.announce(3)
    assert bench.next().key.row == 3
    bench.announce(7)
    assert bench.next().key.row == 3


def test_parked_with_its_error() -> None:
    """§3.7.1: what is given up keeps what the Central System said last."""
    bench = Bench()
    bench.announce(1, 2)
    bench.reports.failed(bench.next(), NO_ANSWER)
    bench.context.now = bench.context.now._replace(mono=10.0)
    bench.reports.failed(bench.next(), refusal("GenericError", "x" * 300))
    ((error, row),) = bench.log
    assert row == 1
    assert error.startswith("GenericError: xxx")
    assert len(error) == 200
    assert bench.next().key.row == 2


def test_interrupted() -> None:
    """A lost connection is no attempt, unless the message may be its cause."""
    bench = Bench()
    bench.announce(1)
    report = bench.next()
    bench.reports.interrupted(report, counts=False)
    assert bench.reports.retry_at() is None
    bench.reports.interrupted(report, counts=True)
    assert bench.reports.retry_at() == 10.0


def test_parked_after_lost_connections_says_so() -> None:
    """A message that is given up because the connection was lost with it three times says that, not "no answer"."""
    station = Station(TransactionMessageAttempts=1).online()
    station.script["StartTransaction"] = SILENCE
    station.charging()
    for _ in range(MAX_DISCONNECTS):
        station.disconnect()
        station.connect()
    (parked,) = station.cp.queue()
    assert (parked["kind"], parked["state"], parked["error"]) == ("start", "parked", "connection lost")


def test_thinned_out() -> None:
    """A long queue is thinned out at once, and its order stays."""
    bench = Bench()
    bench.announce(*range(1, 9))
    bench.reports.thin_out([QueueKey(seq, "values", seq) for seq in (3, 2, 7)])
    assert [key.row for key in bench.reports.in_order()] == [1, 4, 5, 6, 8]
    assert bench.reports.waiting == 5
    assert not bench.reports.withdraw(QueueKey(3, "values", 3))
    bench.announce(3)
    bench.reports.confirmed(bench.next(), None)
    assert bench.next().key.row == 3


def test_withheld() -> None:
    """What must not leave is parked at once, and the next one is the head."""
    bench = Bench()
    bench.announce(1, 2)
    bench.reports.withheld(bench.next(), "not valid")
    assert bench.log == [("not valid", 1)]
    assert bench.next().key.row == 2


def test_unsent() -> None:
    """A report counts as unsent until it was sent once, or while it is held up by no retry."""
    bench = Bench()
    assert not bench.reports.unsent_up_to(9)
    bench.announce(4)
    assert not bench.reports.unsent_up_to(3)
    assert bench.reports.unsent_up_to(4)
    bench.next()
    assert not bench.reports.unsent_up_to(4)
