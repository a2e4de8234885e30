"""BootNotification, Heartbeat and the Central System's time, as §4.2, §4.6 and J 5.3 want them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from ocpp16 import events as ev
from ocpp16.product import Product
from ocpp16.records import Unit
from tests.ocpp16.rig import NOON, SILENCE, START, CallError, Station, calls, clock_text, noted

YEAR = 365 * 86400.0


def boots(station: Station) -> list[float]:
    """When each BootNotification was sent, in seconds since the start."""
    return [said.at - START for said in station.said if said.action == "BootNotification"]


def booted(status: str, interval: int) -> Station:
    """A station that has been answered so."""
    station = Station().started()
    station.boot_answer = {"status": status, "interval": interval}
    station.connect()
    return station


# --- what is sent first ---------------------------------------------------------------------------------------------


def test_boot_first() -> None:
    """§4.2: the first message of a life is BootNotification, and nothing goes with it."""
    station = Station().started()
    station.up = True
    step = station.step(ev.LinkUp())
    assert calls(step) == [("BootNotification", {"chargePointVendor": "evsed", "chargePointModel": "bench"})]


def test_statuses_after_accepted() -> None:
    """E 3.22: after Accepted the statuses of connector 0 and of every connector are told, in that order."""
    station = Station(Product(connectors=3)).started()
    station.connect()
    told = [(said["connectorId"], said["status"]) for said in station.heard("StatusNotification")]
    assert told == [(number, "Available") for number in range(4)]
    assert station.actions()[0] == "BootNotification"


def test_one_boot_a_life() -> None:
    """J 5.4: a new connection is no new boot."""
    station = Station().online()
    station.disconnect()
    station.wait(100)
    station.connect()
    assert "BootNotification" not in station.actions()


def test_boot_again_after_a_lost_answer() -> None:
    """§4.2: a BootNotification whose answer was lost with the connection is sent on the next one."""
    station = Station().started()
    station.script["BootNotification"] = SILENCE
    station.connect()
    station.disconnect()
    station.wait(5)
    station.connect()
    assert boots(station) == [0.0, 5.0]


# --- the matrix of answers ------------------------------------------------------------------------------------------

INTERVALS = [0, 1, 300, -5, 2**31]
WAITS = {0: 60.0, 1: 1.0, 300: 300.0, -5: 60.0, 2**31: 86400.0}


@pytest.mark.parametrize("interval", INTERVALS)
@pytest.mark.parametrize("status", ["Pending", "Rejected"])
def test_wait_when_not_accepted(status: str, interval: int) -> None:
    """§4.2: the next BootNotification comes after `interval`, not sooner; 0 or nonsense leaves the wait to us."""
    station = booted(status, interval)
    wait, ours = WAITS[interval], interval <= 0
    station.wait(wait - 0.5)
    assert boots(station) == [0.0]
    station.wait(1.0 + (wait / 4 if ours else 0.0))  # our own wait is spread, a given one is kept
    assert wait <= boots(station)[1] <= wait * (1.25 if ours else 1.0) + 0.5
    assert set(station.actions()) == {"BootNotification"}


@pytest.mark.parametrize(
    ("interval", "heartbeat"), [(0, "86400"), (1, "1"), (300, "300"), (-5, "86400"), (2**31, "86400")]
)
def test_interval_of_an_accepted_boot(interval: int, heartbeat: str) -> None:
    """§4.2: the interval of an accepted boot is the HeartbeatInterval; 0 or nonsense leaves it as it was."""
    station = booted("Accepted", interval)
    answer = station.request("GetConfiguration", key=["HeartbeatInterval"])
    assert answer == {"configurationKey": [{"key": "HeartbeatInterval", "readonly": False, "value": heartbeat}]}


def test_own_wait_grows() -> None:
    """§4.2: where the Central System names no wait, ours grows and floods nobody."""
    station = booted("Pending", 0)
    station.wait(2000)
    at = boots(station)
    waits = [later - sooner for sooner, later in pairwise(at)]
    for wait, least in zip(waits, [60, 120, 180, 240, *[300] * 9], strict=False):
        assert least <= wait <= least * 1.25


def test_own_wait_is_spread() -> None:
    """§4.2: where the Central System names no wait, two stations do not come back in the same instant."""
    second_tries = set()
    for seed in (7, 8, 9):
        station = Station()
        station.seed = seed
        station.wake()
        station.started()
        station.boot_answer = {"status": "Pending", "interval": 0}
        station.connect()
        station.wait(100)
        second_tries.add(boots(station)[1])
    assert len(second_tries) == 3


@pytest.mark.parametrize("answer", [SILENCE, CallError("InternalError"), CallError("NotImplemented", "?")])
def test_boot_not_processed(answer: CallError) -> None:
    """§4.2: no answer, or a CALLERROR, leaves the registration open: try again after our own wait."""
    station = Station().started()
    station.script["BootNotification"] = answer
    station.connect()
    station.wait(119)
    del station.script["BootNotification"]
    assert len(boots(station)) == 2
    station.wait(300)
    assert station.cp.status(station.now())["registration"] == "Accepted"
    assert "StatusNotification" in station.actions()


def test_boot_answer_of_the_wrong_shape() -> None:
    """§4.2: an answer that breaks its schema is none."""
    station = Station().started()
    station.script["BootNotification"] = {"status": "Perhaps", "currentTime": clock_text(START), "interval": 5}
    station.connect()
    assert station.actions() == ["BootNotification"]
    assert station.cp.status(station.now())["registration"] is None


def test_nothing_but_boot_before_accepted() -> None:
    """§4.2: before Accepted no status, no heartbeat, no card is sent, whatever happens at the connectors."""
    station = booted("Pending", 300)
    station.plug()
    station.tap("CARD")
    station.fault("rcd")
    station.wait(299)
    assert set(station.actions()) == {"BootNotification"}


def test_accepted_after_pending() -> None:
    """§4.2: the boot after the wait opens everything, and what happened meanwhile is told as it is now."""
    station = booted("Pending", 10)
    station.plug()
    station.boot_answer = {"status": "Accepted", "interval": 300}
    station.wait(10)
    assert station.statuses() == ["Preparing"]


# --- flawed and late answers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("interval", [None, "", "soon", [], {}, True, 10**30, "missing"])
@pytest.mark.parametrize("status", ["Accepted", "Pending", "Rejected"])
def test_point_1_a_boot_without_an_interval(status: str, interval: object) -> None:
    """§4.2: the status decides; without an interval the station's own holds."""
    station = Station(HeartbeatInterval=120).started()
    more = {} if interval == "missing" else {"interval": interval}
    station.script["BootNotification"] = {"status": status, "currentTime": clock_text(START), **more}
    station.connect()
    assert station.cp.status(station.now())["registration"] == status
    station.wait(130)
    if status == "Accepted":
        assert station.statuses() == ["Available"]
        assert [said.at - START for said in station.said if said.action == "Heartbeat"] == [119.0]
    else:
        assert len(boots(station)) == 2


