"""The meter's own number in BootNotification, an exchanged meter, and how often a contactor has switched."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16 import events as ev
from ocpp16.product import Identity
from ocpp16.profiles.core.registration import boot_notification
from ocpp16.records import Equipment, MeterSwap, Transaction
from tests.ocpp16.rig import Station

SDM = ev.MeterIdentified(1, "17042371", "Eastron SDM120")
OTHER = ev.MeterIdentified(1, "99000001", "Eastron SDM120")


def booted(station: Station, *told: ev.Event) -> dict[str, Any]:
    """The BootNotification of a start whose board tells these before its readings."""
    station.started(attached=False)
    station.attach(*told, station.reading())
    station.said.clear()
    station.connect()
    return station.heard("BootNotification")[-1]


def codes(station: Station) -> list[str]:
    return [code for code, _ in station.notes if code.startswith("meter-")]


def test_12_the_meters_number_is_in_the_boot_notification() -> None:
    """Number and kind, as the meter says them (§6.3)."""
    boot = booted(Station(), SDM)
    assert (boot["meterSerialNumber"], boot["meterType"]) == ("17042371", "Eastron SDM120")
    assert "meterSerialNumber" not in booted(Station())


def test_12_a_number_that_comes_late_is_in_the_next_one() -> None:
    """None is sent for it alone; it is on record, and told at the next start before any board is there."""
    station = Station().online()
    station.happens(SDM)
    assert station.heard("BootNotification") == [] and codes(station) == ["meter-identified"]
    station.restart().started(attached=False)
    station.connect()
    assert station.heard("BootNotification")[-1]["meterSerialNumber"] == "17042371"


def test_12_the_settings_come_first_and_of_several_meters_the_first_with_a_number() -> None:
    """What somebody wrote down is not overruled."""
    rows: dict[int | str, Equipment] = {
        1: Equipment(connector=1, meter_model="PZEM-004T V3"),
        2: Equipment(connector=2, meter_serial="2", meter_model="B"),
        3: Equipment(connector=3, meter_serial="3", meter_model="C"),
    }
    found = boot_notification(Identity(vendor="v", model="m"), rows)
    assert (found.meter_serial_number, found.meter_type) == ("2", "B")
    found = boot_notification(Identity(vendor="v", model="m", meter_serial="own"), rows)
    assert (found.meter_serial_number, found.meter_type) == ("own", "B")
    found = boot_notification(Identity(vendor="v", model="m"), {1: rows[1]})
    assert (found.meter_serial_number, found.meter_type) == (None, "PZEM-004T V3")


@pytest.mark.parametrize("wh", [5.0, 900_000.0], ids=["lower", "higher"])
def test_12_a_meter_that_was_exchanged_in_the_dark(wh: float) -> None:
    """A recorded event; the open bill ends with the old register, not with the new meter's, and nothing is unbilled."""
    station = Station()
    booted(station, SDM)
    station.charging()
    station.meter(50)
    station.wait(100)
    last = station.rows(Transaction)[0].last_wh
    station.restart(dark=True)
    station.wh[1] = wh
    station.notes.clear()
    booted(station, OTHER)
    ended = station.rows(Transaction)[0]
    assert (ended.reason, ended.meter_stop_wh, ended.stop_exact) == ("PowerLoss", last, False)
    assert codes(station) == ["meter-exchanged"]
    assert station.rows(MeterSwap) == [MeterSwap(connector=1, after_number=ended.number)]
    assert station.status() == "Available"
    station.unplug()
    station.charging()
    assert station.heard("StartTransaction")[-1]["meterStart"] == int(wh)
    assert "energy-unbilled" not in [code for code, _ in station.notes]
    station.restart(dark=True)
    assert booted(station, OTHER)["meterSerialNumber"] == "99000001"


def test_12_exchanged_while_a_fault_says_that_the_register_is_low() -> None:
    """The number explains the lower register: the fault ends by itself."""
    station = Station()
    booted(station, SDM)
    station.charging()
    station.meter(50)
    station.tap("CARD")
    station.open_contactor()
    station.unplug()
    station.restart(dark=True)
    station.wh[1] = 5.0
    station.online()
    assert station.status() == "Faulted"
    station.happens(OTHER)
    station.meter()
    assert station.status() == "Available"


def test_12_another_number_in_the_middle_of_a_charge_ends_it() -> None:
    """A board of somebody else may say so: nothing of the new meter is billed."""
    station = Station()
    booted(station, SDM)
    station.charging()
    station.meter(50)
    station.wait(61)
    last = station.rows(Transaction)[0].last_wh
    station.happens(OTHER)
    assert station.offered() == 0.0
    station.meter(7000)
    station.open_contactor()
    station.wait(30)
    assert (station.rows(Transaction)[0].meter_stop_wh, station.rows(Transaction)[0].stop_exact) == (last, False)


def test_12_what_contradicts_nothing() -> None:
    """The same meter again, one without a number, a number that comes for the first time, a connector that is not."""
    station = Station()
    booted(station, SDM)
    station.notes.clear()
    for told in (SDM, ev.MeterIdentified(1, "", "Eastron SDM120"), ev.MeterIdentified(9, "1", "x")):
        station.happens(told)
    assert codes(station) == [] and station.rows(MeterSwap) == []
    station.happens(ev.MeterIdentified(1, "", "PZEM-004T V3"))
    station.happens(ev.MeterIdentified(1, "5", "PZEM-004T V3"))
    assert codes(station) == ["meter-identified"] * 2 and station.rows(MeterSwap) == []


def counts(station: Station) -> tuple[object, object]:
    row = station.cp.status(station.now())["connectors"][0]  # type: ignore[index]
    return row["switchings_loaded"], row["switchings_unloaded"]


def test_12_switchings_are_added_up() -> None:
    """Over sessions of the board, restarts of evsed and repeated greetings; what a board counts twice counts once."""
    station = Station().online()
    assert counts(station) == (0, 0)
    station.happens(ev.SwitchingsCounted(1, 0, 2))
    station.happens(ev.SwitchingsCounted(1, 1, 2))
    station.wait(61)
    station.restart().online()
    station.happens(ev.SwitchingsCounted(1, 1, 2))
    assert counts(station) == (1, 2)
    station.happens(ev.SwitchingsCounted(1, 0, 0))
    assert counts(station) == (1, 2), "a board that counts backwards takes nothing away"
    station.wait(61)
    station.restart(board_restarts=True).online()
    station.happens(ev.SwitchingsCounted(1, 0, 5))
    assert counts(station) == (1, 7)
    station.happens(ev.SwitchingsCounted(9, 1, 1))
    station.happens(ev.BoardLost("gone"))
    station.happens(ev.SwitchingsCounted(1, 9, 9))
    assert counts(station) == (1, 7)
