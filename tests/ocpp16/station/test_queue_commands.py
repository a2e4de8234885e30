"""The queue as a technician sees and moves it: waiting, parked, tried again by hand."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16 import events as ev
from tests.ocpp16.rig import SILENCE, CallError, Station

REFUSED = CallError("InternalError", "no")


def move(station: Station, what: Any, item: int | None = None) -> tuple[bool, str]:
    """`evsectl queue park|retry ITEM`."""
    (reply,) = station.happens(ev.QueueAsked(9, what, item)).replies
    assert reply.ref == 9
    return reply.ok, reply.text


def offline() -> Station:
    """A whole transaction and one clock-aligned value outside it, all waiting."""
    station = Station(AllowOfflineTxForUnknownId=True, ClockAlignedDataInterval=100).online()
    station.disconnect()
    station.charging()
    station.wait(61)
    station.unplug()
    station.wait(40)
    return station


def kinds(station: Station) -> list[tuple[object, object]]:
    return [(row["kind"], row["state"]) for row in station.cp.queue()]


def item(station: Station, kind: str) -> int:
    return next(int(str(row["item"])) for row in station.cp.queue() if row["kind"] == kind)


def test_what_waits() -> None:
    """Each message that waits, in the order of sending, with connector and transaction."""
    station = offline()
    rows = [(row["kind"], row["state"], row["connector"], row["transaction"]) for row in station.cp.queue()]
    assert rows == [
        ("start", "waiting", 1, 1),
        ("values", "waiting", 1, 1),
        ("stop", "waiting", 1, 1),
        ("values", "waiting", 1, None),
    ]
    assert [row["item"] for row in station.cp.queue()] == sorted(int(str(row["item"])) for row in station.cp.queue())


@pytest.mark.parametrize("kind", ["start", "values", "stop"])
def test_park_by_hand(kind: str) -> None:
    """A message that stands in the way can be parked, and it is not sent."""
    station = offline()
    assert move(station, "park", item(station, kind)) == (True, "done")
    assert (kind, "parked") in kinds(station)
    station.connect()
    assert kinds(station) == [(kind, "parked")]


def test_park_nothing() -> None:
    """What does not wait cannot be parked, and one must be named."""
    station = offline()
    assert move(station, "park", 999) == (False, "item 999 does not wait in the queue")
    assert move(station, "park") == (False, "name the item to park")


@pytest.mark.parametrize("kind", ["start", "values", "stop"])
def test_retry_by_hand(kind: str) -> None:
    """A parked message can be tried again, at once."""
    station = offline()
    number = item(station, kind)
    move(station, "park", number)
    assert move(station, "retry", number) == (True, "done")
    station.connect()
    assert kinds(station) == []
    sent = [action for action in station.actions() if action in ("StartTransaction", "MeterValues", "StopTransaction")]
    assert sent == ["StartTransaction", "MeterValues", "StopTransaction", "MeterValues"]


def test_retry_all() -> None:
    """All that are parked can be tried again at once."""
    station = Station(TransactionMessageAttempts=1).online()
    for action in ("MeterValues", "StopTransaction"):
        station.script[action] = REFUSED
    station.charging()
    station.wait(60)
    station.unplug()
    assert kinds(station) == [("values", "parked"), ("stop", "parked")]
    station.script.clear()
    assert move(station, "retry") == (True, "done")
    assert kinds(station) == []
    assert station.transaction().stop == "confirmed"  # type: ignore[union-attr]


def test_retry_start_while_it_runs() -> None:
    """A start that was refused for good can be tried again while its stop has not gone: then the rest has its id."""
    station = Station(TransactionMessageAttempts=1).online()
    station.script["StartTransaction"] = REFUSED
    station.charging()
    station.script.clear()
    move(station, "retry")
    station.unplug()
    assert station.heard("StopTransaction")[0]["transactionId"] == 101


def test_no_start_after_its_stop() -> None:
    """Once the stop has gone with -1 its start is not told any more."""
    station = Station(TransactionMessageAttempts=1).online()
    station.script["StartTransaction"] = REFUSED
    station.charging()
    station.unplug()
    ok, text = move(station, "retry")
    assert not ok and text.startswith("the stop of transaction 1 has gone already")
    assert kinds(station) == [("start", "parked")]


def test_retry_of_all() -> None:
    """Each report keeps its own error; a start goes before its stop, which then bears the transaction's id."""
    station = Station(TransactionMessageAttempts=1).online()
    station.script["StartTransaction"] = CallError("GenericError", "no such thing")
    station.charging()
    station.script["StopTransaction"] = CallError("InternalError", "not now")
    station.unplug()
    errors = {row["kind"]: str(row["error"]) for row in station.cp.queue()}
    assert "GenericError" in errors["start"] and "InternalError" in errors["stop"]
    station.script.clear()
    assert move(station, "retry")[0]
    assert kinds(station) == []
    assert station.heard("StopTransaction")[-1]["transactionId"] == 101


def test_nothing_parked() -> None:
    """What is not parked cannot be tried again."""
    station = Station().online()
    assert move(station, "retry") == (False, "nothing is parked")
    assert move(station, "retry", 5) == (False, "item 5 is not parked")


def test_park_what_is_in_flight() -> None:
    """A message whose answer is awaited stays where it is: else the transaction's id would be lost with the answer."""
    station = Station().online()
    station.script["StartTransaction"] = SILENCE
    station.charging()
    ok, text = move(station, "park", item(station, "start"))
    assert (ok, "awaited" in text) == (False, True)
    station.answer({"transactionId": 5, "idTagInfo": {"status": "Accepted"}})
    assert station.transaction().transaction_id == 5  # type: ignore[union-attr]


def test_start_whose_stop_is_under_way() -> None:
    """A start is not tried again once its stop has left, answered or not: it would open what nothing closes."""
    station = Station(TransactionMessageAttempts=1).online()
    station.script["StartTransaction"] = CallError("InternalError")
    station.script["StopTransaction"] = SILENCE
    station.charging()
    start = item(station, "start")
    station.tap("CARD")
    station.open_contactor()
    assert station.open is not None and station.open.action == "StopTransaction"
    ok, text = move(station, "retry", start)
    assert (ok, "too late" in text) == (False, True)