@pytest.mark.parametrize("status", ["Accepted", "Pending"])
def test_point_3_a_late_boot_answer_counts(status: str) -> None:
    """§4.2: after its time-out the newest BootNotification.conf still counts, and no other is sent for that."""
    station = unanswered_boot()
    asked = station.said[-1]
    station.wait(45)
    answer = {"status": status, "currentTime": clock_text(station.mono), "interval": 1000}
    assert "boot-" + status.lower() in noted(station.late(asked, answer))
    del station.script["BootNotification"]
    station.settle()
    station.wait(900)
    assert boots(station) == [0.0]
    assert station.cp.status(station.now())["registration"] == status
    assert station.cp.status(station.now())["clock"] == "known"


def test_point_3_the_time_of_a_late_boot_answer_is_asked_for_again() -> None:
    """§4.6: it is better than none, and may be wrong by as much as it was late: a Heartbeat asks at once."""
    station = unanswered_boot()
    station.request("ChangeConfiguration", key="MessageTimeout", value="5")
    asked = station.said[-1]
    station.wait(50)
    station.mono += 13
    answer = {"status": "Accepted", "currentTime": clock_text(START), "interval": 300}
    del station.script["BootNotification"]
    station.late(asked, answer)
    station.settle()
    assert "Heartbeat" in station.actions()
    assert station.cp.status(station.now())["utc"] == clock_text(station.mono)


