"""Reservations: each verdict, who may use one, and how it ends."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16.events import StoreChanged
from ocpp16.messages.datetimes import to_text
from ocpp16.product import Product
from ocpp16.records import Reservation
from tests.ocpp16.rig import NOON, SILENCE, Station

DUAL = Product(connectors=2)


def reserve(station: Station, number: int = 7, connector: int = 1, in_s: float = 600.0, **more: Any) -> Any:
    utc = station.cp.parts.context.utc
    assert utc is not None
    fields = {"idTag": "OWNER", "expiryDate": to_text(utc + in_s), **more}
    answer = station.request("ReserveNow", reservationId=number, connectorId=connector, **fields)
    assert isinstance(answer, dict)
    return answer["status"]


def test_accepted_then_reserved() -> None:
    """§5.13: Accepted, and the connector is told Reserved; plugging in without the card changes nothing."""
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
    """§5.13: what cannot be reserved at all is Rejected, and the journal says why."""
    station = Station(product=product).online()
    assert reserve(station, connector=connector, in_s=in_s) == "Rejected"
    ((_, fields),) = [note for note in station.notes if note[0] == "reservation"]
    assert len(str(fields["status"])) > len("Rejected: ")


def test_faulted_unavailable_occupied() -> None:
    """§5.13: the reason why a connector cannot be reserved now, for a connector and for the station."""
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
    """§5.13: a reservation with a known id takes the place of the old one."""
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


def test_the_same_id_renews_while_a_car_is_plugged_in() -> None:
    """§5.13: the holder's reservation is renewed though a car was plugged in meanwhile; the later expiry counts."""
    station = Station().online()
    reserve(station, in_s=60)
    station.plug()
    assert reserve(station, in_s=600) == "Accepted"
    station.wait(120)
    assert station.status() == "Reserved"


def test_the_same_id_elsewhere() -> None:
    """§5.13: a known id asks for another connector: that one is free, or the old reservation stays."""
    station = Station(product=DUAL).online()
    reserve(station)
    station.plug(2)
    assert reserve(station, connector=2) == "Occupied"
    station.unplug(2)
    assert reserve(station, connector=2) == "Accepted"
    assert [(row.reservation_id, row.connector) for row in station.rows(Reservation)] == [(7, 2)]
    assert [station.status(connector) for connector in (1, 2)] == ["Available", "Reserved"]


def test_without_the_profile() -> None:
    """§5.13: a product that knows no reservations: Rejected."""
    assert reserve(Station(product=Product(profiles=("Core",))).online()) == "Rejected"


def test_no_room() -> None:
    """A store without room takes no reservation: Rejected."""
    station = Station().online()
    station.happens(StoreChanged("full", "no room"))
    assert reserve(station) == "Rejected"


def test_while_the_hour_is_unknown() -> None:
    """§3.12: what expires cannot be kept while no clock tells the hour: Rejected."""
    station = Station().started()
    station.script["BootNotification"] = SILENCE
    station.connect()
    asked = {"connectorId": 1, "expiryDate": "2100-01-01T00:00:00Z", "idTag": "OWNER", "reservationId": 1}
    assert station.request("ReserveNow", **asked) == {"status": "Rejected"}


def test_a_transaction_is_in_use() -> None:
    """§5.13: a connector with a transaction, an accepted card or a card that is asked about is Occupied."""
    station = Station().online().charging()
    assert reserve(station) == "Occupied"
    station = Station().online()
    station.tap("CARD")
    assert reserve(station) == "Occupied"
    station = Station().online()
    station.script["Authorize"] = SILENCE
    station.tap("CARD")
    asked = {"connectorId": 1, "expiryDate": to_text(NOON + 600), "idTag": "OWNER", "reservationId": 1}
    assert station.ask("ReserveNow", **asked)[0] == {"status": "Occupied"}


def test_no_plug_in_time() -> None:
    """§3.12: the reserved card without a plug within ConnectionTimeOut: Available for a moment, Reserved again."""
    station = Station().online()
    reserve(station)
    station.forget()
    station.tap("OWNER")
    station.wait(61)
    assert station.statuses() == ["Preparing", "Available", "Reserved"]
    assert len(station.rows(Reservation)) == 1


def test_expires_while_the_owner_plugs_in() -> None:
    """§3.12: a reservation that runs out between card and plug does not take the start away; it bears no id then."""
    station = Station().online()
    reserve(station, in_s=20)
    station.tap("OWNER")
    station.wait(30)
    station.plug()
    assert len(station.heard("StartTransaction")) == 1
    assert "reservationId" not in station.heard("StartTransaction")[0]


def test_cancelled_while_a_car_is_plugged_in() -> None:
    """§5.2: after the end of a reservation the plugged connector is Preparing, as if it had just been plugged."""
    station = Station().online()
    reserve(station)
    station.plug()
    station.request("CancelReservation", reservationId=7)
    assert station.status() == "Preparing"


def test_cancel_of_an_expired_one() -> None:
    """§5.2: a reservation that ran out is not known any more."""
    station = Station().online()
    reserve(station, in_s=1)
    station.mono += 2
    assert station.request("CancelReservation", reservationId=7) == {"status": "Rejected"}


def test_offline_the_group_comes_from_list_or_cache() -> None:
    """§3.12: without a connection the group of a card is the one that is known; an unknown card has none."""
    entry = {"idTag": "MEMBER", "idTagInfo": {"status": "Accepted", "parentIdTag": "GROUP"}}
    station = Station(AllowOfflineTxForUnknownId="true").online()
    station.request("SendLocalList", listVersion=1, updateType="Full", localAuthorizationList=[entry])
    reserve(station, parentIdTag="group")
    station.disconnect()
    station.plug()
    station.tap("STRANGER")
    assert station.transaction() is None
    station.tap("MEMBER")
    assert station.transaction() is not None


