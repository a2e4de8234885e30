"""UTC as a Charge Point knows it: an offset, a floor, stamps that never go back (§3.14, §4.2, §4.6)."""

from __future__ import annotations

from math import inf

import pytest

from ocpp16.events import Now
from ocpp16.records import Stamp
from ocpp16.state.utc_clock import Clock
from tests.ocpp16.rig import BUILD, NOON, START, Station, clock_text

DAY = 86400.0
NOW = Now(1000.0, None)


def clock(offset: float | None = NOON - 1000.0) -> Clock:
    return Clock("boot", BUILD, offset)


def test_unknown() -> None:
    """§3.14: until somebody tells the time there is none, only order."""
    it = clock(None)
    assert not it.known
    assert it.utc(1000.0) is None
    assert it.stamp(5.0) == Stamp(mono=5.0, boot="boot")
    assert it.at(5.0) == Stamp(mono=5.0, boot="boot")
    unknown = Stamp(mono=4.0, boot="boot")
    assert it.settle(unknown) is unknown


def test_first_word() -> None:
    """§4.2: the first time that the Central System tells is taken, but none below the floor."""
    it = clock(None)
    assert it.central_system_says(NOON, NOW) == inf
    assert it.utc(1000.0) == NOON
    it = clock(None)
    it.central_system_says(5.0, NOW)
    assert it.utc(1000.0) == BUILD


@pytest.mark.parametrize(
    ("by", "moved"), [(0.0, False), (0.9, False), (-0.9, False), (1.5, True), (-30.0, True), (3600.0, True)]
)
def test_correction(by: float, moved: bool) -> None:
    """§4.6: below a second the clock is left alone, above it the Central System is right."""
    it = clock()
    assert (it.central_system_says(NOON + by, NOW) is not None) == moved
    assert it.utc(1000.0) == pytest.approx(NOON + (by if moved else 0.0))


@pytest.mark.parametrize("by", [2 * DAY, -2 * DAY, 50 * 365 * DAY])
def test_wild_word(by: float) -> None:
    """§4.6: more than a day is believed when the next answer says the same, not before."""
    it = clock()
    assert it.central_system_says(NOON + by, NOW) is None
    assert it.utc(1000.0) == NOON
    assert it.central_system_says(NOON + by + 10, Now(1010.0, None)) == pytest.approx(by)


def test_wild_words_that_disagree() -> None:
    """§4.6: a Central System that says something wild twice, each time another thing, is not believed."""
    it = clock()
    assert it.central_system_says(NOON + 2 * DAY, NOW) is None
    assert it.central_system_says(NOON + 9 * DAY, NOW) is None
    assert it.central_system_says(NOON, NOW) is None
    assert it.central_system_says(NOON + 9 * DAY, NOW) is None


def test_host() -> None:
    """The host's clock counts where it is vouched for, until the Central System speaks, and never below the floor."""
    it = clock(None)
    assert not it.host_says(NOW)
    assert not it.host_says(Now(1000.0, 5.0))
    assert it.host_says(Now(1000.0, NOON))
    assert not it.host_says(Now(1000.0, NOON + 100))
    assert it.utc(1000.0) == NOON


def test_stamps_never_go_back() -> None:
    """§3.14: a stamp is never below an earlier one, whatever the clock did."""
    it = clock()
    first = it.stamp(1000.0)
    it.central_system_says(NOON - 50, NOW)
    second = it.stamp(1001.0)
    assert first.utc is not None
    assert second.utc is not None
    assert second.utc >= first.utc


def test_planned_instant() -> None:
    """§4.7: a planned instant keeps its exact time, though another fact was stamped in between."""
    it = clock()
    it.stamp(1003.0)
    assert it.at(1000.0).utc == NOON
    it.stamp(1100.0)
    assert it.at(1000.0).utc == NOON + 100


def test_went_back() -> None:
    """§4.7: an instant that lies before what was stamped already is known as such."""
    it = clock()
    it.stamp(1100.0)
    assert it.went_back(NOON + 50)
    assert not it.went_back(NOON + 99)
    assert it.went_back(BUILD - 1)


