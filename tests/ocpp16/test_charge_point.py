"""The contract: one event in, one whole Step out; the same events, the same steps."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from ocpp16 import events as ev
from ocpp16.product import Product
from ocpp16.records import CachedTag, Occupancy, Setting, Stamp, Transaction, Unit
from ocpp16.step import Link, Note, Outlet, Save, Step
from tests.ocpp16.rig import ACCEPTED, NOON, SILENCE, Station, calls, clock_text

LINK = Link(True, 10, 0)
IDLE = Outlet(1, 0.0, locked=False, in_service=True, lamp="available")


def frames(step: Step) -> list[tuple[str, object]]:
    return calls(step)


def test_step_of_a_start() -> None:
    """§4.1, §4.8: the answer to Authorize begins the transaction: its row, its message, then the offer, in one step."""
    station = Station().online()
    station.wait(5)
    station.plug()
    station.script["Authorize"] = SILENCE
    station.tap("CARD")
    step = station.answer(ACCEPTED)
    stamp = Stamp(mono=1005.0, boot="boot-1", utc=NOON + 5)
    transaction = Transaction(
        number=1, connector=1, id_tag="CARD", began=stamp, meter_start_wh=1000, start_seq=1, last_wh=1000, last=stamp
    )
    written = [write.record for write in step.records if isinstance(write, Save)]
    assert transaction in written
    assert CachedTag(id_tag="card", status="Accepted", used=1) in written
    assert {type(row) for row in written} <= {Transaction, CachedTag, Occupancy, Unit}
    assert step == Step(
        outlets=(Outlet(1, 32.0, locked=False, in_service=True, lamp="preparing", transaction=True),),
        records=step.records,
        frames=step.frames,
        link=LINK,
        notes=(Note("transaction-began", {"number": 1, "connector": 1, "id_tag": "CARD", "wh": 1000}),),
        wake_at=1020.0,
    )
    assert calls(step) == [
        ("StartTransaction", {"connectorId": 1, "idTag": "CARD", "meterStart": 1000, "timestamp": clock_text(1005)})
    ]


def test_step_of_a_plug() -> None:
    """§4.9: a plug is told, and nothing is written for it."""
    station = Station().online()
    station.wait(5)
    step = station.step(ev.PilotChanged(1, "B", station.mono))
    assert step == Step(
        outlets=(Outlet(1, 0.0, locked=False, in_service=True, lamp="preparing"),),
        frames=step.frames,
        link=LINK,
        notes=(Note("plugged", {"connector": 1}),),
        wake_at=step.wake_at,
    )
    assert [action for action, _ in calls(step)] == ["StatusNotification"]


def test_step_of_nothing() -> None:
    """Nothing but time brings about nothing but the hour of the next visit."""
    station = Station().online()
    station.wait(5)
    assert station.step(ev.Tick()) == Step(outlets=(IDLE,), link=LINK, wake_at=1299.0)


def test_step_of_a_setting() -> None:
    """§5.3: the row, the answer, the note."""
    station = Station().online()
    answer, step = station.ask("ChangeConfiguration", key="ConnectionTimeOut", value="20")
    assert answer == {"status": "Accepted"}
    assert step.records[0] == Save(Setting(name="ConnectionTimeOut", value="20"))
    assert [note.code for note in step.notes] == ["setting-changed"]


def story(station: Station) -> Station:
    station.charging()
    station.wait(200)
    station.meter(100)
    station.disconnect()
    station.wait(100)
    station.connect()
    station.tap("CARD")
    station.open_contactor()
    station.unplug()
    return station


def test_determinism() -> None:
    """Same records, same seed, same events: same steps, to the byte."""
    one, other = story(Station().online()), story(Station().online())
    assert (one.said, one.disk, one.notes) == (other.said, other.disk, other.notes)


@pytest.mark.parametrize("copier", [copy.deepcopy, lambda cp: pickle.loads(pickle.dumps(cp))])
def test_copy(copier: object) -> None:
    """A Charge Point can be copied in the middle of its story; the copy goes on alone."""
    station = Station().online()
    station.script["StartTransaction"] = SILENCE
    station.charging()
    assert callable(copier)
    twin = copier(station.cp)
    event = ev.FrameReceived(json.dumps([3, station.open.id, {"transactionId": 5, **ACCEPTED}]) if station.open else "")
    assert twin.step(station.now(), event) == station.cp.step(station.now(), event)
    assert twin.parts.context.facts.tables == station.cp.parts.context.facts.tables


def test_every_incoming_action_is_answered() -> None:
    """§5: every request of Core has its answer."""
    requests: list[tuple[str, dict[str, object]]] = [
        ("ChangeAvailability", {"connectorId": 1, "type": "Operative"}),
        ("ChangeConfiguration", {"key": "MessageTimeout", "value": "30"}),
        ("ClearCache", {}),
        ("DataTransfer", {"vendorId": "x"}),
        ("GetConfiguration", {}),
        ("RemoteStartTransaction", {"idTag": "CARD"}),
        ("RemoteStopTransaction", {"transactionId": 1}),
        ("UnlockConnector", {"connectorId": 1}),
        ("Reset", {"type": "Soft"}),
    ]
    station = Station().online()
    for action, payload in requests:
        assert isinstance(station.request(action, **payload), dict), action


@pytest.mark.parametrize("connectors", range(2, 9))
def test_independent_connectors(connectors: int) -> None:
    """§4.8: each connector has its own transaction, register and bill."""
    station = Station(Product(connectors=connectors)).online()
    for number in range(1, connectors + 1):
        station.charging(f"CARD{number}", number)
    for number in range(1, connectors + 1):
        station.meter(number * 10, number)
    for number in range(1, connectors + 1):
        station.unplug(number)
    bills = [(stop["transactionId"] - 100, stop["meterStop"]) for stop in station.heard("StopTransaction")]
    assert bills == [(number, 1000 + number * 10) for number in range(1, connectors + 1)]
    assert [said["connectorId"] for said in station.heard("StartTransaction")] == list(range(1, connectors + 1))


def test_late_visit() -> None:
    """All that fell due before a late visit happens at it, oldest first."""
    station = Station().online()
    station.tap("CARD")
    station.mono += 500
    station.happens(ev.Tick())
    assert station.statuses() == ["Preparing", "Available"]
    assert station.actions()[-1] in ("StatusNotification", "Heartbeat")


def test_first_event_twice() -> None:
    """Started is the first event of a life; the boot is written down once, when there is time for it."""
    station = Station()
    assert station.step(ev.Started()).records == ()
    station.wait(2)
    assert station.rows(Unit)[0].boot_id == "boot-1"
    assert station.step(ev.Started()).records == ()


def test_time_is_kept_every_hour() -> None:
    """§3.14: the time is remembered where nothing else is written."""
    station = Station().online()
    station.wait(3 * 3600)
    assert station.rows(Unit)[0].floor_utc >= NOON + 2 * 3600


def test_job_done_is_only_news() -> None:
    """The end of a job that nobody waits for changes nothing."""
    station = Station().online()
    step = station.step(ev.JobDone(1, True))
    assert (step.frames, step.records, step.notes) == ((), (), ())
