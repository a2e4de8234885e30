"""Meter readings: the register never falls (§3.16), and the measurands that follow (§7.34)."""

from __future__ import annotations

from ocpp16 import events as ev
from ocpp16.records import RegisterSeen
from tests.ocpp16.profiles.core.metered import THREE, values
from tests.ocpp16.rig import Station


def test_register_never_goes_down() -> None:
    """§3.16: the register is monotone: a lower reading is left out."""
    station = Station().online().charging()
    station.meter(100)
    station.happens(ev.MeterSampled(1, station.mono, 900.0))
    station.wait(60)
    assert values(station)[0]["sampledValue"][0]["value"] == "1100"


def test_register_lower_than_billed() -> None:
    """§3.16: a meter that counts less than was billed before is a fault; service can accept it as a new one."""
    station = Station().online().charging()
    station.meter(100)
    station.tap("CARD")
    station.open_contactor()
    billed = station.heard("StopTransaction")[-1]["meterStop"]
    station.unplug()
    station.restart(dark=True)
    station.wh[1] = billed - 50.0
    station.online()
    assert station.status() == "Faulted"
    assert station.tap("CARD").frames == ()
    order = station.happens(ev.SelftestAsked(1, clear_latched=True)).orders[0]
    station.happens(ev.BoardDone(order.ref, True))
    station.meter()
    assert station.status() == "Available"
    station.charging()
    assert station.heard("StartTransaction")[-1]["meterStart"] == billed - 50


def test_2_register_that_fell_before_any_bill() -> None:
    """§3.16: what a meter had shown before it counted backwards outlives both processes; else the fall is billed."""
    station = Station().online()
    station.meter(500)
    shown = station.wh[1]
    station.fault("meter-backwards")
    station.wh[1] = shown - 400.0
    station.restart(dark=True).online()
    assert (station.status(), station.cp.why(station.now())[0]["code"]) == ("Faulted", "meter-low")
    station.wh[1] = shown
    station.meter(1)
    station.charging()
    assert station.heard("StartTransaction")[-1]["meterStart"] == shown + 1
    station.fault("meter-backwards")  # the bill says it: no more is recorded
    assert [row.wh for row in station.rows(RegisterSeen)] == [shown]


def test_2_a_new_meter_after_one_that_fell() -> None:
    """§3.16: service accepts the lower register, and nothing of the old one is kept."""
    station = Station().online()
    station.meter(500)
    station.fault("meter-backwards")
    station.restart(dark=True)
    station.wh[1] = 5.0
    station.online()
    order = station.happens(ev.SelftestAsked(1, clear_latched=True)).orders[0]
    station.happens(ev.BoardDone(order.ref, True))
    assert station.rows(RegisterSeen) == []
    station.restart(dark=True).online()
    assert station.status() == "Available"


def test_meter_register_not_a_counter() -> None:
    """E 3.9: the value is the meter's register, not a counter of the transaction."""
    station = Station()
    station.wh[1] = 123_456.0
    station.online().charging()
    station.wait(60)
    assert values(station)[0]["sampledValue"][0]["value"] == "123456"


def test_offered_measurands() -> None:
    """§7.34: Current.Offered and Power.Offered are what the station offers at that moment, over its phases."""
    station = Station(THREE, MeterValuesSampledData="Current.Offered,Power.Offered").online().charging()
    station.wait(60)
    assert [(value["measurand"], value["value"]) for value in values(station)[0]["sampledValue"]] == [
        ("Current.Offered", "32.0"), ("Power.Offered", "22080.0"),
    ]  # fmt: skip


# --- 2: a reading carries its age -------------------------------------------------------------------------------------


def silent(station: Station) -> Station:
    """From here on no reading comes any more."""
    station.reads = False
    return station.forget()


def test_2_a_value_is_never_told_older_than_it_is() -> None:
    """A meter that has been silent for more than three seconds of charging is not sampled; once, that is noted."""
    station = Station(MeterValueSampleInterval=60).online().charging()
    station.wait(60.5)
    station.meter(100)
    silent(station).wait(2.5)
    station.wait(120)
    assert station.heard("MeterValues") == []
    assert [code for code, _ in station.notes] == ["values-left-out"]
    station.reads = True
    station.wait(60)
    assert len(values(station)) == 1


def test_2_what_is_known_without_the_meter_is_told() -> None:
    """§7.34: what the station offers it knows by itself."""
    station = Station(THREE, MeterValuesSampledData="Energy.Active.Import.Register,Current.Offered").online()
    station.charging()
    silent(station).wait(60)
    assert [value["measurand"] for value in values(station)[0]["sampledValue"]] == ["Current.Offered"]


def test_2_with_an_open_contactor_a_reading_counts_for_thirty_seconds() -> None:
    """The board sends one every ten seconds then: the register of an idle connector is told, an old one is not."""
    station = Station(ClockAlignedDataInterval=20).online()
    silent(station).wait(21)
    assert len(station.heard("MeterValues")) == 1
    station.wait(40)
    assert len(station.heard("MeterValues")) == 1


def test_2_trigger_tells_nothing_old() -> None:
    """§5.17: MeterValues is Rejected where there is no fresh reading."""
    station = Station().online().charging()
    silent(station).wait(10)
    assert station.request("TriggerMessage", requestedMessage="MeterValues", connectorId=1) == {"status": "Rejected"}
    station.meter()
    assert station.request("TriggerMessage", requestedMessage="MeterValues", connectorId=1) == {"status": "Accepted"}


def test_2_a_lost_board_tells_nothing() -> None:
    """After BoardLost no value is told, not even the newest one."""
    station = Station(MeterValueSampleInterval=1).online().charging()
    station.meter(10)
    station.happens(ev.BoardLost("no ack for 5 s"))
    silent(station).wait(5)
    assert station.heard("MeterValues") == []
    connectors = station.cp.status(station.now())["connectors"]
    assert isinstance(connectors, list) and connectors[0]["register_wh"] is None


def test_2_nothing_begins_with_an_old_register() -> None:
    """The start of a bill needs the register of now: the transaction begins with the next reading."""
    station = Station().online()
    silent(station).wait(40)
    station.plug()
    station.tap("CARD")
    assert (station.transaction(), station.cp.why(station.now())[0]["code"]) == (None, "waiting-meter")
    station.meter(7)
    begun = station.transaction()
    assert begun is not None and begun.meter_start_wh == 1007


def test_2_the_status_shows_no_old_reading() -> None:
    """`evsectl status`: a reading that is not fresh is not known."""
    station = Station().online().charging()
    station.meter(5)
    silent(station)

    def shown() -> object:
        connectors = station.cp.status(station.now())["connectors"]
        assert isinstance(connectors, list)
        return connectors[0]["register_wh"]

    assert shown() == 1005
    station.wait(4)
    assert shown() is None


def test_2_a_clock_of_the_board_that_runs_ahead_keeps_nothing_fresh() -> None:
    """A reading of the future is one of now."""
    station = Station(MeterValueSampleInterval=60).online().charging()
    station.happens(ev.MeterSampled(1, station.mono + 1e6, 1010.0))
    silent(station).wait(60)
    assert station.heard("MeterValues") == []