def test_settle() -> None:
    """§3.14: facts get their time afterwards from the monotonic clock; of an earlier boot the floor, marked."""
    it = clock()
    assert it.settle(Stamp(mono=900.0, boot="boot")).utc == NOON - 100
    known = Stamp(mono=900.0, boot="earlier", utc=NOON)
    assert it.settle(known) is known
    assert it.settle(Stamp(mono=900.0, boot="earlier")) == Stamp(mono=900.0, boot="earlier", utc=BUILD, exact=False)


def test_floor() -> None:
    """§3.14: nothing is stamped before the build, 1970 least of all."""
    it = Clock("boot", BUILD, 0.0)
    assert it.stamp(1000.0).utc == BUILD
    assert it.at(1000.0).utc == BUILD
    assert it.settle(Stamp(mono=5.0, boot="boot")).utc == BUILD


@pytest.mark.parametrize("years", [50, -50])
def test_jump_of_decades(years: int) -> None:
    """§3.14: a jump of decades loses nothing, repeats nothing, and turns no order round."""
    station = Station(ClockAlignedDataInterval=300, MeterValueSampleInterval=60).online().charging()
    station.request("ChangeConfiguration", key="HeartbeatInterval", value="45")
    station.wait(100)
    station.script["Heartbeat"] = lambda _: {"currentTime": clock_text(station.mono + years * 365 * DAY)}
    station.wait(600)
    station.unplug()
    told = [said for said in station.said if said.action in ("StartTransaction", "MeterValues", "StopTransaction")]
    times = [
        said.payload.get("timestamp") or said.payload["meterValue"][0]["timestamp"]
        for said in told
        if said.payload.get("transactionId", 1) is not None
    ]
    assert (told[0].action, told[-1].action) == ("StartTransaction", "StopTransaction")
    assert times == sorted(times)
    assert 11 <= len(told) - 2 <= 14
    assert len(station.heard("Heartbeat")) <= 16


def test_set_back_by_an_hour() -> None:
    """§3.14: an hour that was wrong is not borne on: stamps and floor go back with the clock; a minute stands still."""
    it = Clock("boot", NOON, NOON - 1000.0, BUILD)
    first = it.stamp(1000.0).utc
    it.central_system_says(NOON - 50.0, NOW)
    assert it.stamp(1001.0).utc == first == NOON
    it.central_system_says(NOON - 3600.0, NOW)
    assert (it.stamp(1001.0).utc, it.at(1002.0).utc) == (NOON - 3599.0, NOON - 3598.0)
    assert not it.went_back(NOON - 3590.0)


@pytest.mark.parametrize("years", [0.0, 73.0])
def test_wrong_at_first(years: float) -> None:
    """§3.14: a Central System that was wrong in its first word spoils neither this life nor the next one."""
    ahead = years * 365 * DAY + 3600.0
    station = Station(ClockAlignedDataInterval=60).started()
    station.boot_answer |= {"interval": 30, "currentTime": clock_text(station.mono + ahead)}
    station.connect()
    assert str(station.cp.status(station.now())["utc"])[:13] == clock_text(station.mono + ahead)[:13]
    station.wait(70)  # the first beats: the Central System has come right, and says so twice
    station.forget()
    station.charging()
    station.wait(130)
    station.unplug()
    (start,), (stop,) = station.heard("StartTransaction"), station.heard("StopTransaction")
    assert (start["timestamp"], stop["timestamp"]) == (clock_text(1070.0), clock_text(1200.0))
    assert len(station.heard("MeterValues")) >= 2
    station.restart(dark=True)
    station.boot_answer.pop("currentTime")
    station.script["BootNotification"] = lambda _: {
        "status": "Accepted",
        "interval": 300,
        "currentTime": clock_text(START + 500.0),
    }
    station.started()
    station.connect()
    assert str(station.cp.status(station.now())["utc"])[:19] == clock_text(START + 500.0)[:19]


def test_point_4_the_time_of_a_past_instant() -> None:
    """§6.47: a status is dated when it began, whatever was stamped since; but never below the floor."""
    it = clock()
    it.stamp(2000.0)
    assert it.told(1000.0) == NOON
    assert it.told(-1e9) == BUILD
    assert clock(None).told(5.0) is None
