"""Heartbeat: when one is due, and when another CALL serves as one (§4.6, J 5.3)."""

from __future__ import annotations

import pytest

from ocpp16 import events as ev
from tests.ocpp16.rig import SILENCE, START, Station, calls


def heartbeats(station: Station) -> list[float]:
    return [said.at - START for said in station.said if said.action == "Heartbeat"]


def test_heartbeat_each_interval() -> None:
    """§4.6: a Heartbeat after each interval in which nothing else was sent."""
    station = Station().online()
    station.wait(1000)
    assert heartbeats(station) == [299.0, 598.0, 897.0]


@pytest.mark.parametrize(("interval", "first"), [(1, 0.95), (10, 9.5), (20, 19.0), (60, 59.0), (3600, 3599.0)])
def test_point_3_a_heartbeat_keeps_a_margin(interval: int, first: float) -> None:
    """§4.6: some Central Systems cut at exactly the interval: 5 % of it earlier, 1 s at most."""
    station = Station()
    station.boot_answer = {"status": "Accepted", "interval": interval}
    station.online()
    station.wait(interval)
    assert heartbeats(station) == [pytest.approx(first)]


def test_point_3_a_silent_central_system_is_asked() -> None:
    """J 7: where not even pings are answered a Heartbeat is the proof, unless something else is asked already."""
    station = Station().online()
    station.mono += 10
    assert calls(station.happens(ev.LinkQuiet())) == [("Heartbeat", {})]
    station.script["StatusNotification"] = SILENCE
    station.plug()
    assert calls(station.happens(ev.LinkQuiet())) == []
    station.disconnect()
    assert calls(station.happens(ev.LinkQuiet())) == []


def test_point_3_only_who_is_accepted_asks() -> None:
    """§4.2: before Accepted there is no Heartbeat."""
    station = Station().started()
    station.boot_answer = {"status": "Pending", "interval": 300}
    station.connect()
    assert calls(station.happens(ev.LinkQuiet())) == []


@pytest.mark.parametrize("time", [None, "", "now", 5, [], {}])
def test_point_1_a_boot_without_a_time_asks_for_it(time: object) -> None:
    """§4.6: where BootNotification.conf brought no time the first Heartbeat does not wait for its interval."""
    station = Station().started()
    station.boot_answer = {"status": "Accepted", "interval": 300, "currentTime": time}
    station.connect()
    assert heartbeats(station) == [0.0]
    assert station.cp.status(station.now())["clock"] == "known"


def test_point_1_a_heartbeat_without_a_time() -> None:
    """§4.6: the next one asks again."""
    station = Station().online()
    station.script["Heartbeat"] = {"currentTime": "soon"}
    station.wait(600)
    assert heartbeats(station) == [299.0, 598.0]


def test_any_request_serves_as_heartbeat() -> None:
    """§4.6: any other request is a sign of life; the interval counts from the last one."""
    station = Station().online()
    station.wait(200)
    station.plug()
    station.wait(350)
    assert heartbeats(station) == [499.0]


def test_answers_are_no_heartbeat() -> None:
    """§4.6: an answer to the Central System is no request of ours."""
    station = Station().online()
    station.wait(200)
    station.request("GetConfiguration", key=["HeartbeatInterval"])
    station.wait(150)
    assert heartbeats(station) == [299.0]


def test_new_interval_bites_now() -> None:
    """§9.1.11: HeartbeatInterval counts at once."""
    station = Station().online()
    station.wait(100)
    station.request("ChangeConfiguration", key="HeartbeatInterval", value="50")
    station.wait(60)
    assert heartbeats(station) == [100.0, 149.0]


def test_no_heartbeat_without_interval() -> None:
    """J 5.3: with HeartbeatInterval 0 the daily Heartbeat for the clock remains."""
    station = Station(HeartbeatInterval=0)
    station.boot_answer = {"status": "Accepted", "interval": 0}
    station.online()
    station.wait(2.5 * 86400)
    assert heartbeats(station) == [86399.0, 172798.0]


def test_one_heartbeat_a_day_for_the_clock() -> None:
    """J 5.3: once in 24 h a Heartbeat brings the time, even where other requests served as signs of life."""
    station = Station(ClockAlignedDataInterval=60).online()
    station.wait(86400 + 100)
    assert len(heartbeats(station)) == 1


def test_no_heartbeat_while_unlinked() -> None:
    """§4.6: nothing is due without a connection; afterwards the interval goes on."""
    station = Station().online()
    station.disconnect()
    station.wait(1000)
    assert heartbeats(station) == []
    station.connect()
    station.wait(0)
    assert heartbeats(station) == [1000.0]


def test_interval_changed_before_accepted() -> None:
    """§4.6: before Accepted a new HeartbeatInterval starts no heartbeat."""
    station = Station().started()
    station.boot_answer = {"status": "Pending", "interval": 300}
    station.connect()
    station.request("ChangeConfiguration", key="HeartbeatInterval", value="5")
    station.wait(100)
    assert heartbeats(station) == []
