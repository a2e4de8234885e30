"""Reservations: each verdict, who may use one, and how it ends."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16.messages.datetimes import to_text
from ocpp16.product import Product
from ocpp16.records import Reservation
from tests.ocpp16.station import Station

DUAL = Product(connectors=2)


def reserve(station: Station, number: int = 7, connector: int = 1, in_s: float = 600.0, **more: Any) -> Any:
    utc = station.cp.context.utc
    assert utc is not None
    fields = {"idTag": "OWNER", "expiryDate": to_text(utc + in_s), **more}
    answer = station.request("ReserveNow", reservationId=number, connectorId=connector, **fields)
    assert isinstance(answer, dict)
    return answer["status"]


def test_accepted_then_reserved() -> None:
    """§5.14: Accepted, and the connector is told Reserved; plugging in without the card changes nothing."""
    station = Station().online()
    assert reserve(station) == "Accepted" and station.statuses()[-1] == "Reserved"
    station.plug()
    assert station.status() == "Reserved"


@pytest.mark.parametrize(
    ("connector", "in_s", "product"),
    [(2, 600, Product()), (1, -1, Product()), (0, 600, Product(reserve_connector_zero=False))],
    ids=["unknown connector", "in the past", "connector 0 not offered"],
)
def test_rejected(connector: int, in_s: float, product: Product) -> None:
    """§5.14: what cannot be reserved at all is Rejected."""
    assert reserve(Station(product=product).online(), connector=connector, in_s=in_s) == "Rejected"


def test_faulted_unavailable_occupied() -> None:
    """§5.14: the reason why a connector cannot be reserved now, for a connector and for the station."""
    for connector in (0, 1):
        station = Station().online()
        station.fault("rcd")
        assert reserve(station, connector=connector) == "Faulted"
        station = Station().online()
        station.request("ChangeAvailability", connectorId=0, type="Inoperative")
        assert reserve(station, connector=connector) == "Unavailable"
        station = Station().online()
        station.plug()
        assert reserve(station, connector=connector) == "Occupied"
        station = Station().online()
        assert reserve(station, 1, connector) == "Accepted"
        assert reserve(station, 2, connector) == "Occupied"


def test_the_same_id_replaces() -> None:
    """§5.14: a reservation with a known id takes the place of the old one."""
    station = Station().online()
    reserve(station)
    assert reserve(station, idTag="OTHER") == "Accepted"
    assert [row.id_tag for row in station.rows(Reservation)] == ["OTHER"]


def test_the_card_uses_it() -> None:
    """§3.12: the reserved card starts, the start bears the reservationId and ends the reservation."""
    station = Station().online()
    reserve(station)
    station.charging("owner")
    assert station.heard("StartTransaction")[-1]["reservationId"] == 7
    assert station.rows(Reservation) == []


def test_a_foreign_card_is_not_even_asked_about() -> None:
    """§3.12: without a parentIdTag nobody else can use it, so no question is asked."""
    station = Station().online()
    reserve(station)
    station.plug()
    station.said.clear()
    station.tap("FOREIGN")
    assert station.actions() == [] and station.status() == "Reserved"


@pytest.mark.parametrize("parent", ["GROUP", "ELSE"])
def test_the_group_uses_it(parent: str) -> None:
    """§3.12: a card whose parentIdTag equals the reservation's may use it, another group may not."""
    station = Station().online()
    reserve(station, parentIdTag="group")
    station.script["Authorize"] = {"idTagInfo": {"status": "Accepted", "parentIdTag": parent}}
    station.plug()
    station.tap("MEMBER")
    assert (station.transaction() is not None) == (parent == "GROUP")


def test_remote_start() -> None:
    """§5.11: a remote start for the reserved card uses the reservation, for another it is Rejected."""
    station = Station().online()
    reserve(station)
    station.plug()
    assert station.request("RemoteStartTransaction", idTag="FOREIGN", connectorId=1) == {"status": "Rejected"}
    assert station.request("RemoteStartTransaction", idTag="OWNER", connectorId=1) == {"status": "Accepted"}
    assert station.heard("StartTransaction")[-1]["reservationId"] == 7


def test_it_expires() -> None:
    """§3.12: at expiryDate the connector is told Available."""
    station = Station().online()
    reserve(station, in_s=60)
    station.wait(59)
    assert station.status() == "Reserved"
    station.wait(2)
    assert station.status() == "Available" and station.rows(Reservation) == []


def test_cancel() -> None:
    """§5.2: Accepted where the reservation is known, Rejected otherwise."""
    station = Station().online()
    reserve(station)
    assert station.request("CancelReservation", reservationId=8) == {"status": "Rejected"}
    assert station.request("CancelReservation", reservationId=7) == {"status": "Accepted"}
    assert station.status() == "Available"


@pytest.mark.parametrize("how", ["fault", "inoperative"])
def test_a_connector_out_of_service_keeps_nothing(how: str) -> None:
    """§3.12: Faulted and Unavailable end the reservation of that connector."""
    station = Station().online()
    reserve(station)
    if how == "fault":
        station.fault("rcd")
    else:
        station.request("ChangeAvailability", connectorId=1, type="Inoperative")
    assert station.rows(Reservation) == []


def test_it_survives_the_dark_and_expires_in_it() -> None:
    """§3.12: kept over power cuts; what expired while we were away is dropped."""
    station = Station().online()
    reserve(station, in_s=600)
    station.restart(dark=True).online()
    assert station.status() == "Reserved"
    station.restart(after_s=900).online()
    station.wait(1)
    assert station.status() == "Available" and station.rows(Reservation) == []


def test_the_whole_station_with_two_connectors() -> None:
    """§3.12: connector 0 keeps one connector free for the card, whichever; the other one is for everybody."""
    station = Station(product=DUAL).online()
    assert reserve(station, connector=0) == "Accepted"
    station.plug(1)
    station.tap("FOREIGN", 1)
    assert station.transaction(1) is not None
    station.plug(2)
    station.tap("FOREIGN2", 2)
    assert station.transaction(2) is None
    station.tap("OWNER", 2)
    assert station.transaction(2) is not None
    assert station.heard("StartTransaction")[-1]["reservationId"] == 7
