"""Whose card it is, where one reader serves several connectors (§3.5)."""

from __future__ import annotations

import pytest

from ocpp16 import events as ev
from ocpp16.product import Product
from tests.ocpp16.rig import ACCEPTED, SILENCE, Station, clock_text, profile, refused


def starts(station: Station) -> list[tuple[str, int]]:
    return [(said["idTag"], said["connectorId"]) for said in station.heard("StartTransaction")]


def wide(connectors: int) -> Station:
    return Station(Product(connectors=connectors)).online()


@pytest.mark.parametrize("connectors", range(2, 9))
def test_plug_then_card_in_turn(connectors: int) -> None:
    """§4.1: with one reader the card belongs to the plug that has waited longest, whichever connector it is in."""
    station = wide(connectors)
    order = list(range(connectors, 0, -1))
    for number in order:
        station.mono += 1
        station.plug(number)
    for number in order:
        station.tap(f"CARD{number}")
    assert starts(station) == [(f"CARD{number}", number) for number in order]
    assert all(station.offered(number) == 32.0 for number in order)


@pytest.mark.parametrize("connectors", range(2, 9))
def test_card_then_plug(connectors: int) -> None:
    """§4.1: a card that was accepted before any plug goes where the next plug is."""
    station = wide(connectors)
    station.tap("CARD")
    assert station.statuses(1) == ["Preparing"]
    station.plug(connectors)
    assert starts(station) == [("CARD", connectors)]
    assert station.statuses(1) == ["Preparing", "Available"]


@pytest.mark.parametrize("connectors", range(2, 9))
def test_each_card_stops_its_own(connectors: int) -> None:
    """§4.10: a card that began a transaction ends that one, wherever another plug waits."""
    station = wide(connectors)
    for number in range(1, connectors):
        station.charging(f"CARD{number}", number)
    station.plug(connectors)
    station.tap("card1")
    station.open_contactor(1)
    assert [stop["idTag"] for stop in station.heard("StopTransaction")] == ["card1"]
    assert station.offered(connectors) == 0.0


def test_reader_of_a_connector() -> None:
    """§4.1: a reader that belongs to a connector speaks for that one."""
    station = wide(2)
    station.plug(1)
    station.plug(2)
    station.tap("CARD", connector=2)
    assert starts(station) == [("CARD", 2)]


def test_reader_of_a_connector_that_is_not_there() -> None:
    """A reader that names a connector nobody has is one for all."""
    station = wide(2)
    station.plug(2)
    station.tap("CARD", connector=7)
    assert starts(station) == [("CARD", 2)]


def test_faulted_connectors_are_passed_over() -> None:
    """§4.1: the card goes where something can begin."""
    station = wide(3)
    station.plug(1)
    station.fault("rcd", connector=1)
    station.mono += 1
    station.plug(2)
    station.tap("CARD")
    assert starts(station) == [("CARD", 2)]


def test_second_card_while_one_waits_for_its_plug() -> None:
    """§4.1: two cards may wait for two plugs; each plug takes the first that still waits."""
    station = wide(3)
    station.tap("A")
    station.tap("B")
    station.plug(3)
    station.plug(2)
    assert starts(station) == [("A", 3), ("B", 2)]


def test_remote_start_keeps_its_connector() -> None:
    """§5.11: a remote start was meant for its connector: no other plug takes it."""
    station = wide(2)
    station.request("RemoteStartTransaction", idTag="CARD", connectorId=1)
    station.plug(2)
    assert starts(station) == []
    station.plug(1)
    assert starts(station) == [("CARD", 1)]


def test_given_up_by_its_own_card() -> None:
    """§4.9 B1: a card that waits is given up by itself, though another connector is free."""
    station = wide(2)
    station.tap("CARD")
    station.tap("CARD")
    assert station.statuses(1) == ["Preparing", "Available"]
    assert station.statuses(2) == []


def test_nobody_is_free() -> None:
    """§4.1: where nothing is free a strange card changes nothing."""
    station = wide(2).charging("A", 1).charging("B", 2).forget()
    station.tap("C")
    assert (station.status(1), station.status(2)) == ("Charging", "Charging")
    assert station.heard("StartTransaction") == []


def test_card_while_another_is_asked_about() -> None:
    """§4.1: while the answer about one card is awaited another one goes to the next free connector."""
    station = wide(2)
    station.script["Authorize"] = SILENCE
    station.plug(1)
    station.mono += 1
    station.plug(2)
    station.tap("A")
    station.tap("B")
    station.script.clear()
    station.settle()
    assert sorted(starts(station)) == [("A", 1), ("B", 2)]


def test_card_shown_twice_while_it_is_asked_about() -> None:
    """§4.1: a card that is shown again while its answer is awaited takes one connector only."""
    station = wide(2)
    station.script["Authorize"] = SILENCE
    station.plug(1)
    station.plug(2)
    station.tap("A")
    station.tap("a")
    station.script.clear()
    station.settle()
    assert starts(station) == [("A", 1)]


def test_more_cards_than_connectors() -> None:
    """§4.1: where every free connector is asked about already, the next card may still have one that is refused."""
    station = wide(2)
    station.script["Authorize"] = SILENCE
    for card in ("A", "B", "C"):
        station.tap(card)
    station.script["Authorize"] = lambda payload: refused() if payload["idTag"] == "A" else ACCEPTED
    station.settle()
    station.plug(2)
    station.plug(1)
    assert sorted(card for card, _ in starts(station)) == ["B", "C"]