def test_point_3_only_the_newest_boot_answer_counts() -> None:
    """§4.2: an answer to an older BootNotification is overtaken by the newer one."""
    station = unanswered_boot()
    first = station.said[-1]
    station.wait(100)
    assert len(boots(station)) == 2
    answer = {"status": "Accepted", "currentTime": clock_text(station.mono), "interval": 300}
    assert noted(station.late(first, answer)) == ["answer-unknown"]
    assert noted(station.late(station.said[-1], answer))[0] != "answer-unknown"
    assert station.cp.status(station.now())["registration"] == "Accepted"


def test_point_3_a_late_boot_answer_of_another_connection_is_none() -> None:
    """J 4.1.4: what was asked on a connection is answered there."""
    station = unanswered_boot()
    first = station.said[-1]
    station.wait(45)
    station.disconnect()
    station.connect()
    answer = {"status": "Accepted", "currentTime": clock_text(station.mono), "interval": 300}
    assert noted(station.late(first, answer)) == ["answer-unknown"]


# --- requests of the Central System while it has not accepted us ----------------------------------------------------


def unanswered_boot() -> Station:
    station = Station().started()
    station.script["BootNotification"] = SILENCE
    station.connect()
    return station


NOT_ACCEPTED: list[Callable[[], Station]] = [unanswered_boot, lambda: booted("Pending", 300)]


@pytest.mark.parametrize("station_of", NOT_ACCEPTED)
def test_requests_are_answered_before_accepted(station_of: Callable[[], Station]) -> None:
    """§4.2: while Pending (and while the answer is awaited) the Central System may configure us."""
    station = station_of()
    answer, step = station.ask("ChangeConfiguration", key="HeartbeatInterval", value="77")
    assert answer == {"status": "Accepted"}
    assert calls(step) == []
    answer, _ = station.ask("GetConfiguration", key=["HeartbeatInterval"])
    assert isinstance(answer, dict)
    assert answer["configurationKey"][0]["value"] == "77"


@pytest.mark.parametrize("station_of", NOT_ACCEPTED)
def test_no_remote_start_or_stop_before_accepted(station_of: Callable[[], Station]) -> None:
    """§4.2: RemoteStartTransaction and RemoteStopTransaction are not for a Charge Point that is not accepted."""
    station = station_of()
    station.plug()
    assert station.ask("RemoteStartTransaction", idTag="CARD", connectorId=1)[0] == {"status": "Rejected"}
    assert station.ask("RemoteStopTransaction", transactionId=1)[0] == {"status": "Rejected"}


def test_silence_while_rejected() -> None:
    """§4.2: while Rejected, and its interval is not over, nothing is answered either."""
    station = booted("Rejected", 300)
    answer, step = station.ask("GetConfiguration", key=["HeartbeatInterval"])
    assert answer is None
    assert step.frames == ()
    assert station.step(ev.FrameReceived('[2,"x","Reset"]')).frames == ()


def test_rejected_wait_survives_a_reconnect() -> None:
    """§4.2: a new connection does not shorten the wait of a rejected Charge Point."""
    station = booted("Rejected", 300)
    station.disconnect()
    station.wait(10)
    station.connect()
    assert boots(station) == [0.0]
    station.wait(300)
    assert boots(station) == [0.0, 300.0]