@pytest.mark.parametrize(("asks", "verdict"), [(True, "Accepted"), (False, "Rejected")])
def test_remote_start_of_an_unknown_member(asks: bool, verdict: str) -> None:
    """§5.11, §3.12: whether a card is of the reserved group is asked, where remote starts are asked about at all."""
    station = Station(AuthorizeRemoteTxRequests=asks).online()
    reserve(station, parentIdTag="group")
    assert station.request("RemoteStartTransaction", idTag="MEMBER", connectorId=1) == {"status": verdict}


def test_remote_start_of_a_known_member() -> None:
    """§5.11, §3.12: a card that is known to be of the reserved group may use it."""
    entry = {"idTag": "MEMBER", "idTagInfo": {"status": "Accepted", "parentIdTag": "GROUP"}}
    station = Station(AuthorizeRemoteTxRequests=False).online()
    station.request("SendLocalList", listVersion=1, updateType="Full", localAuthorizationList=[entry])
    reserve(station, parentIdTag="group")
    station.plug()
    assert station.request("RemoteStartTransaction", idTag="MEMBER", connectorId=1) == {"status": "Accepted"}
    assert station.heard("StartTransaction")[-1]["reservationId"] == 7


def test_remote_start_picks_the_reserved_connector() -> None:
    """§5.11: without connectorId the owner of a reservation is led to his connector."""
    station = Station(product=DUAL).online()
    reserve(station, connector=2)
    station.request("RemoteStartTransaction", idTag="OWNER")
    assert [station.status(connector) for connector in (1, 2)] == ["Available", "Preparing"]


@pytest.mark.parametrize("connectors", range(1, 9))
def test_the_whole_station_keeps_one_free(connectors: int) -> None:
    """§3.12: with 1 to 8 connectors a reservation of the station keeps exactly one; connector 0 is Available."""
    station = Station(product=Product(connectors=connectors)).online()
    assert reserve(station, connector=0) == "Accepted"
    for connector in range(1, connectors):
        station.charging(f"CARD{connector}", connector)
    assert station.status(connectors) == "Reserved"
    assert reserve(station, 8, connectors) == "Occupied"
    assert station.statuses(0) == []
    station.charging("OWNER", connectors)
    assert station.heard("StartTransaction")[-1]["reservationId"] == 7


def test_station_and_connector_reserved() -> None:
    """§3.12: a connector that is kept for one card is not the one that the station keeps for another."""
    station = Station(product=DUAL).online()
    assert reserve(station, 1, connector=1) == "Accepted"
    assert reserve(station, 2, connector=0, idTag="OTHER") == "Accepted"
    assert reserve(station, 3, connector=0, idTag="THIRD") == "Occupied"
    assert [station.status(connector) for connector in (1, 2)] == ["Reserved", "Reserved"]


@pytest.mark.parametrize("owner", ["FIRST", "SECOND"])
@pytest.mark.parametrize("remote", [True, False])
def test_two_reservations_of_the_station(owner: str, remote: bool) -> None:
    """§3.12: when both connectors are kept for two owners, each of them may use either."""
    station = Station(product=DUAL, AuthorizeRemoteTxRequests=False).online()
    reserve(station, 1, connector=0, idTag="FIRST")
    reserve(station, 2, connector=0, idTag="SECOND")
    assert [station.status(connector) for connector in (1, 2)] == ["Reserved", "Reserved"]
    station.plug(2)
    if remote:
        assert station.request("RemoteStartTransaction", idTag=owner) == {"status": "Accepted"}
    else:
        station.tap("STRANGER")
        assert station.heard("Authorize") == []
        station.tap(owner)
    (start,) = station.heard("StartTransaction")
    assert (start["connectorId"], start["reservationId"]) == (2, 1 if owner == "FIRST" else 2)
    assert station.status(1) == "Reserved"


@pytest.mark.parametrize("how", ["unavailable", "faulted"])
def test_a_station_without_a_connector_keeps_nothing(how: str) -> None:
    """§3.12: a reservation of the whole station ends when no connector is left for it."""
    station = Station(product=DUAL).online()
    reserve(station, connector=0)
    if how == "faulted":
        station.fault("overtemperature", connector=None)
    else:
        station.request("ChangeAvailability", connectorId=0, type="Inoperative")
    assert station.request("CancelReservation", reservationId=7) == {"status": "Rejected"}
    assert not station.rows(Reservation)


def test_a_fault_elsewhere_moves_what_is_kept() -> None:
    """§3.12: with one of two connectors out of order the other one is the one that is kept."""
    station = Station(product=DUAL).online()
    reserve(station, connector=0)
    assert [station.status(connector) for connector in (1, 2)] == ["Available", "Available"]
    station.fault("rcd", connector=1)
    assert station.status(2) == "Reserved"
    station.fault("rcd", on=False, connector=1)
    assert station.status(2) == "Available"


def test_a_flood_writes_once() -> None:
    """1,000 equal commands write one row once."""
    station, writes = Station().online(), 0
    asked = {"connectorId": 1, "expiryDate": to_text(NOON + 600), "idTag": "OWNER", "reservationId": 1}
    for _ in range(1000):
        answer, step = station.ask("ReserveNow", **asked)
        assert answer == {"status": "Accepted"}
        writes += len(step.records)
    assert writes <= 2
