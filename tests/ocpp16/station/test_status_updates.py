"""What follows from the present status after every step: StatusNotification, availability, reservations (§4.9)."""

from __future__ import annotations

from ocpp16 import events as ev
from ocpp16.product import Product
from ocpp16.records import Reservation
from tests.ocpp16.rig import SILENCE, Station, clock_text


def test_status_after_its_start() -> None:
    """§4.9: Charging is sent after the StartTransaction.req that brought it about, Preparing is not held up."""
    station = Station().online()
    station.script["Authorize"] = SILENCE
    station.charging()
    station.script.clear()
    station.settle()
    assert station.actions() == ["StatusNotification", "Authorize", "StartTransaction", "StatusNotification"]
    assert station.statuses() == ["Preparing", "Charging"]


def test_no_status_before_the_board_is_ready() -> None:
    """§4.9: until all present states are reported nothing is sent about a connector; about the station it is."""
    station = Station().online()
    station.restart().happens(ev.Started())
    station.connect()
    assert {said["connectorId"] for said in station.forget().heard("StatusNotification")} <= {0}
    station.attach()
    assert station.statuses(1) == ["Available"]


def test_scheduled_availability_takes_effect() -> None:
    """§5.2: what was Scheduled is done as soon as the driver has left."""
    station = Station().online()
    station.plug()
    answer = station.request("ChangeAvailability", connectorId=1, type="Inoperative")
    assert answer == {"status": "Scheduled"}
    station.unplug()
    assert station.status() == "Unavailable"


def test_reservation_of_a_faulted_connector() -> None:
    """§3.12: a connector that is Faulted loses its reservation."""
    station = Station(Product(connectors=2)).online()
    soon = clock_text(5000.0)
    station.request("ReserveNow", connectorId=2, expiryDate=soon, idTag="CARD", reservationId=1)
    station.fault("rcd", connector=1)
    assert len(station.rows(Reservation)) == 1
    station.fault("rcd", connector=2)
    assert station.rows(Reservation) == []
    assert station.statuses(0) == []