def test_boot_falls_due_while_unlinked() -> None:
    """§4.2: a BootNotification that falls due without a connection is the first word on the next one."""
    station = booted("Rejected", 300)
    station.disconnect()
    station.wait(400)
    station.boot_answer = {"status": "Accepted", "interval": 300}
    station.connect()
    assert boots(station) == [0.0, 400.0]
    assert station.statuses() == ["Available"]


def test_note_of_each_change() -> None:
    """A person is told when the registration changes, not at each repetition."""
    station = booted("Rejected", 60)
    station.wait(121)
    assert [code for code, _ in station.notes if code.startswith("boot-")] == ["boot-rejected"]


# --- the Central System's time --------------------------------------------------------------------------------------


def utc(station: Station) -> float:
    known = station.cp.parts.context.clock.utc(station.mono)
    assert known is not None
    return known


def test_time_from_boot() -> None:
    """§4.2: the Charge Point takes its time from BootNotification.conf."""
    station = Station().started()
    assert station.cp.parts.context.clock.utc(START) is None
    station.connect()
    assert utc(station) == NOON


def test_time_from_heartbeat() -> None:
    """§4.6: and corrects it with Heartbeat.conf."""
    station = Station().online()
    station.script["Heartbeat"] = lambda _: {"currentTime": clock_text(station.mono + 30)}
    station.wait(300)
    assert utc(station) == pytest.approx(NOON + 330)


@pytest.mark.parametrize("late", [0.0, 4.0, 9.0])
def test_half_the_round_trip(late: float) -> None:
    """§4.2: half of the round trip is added to the time of an answer."""
    station = Station().started()
    station.script["BootNotification"] = SILENCE
    station.connect()
    station.mono += late
    station.answer({"status": "Accepted", "interval": 300, "currentTime": clock_text(START)})
    assert utc(station) == pytest.approx(NOON + late / 2)


def test_slow_answer_tells_no_time() -> None:
    """§4.6: an answer that took longer than 10 s says nothing about the time."""
    station = Station().online()
    station.script["Heartbeat"] = SILENCE
    station.wait(300)
    station.mono += 11
    station.answer({"currentTime": clock_text(station.mono + 500)})
    assert utc(station) == pytest.approx(NOON + 311)


def test_slow_boot_is_better_than_no_time() -> None:
    """§4.2: a slow answer to the first BootNotification is believed while nothing better is known."""
    station = Station().started()
    station.script["BootNotification"] = SILENCE
    station.connect()
    station.mono += 20
    station.answer({"status": "Accepted", "interval": 300, "currentTime": clock_text(START + 20)})
    assert utc(station) == pytest.approx(NOON + 25)


def test_time_is_remembered() -> None:
    """§4.2: the time survives our own restart, not that of the unit."""
    station = Station().online()
    station.restart().started()
    assert utc(station) == pytest.approx(NOON + 2)
    station.restart(dark=True).started()
    assert station.cp.parts.context.clock.utc(station.mono) is None
    assert station.rows(Unit)[0].floor_utc == NOON


@pytest.mark.parametrize("years", [50, -50])
def test_a_wild_clock_is_believed_when_it_says_so_twice(years: int) -> None:
    """A jump of decades in one answer moves nothing; the next answer that says the same does."""
    station = Station().online()
    station.script["Heartbeat"] = lambda _: {"currentTime": clock_text(station.mono + years * YEAR)}
    station.wait(300)
    assert utc(station) == pytest.approx(NOON + 300)
    station.wait(300)
    assert utc(station) == pytest.approx(max(NOON + 600 + years * YEAR, utc(station)))
    assert station.actions().count("Heartbeat") == 2, "no burst"


def test_clock_note_once() -> None:
    """A person is told when the clock was set, not at each heartbeat."""
    station = Station().started()
    step = station.connect()
    assert "clock-known" not in noted(step)
    station.wait(3000)
    assert [code for code, _ in station.notes].count("clock-known") == 1


def test_host_clock_serves_until_the_central_system_speaks() -> None:
    """Where the host's clock is vouched for, timestamps need not wait for the Central System."""
    station = Station(host_utc=True).started()
    assert utc(station) == NOON
