"""Why a running transaction does (not) get energy, with what is measured."""

from __future__ import annotations

from typing import Any

from ocpp16 import events as ev
from ocpp16.product import Product
from tests.ocpp16.profiles.firmware_management.works import Unit
from tests.ocpp16.rig import CallError, Station, clock_text, limit_to


def why(station: Station, connector: int = 1) -> Any:
    return station.cp.why(station.now(), connector)[0]


def test_what_holds_the_limit_down_is_the_cause() -> None:
    """The lowest bound by name, in tenths of an ampere."""
    station = Station().online().charging()
    limit_to(station, 5.9)
    assert why(station)["code"] == "limit" and why(station)["text"].startswith("TxDefaultProfile 1 (level 0, period 1)")
    assert "allows 5.9 A; below 6 A nothing can be signalled" in why(station)["text"]


def test_the_smallest_current_is_that_of_the_board() -> None:
    """A board of 10 A at least says so."""
    station = Station().online(attached=False)
    station.attach(station.reading(), shapes=(ev.ConnectorShape(1, min_amps=10.0),))
    station.charging()
    limit_to(station, 8.0)
    assert "allows 8 A; below 10 A nothing can be signalled" in why(station)["text"]


def test_b11_a_start_that_could_not_be_delivered() -> None:
    """While it is tried again: the error, which attempt, and when the next one comes; parked: the error."""
    station = Station(TransactionMessageAttempts=2, TransactionMessageRetryInterval=60).online()
    station.script["StartTransaction"] = CallError("InternalError", "no tariff")
    station.charging()
    station.wait(17)
    assert "failed (InternalError: no tariff), attempt 1 of 2; next in 43 s." in why(station)["text"]
    station.wait(60)
    assert "could not be delivered: InternalError: no tariff." in why(station)["text"]


def test_b11_a_firmware_image_waits_for_the_car() -> None:
    """At the car that charges, and at the connector that it closes."""
    unit = Unit(Product(connectors=2, secure_firmware=False, download_while_charging=True))
    unit.station.charging()
    unit.update()
    unit.downloaded()
    assert "A firmware image waits until this transaction has ended." in why(unit.station)["text"]
    assert why(unit.station, 2)["code"] == "updating"
    assert "the transaction on connector 1" in why(unit.station, 2)["text"]


def test_what_the_board_signals_is_told_where_it_is_less() -> None:
    """The board knows its temperature."""
    station = Station().online().charging()
    station.meter(10, amps=(9.9,))
    station.happens(ev.OfferAcked(1, 10.0, "it is too warm for more"))
    assert why(station)["text"] == (
        "The car is charging: 32 A offered, 9.9 A drawn, 10 Wh so far. "
        "The board signals 10 A: it is too warm for more."
    )  # fmt: skip


def test_a_stop_that_waits_for_the_next_board() -> None:
    """Without a board nobody knows when the contactor opens."""
    station = Station().online().charging()
    station.happens(ev.BoardLost("gone"))
    station.happens(ev.StopAsked(1, 1))
    assert why(station)["code"] == "board-missing"


def test_an_update_whose_time_has_come_waits_for_the_car() -> None:
    """AQ-4: this product downloads nothing while a car charges; one whose time has not come has its hour."""
    unit = Unit()
    unit.station.charging()
    unit.update(retrieveDate=clock_text(unit.station.mono + 60))
    assert "A firmware update is planned for 2025-04-14T12:01:00Z." in why(unit.station)["text"]
    unit.wait(70)
    assert "A firmware update waits until this transaction has ended." in why(unit.station)["text"]
