"""SecurityEventNotification: oldest first, once each, across outages and power cuts, behind the bills."""

from __future__ import annotations

import pytest

from ocpp16 import events as ev
from ocpp16.messages.datetimes import to_text
from ocpp16.profiles.security.security_events import SecurityEvent
from ocpp16.records import SecurityOccurrence
from tests.ocpp16.rig import NOON, SILENCE, START, CallError, Station, clock_text

ACTION = "SecurityEventNotification"


def station(**first: object) -> Station:
    """Online in profile 2; what it said of its start is forgotten."""
    made = Station(SecurityProfile=2, **first).online()
    made.settle()
    return made.forget()


def tamper(there: Station) -> None:
    there.fault("tamper", connector=None)
    there.fault("tamper", on=False, connector=None)


def types(there: Station) -> list[str]:
    return [said["type"] for said in there.heard(ACTION)]


def test_a_start_is_told_once_the_station_is_accepted() -> None:
    there = Station(SecurityProfile=2)
    there.boot_answer = {"status": "Pending", "interval": 30}
    there.online()
    assert types(there) == []
    there.boot_answer = {"status": "Accepted", "interval": 300}
    there.wait(31)
    assert types(there) == ["StartupOfTheDevice", "SettingSystemTime"]
    assert [row.told for row in there.rows(SecurityOccurrence)] == [1, 1]


def test_not_in_profile_0_unless_the_central_system_knows_the_extension() -> None:
    there = Station().online()
    assert types(there) == []
    there.request("ExtendedTriggerMessage", requestedMessage="Heartbeat")
    there.settle()
    assert types(there) == ["StartupOfTheDevice", "SettingSystemTime"]


def test_the_time_is_that_of_the_event() -> None:
    there = station()
    there.disconnect()
    tamper(there)
    at = to_text(NOON + there.mono - START)
    there.wait(3600)
    there.connect()
    (said,) = there.heard(ACTION)
    assert said == {"type": "TamperDetectionActivated", "timestamp": at, "techInfo": "the housing was opened"}


def test_an_outage_and_a_power_cut_lose_nothing_and_keep_the_order() -> None:
    there = station()
    there.disconnect()
    tamper(there)
    there.step(ev.StoreChanged("full", "10 MiB"))
    there.step(ev.StoreChanged("ok"))
    there.restart(dark=True).online()
    there.said.clear()
    there.wait(5)
    there.disconnect()
    assert types(there.online()) == []  # told on the way up
    told = [row for row in there.rows(SecurityOccurrence) if row.told]
    assert [row.type for row in sorted(told, key=lambda row: row.number)][2:5] == [
        "TamperDetectionActivated", "MemoryExhaustion", "ResetOrReboot",
    ]  # fmt: skip


def test_what_repeats_itself_while_nobody_listens_is_one_message_with_a_count() -> None:
    there = station()
    there.disconnect()
    for _ in range(500):
        tamper(there)
    there.connect()
    (said,) = there.heard(ACTION)
    assert said["techInfo"].startswith("the housing was opened; 500 times until ")


def test_what_goes_on_is_told_ten_times_and_then_once_an_hour() -> None:
    there = station()
    for _ in range(300):
        tamper(there)
        there.settle()
        there.wait(1)
    assert len(types(there)) == 10
    there.wait(3600)
    assert len(types(there)) == 11
    assert there.heard(ACTION)[-1]["techInfo"].startswith("the housing was opened; 290 times")


@pytest.mark.parametrize(
    ("error", "due"), [("InternalError", [60, 180, 360]), ("NotImplemented", [3600, 7200]), ("", [65, 190])]
)
def test_a_refused_one_is_sent_again_later_and_later(error: str, due: list[int]) -> None:
    there = station(MessageTimeout=5)
    began = there.mono
    there.script[ACTION] = CallError(error) if error else SILENCE
    tamper(there)
    there.settle()
    for times, at in enumerate(due, start=1):
        there.wait(began + at - 2 - there.mono)
        assert len(types(there)) == times, at
        there.wait(4)
        assert len(types(there)) == times + 1, at
    there.script.clear()
    there.wait(7200)
    assert len(types(there)) == len(due) + 2
    assert not [row for row in there.rows(SecurityOccurrence) if row.notify and row.told < row.count]


def test_the_bill_goes_first() -> None:
    """While transaction messages wait, no event is sent; while they wait for a retry, it is."""
    there = station(TransactionMessageAttempts=5, TransactionMessageRetryInterval=600).charging()
    there.disconnect()
    tamper(there)
    there.unplug()
    there.wait(60)
    there.forget()
    there.connect()
    actions = there.actions()
    assert actions.index("StopTransaction") < actions.index(ACTION)
    there.charging().forget()
    there.script["StopTransaction"] = CallError("InternalError")
    there.unplug()
    there.wait(5)
    tamper(there)
    there.settle()
    assert types(there) == ["TamperDetectionActivated"]


def test_not_critical_ones_are_only_logged() -> None:
    there = station()
    there.step(ev.FrameReceived('[2,"1","Reset",{"type":"Warm"}]'))
    there.step(ev.FrameReceived('[3,"never-asked",{}]'))
    there.settle()
    there.wait(10)
    assert types(there) == []
    assert [row.type for row in there.rows(SecurityOccurrence)][-2:] == [
        SecurityEvent.INVALID_MESSAGES, SecurityEvent.REPLAY,
    ]  # fmt: skip


def test_a_late_answer_is_no_attack() -> None:
    there = station(MessageTimeout=5)
    there.script["Heartbeat"] = SILENCE
    there.wait(310)
    (late,) = [said for said in there.said if said.action == "Heartbeat"][:1]
    there.wait(30)
    there.late(late, {"currentTime": clock_text(there.mono)})
    assert SecurityEvent.REPLAY not in [row.type for row in there.rows(SecurityOccurrence)]
    there.late(late._replace(id="forged"), {})
    assert SecurityEvent.REPLAY in [row.type for row in there.rows(SecurityOccurrence)]


def test_events_without_a_time_wait_for_it() -> None:
    """Before the clock is known nothing is told with a wrong date."""
    there = Station(SecurityProfile=1)
    there.boot_answer = {"status": "Accepted", "interval": 300, "currentTime": 1}
    there.online()
    for said in there.heard(ACTION):
        assert said["timestamp"] >= to_text(NOON - 60)
