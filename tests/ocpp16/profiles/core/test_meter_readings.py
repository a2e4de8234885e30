"""Meter readings: the register never falls (§3.16), and the measurands that follow (§7.34)."""

from __future__ import annotations

from ocpp16 import events as ev
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