def test_refused_card_leaves_the_plug_to_the_next() -> None:
    """§4.1: a refused card does not use up the plug."""
    station = wide(2)
    station.plug(2)
    station.script["Authorize"] = refused()
    station.tap("A")
    station.script.clear()
    station.tap("B")
    assert starts(station) == [("B", 2)]


@pytest.mark.parametrize("card", ["", "x" * 21])
def test_no_card(card: str) -> None:
    """§7.28: an idTag has 1 to 20 characters."""
    station = Station().online()
    station.plug()
    station.forget()
    step = station.happens(ev.CardPresented(None, card, 0.0))
    assert station.said == []
    assert step.notes[0].fields["reason"] == "1 to 20 characters"


def test_longest_card() -> None:
    """§7.28: twenty characters are a card."""
    station = Station().online()
    station.plug()
    station.tap("x" * 20)
    assert starts(station) == [("x" * 20, 1)]


def finished(connectors: int = 2) -> Station:
    """ALICE has charged on connector 1; her car still hangs there."""
    station = wide(connectors).charging("ALICE", 1)
    station.tap("ALICE")
    station.pilot("B", 1)
    station.open_contactor(1)
    assert station.status(1) == "Finishing"
    station.mono += 10
    return station.forget()


def test_car_that_has_finished_is_not_waiting() -> None:
    """§4.1: the next card belongs to the car that waits, not to the one that hangs there after its own charge."""
    station = finished()
    station.plug(2)
    station.tap("BOB")
    assert starts(station) == [("BOB", 2)]


def test_next_card_before_its_plug_goes_to_a_free_place() -> None:
    """§4.1: without a waiting car an empty connector comes before one where a car has finished."""
    station = finished()
    station.tap("BOB")
    assert (starts(station), station.status(2)) == ([], "Preparing")
    station.plug(2)
    assert starts(station) == [("BOB", 2)]


def test_own_card_again() -> None:
    """§4.1: who has finished and shows the same card again goes on there; the only plug serves all."""
    station = finished()
    station.tap("ALICE")
    assert starts(station) == [("ALICE", 1)]
    station = finished(1)
    station.tap("BOB")
    assert starts(station) == [("BOB", 1)]


def test_remote_start_that_names_no_connector() -> None:
    """§5.11: it goes to the car that waits, too."""
    station = finished()
    station.plug(2)
    assert station.request("RemoteStartTransaction", idTag="BOB") == {"status": "Accepted"}
    assert starts(station) == [("BOB", 2)]


@pytest.mark.parametrize("authorize", [True, False])
def test_point_6_a_remote_start_of_no_connector_follows_the_plug(authorize: bool) -> None:
    """§5.11: the driver plugs in where there is room; only a named connector is waited for."""
    station = Station(Product(connectors=3), AuthorizeRemoteTxRequests=authorize).online()
    assert station.request("RemoteStartTransaction", idTag="BOB") == {"status": "Accepted"}
    assert station.status(1) == "Preparing"
    station.plug(3)
    assert starts(station) == [("BOB", 3)] and station.status(1) == "Available"
    assert station.request("RemoteStartTransaction", idTag="EVE", connectorId=1) == {"status": "Accepted"}
    station.plug(2)
    assert starts(station) == [("BOB", 3)]


@pytest.mark.parametrize("remote", [True, False])
def test_point_6_the_plug_may_come_before_the_answer(remote: bool) -> None:
    """§4.1: plugged in elsewhere while the card is asked about: the answer finds the plug."""
    station = wide(3)
    station.script["Authorize"] = SILENCE
    if remote:
        station.request("RemoteStartTransaction", idTag="BOB")
    else:
        station.tap("BOB")
    station.plug(2)
    station.script.clear()
    station.settle()
    assert starts(station) == [("BOB", 2)]


def test_point_6_a_profile_goes_with_its_remote_start() -> None:
    """§5.11: the TxProfile of the request is that of the transaction, wherever it begins."""
    station = Station(Product(connectors=2), AuthorizeRemoteTxRequests=False).online()
    limit = profile(5, (0, 10.0), chargingProfilePurpose="TxProfile")
    station.request("RemoteStartTransaction", idTag="BOB", chargingProfile=limit)
    station.plug(2)
    assert starts(station) == [("BOB", 2)] and station.offered(2) == 10.0


def test_point_6_no_plug_of_somebody_else_is_taken() -> None:
    """§3.12: not a reserved connector, not a car that has finished, not one about whose card is asked."""
    station = finished(3)
    expiry = clock_text(station.mono + 3600)
    reserve = {"connectorId": 2, "expiryDate": expiry, "idTag": "EVE", "reservationId": 1}
    assert station.request("ReserveNow", **reserve) == {"status": "Accepted"}
    assert station.request("RemoteStartTransaction", idTag="BOB") == {"status": "Accepted"}
    station.plug(2)
    assert starts(station) == [] and station.status(3) == "Preparing"


@pytest.mark.parametrize("remote", [True, False])
def test_no_plug_of_another_group_is_taken(remote: bool) -> None:
    """§3.12: who has been answered already is not of the group that a connector is kept for."""
    station = Station(Product(connectors=2), AuthorizeRemoteTxRequests=False).online()
    expiry = clock_text(station.mono + 3600)
    reserve = {"connectorId": 2, "expiryDate": expiry, "idTag": "EVE", "parentIdTag": "FLEET", "reservationId": 1}
    assert station.request("ReserveNow", **reserve) == {"status": "Accepted"}
    if remote:
        assert station.request("RemoteStartTransaction", idTag="BOB") == {"status": "Accepted"}
    else:
        station.tap("BOB")
    station.plug(2)
    assert starts(station) == []
    station.plug(1)
    assert starts(station) == [("BOB", 1)]
