"""What happened a while ago: ends of transactions, refused cards, starts that were lost."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16 import events as ev
from ocpp16.messages.types import Reason
from ocpp16.why.past import CAUSES
from ocpp16.why.reason import REMEMBERED_S
from tests.ocpp16.rig import Station, clock_text, refused


def why(station: Station) -> Any:
    return station.cp.why(station.now(), 1)[0]


def test_every_reason_of_a_stop_has_words() -> None:
    """§7.36; Local and DeAuthorized have the card."""
    assert {*CAUSES, Reason.LOCAL, Reason.DE_AUTHORIZED} == set(Reason)


def test_b11_the_central_system_refused_the_card() -> None:
    """StartTransaction.conf says Blocked: the end is told with card and status, by the record also after a restart."""
    station = Station().online()
    station.script["StartTransaction"] = {"transactionId": 7, **refused("Blocked")}
    station.charging("04A2B9C1")
    station.open_contactor()
    wanted = "the Central System refused card 04A2B9C1 (Blocked)"
    assert why(station)["text"].startswith(f"Transaction 1 ended 0 s ago: {wanted};")
    station.unplug()
    assert why(station)["code"] == "no-ev" and wanted in why(station)["text"]
    station.restart().started()
    assert wanted in why(station)["text"]


def test_a_refused_card_is_remembered_for_a_while() -> None:
    """Who comes after the driver learns that a card was shown, and what was said of it; until the car leaves."""
    station = Station().online()
    station.script["Authorize"] = refused("Blocked")
    station.plug()
    station.tap("CARD")
    assert why(station)["code"] == "card-refused" and "Blocked (Central System)" in why(station)["text"]
    station.wait(REMEMBERED_S)
    assert why(station)["code"] == "not-authorized"
    station.tap("CARD")
    station.unplug()
    assert why(station)["code"] == "no-ev"


def test_card_that_only_we_refused() -> None:
    """C-01: offline nobody at the back-office knows of a card that was refused; the lost link is told with it."""
    station = Station().online()
    station.disconnect()
    station.tap("CARD")
    assert why(station)["code"] == "card-refused" and "cut by the test" in why(station)["text"]
    assert "back-office" not in why(station)["remedy"]


def test_b11_the_card_of_which_reservation() -> None:
    """Another card at a reserved connector: whose it is, and the reservation."""
    station = Station().online()
    station.request(
        "ReserveNow", connectorId=1, expiryDate=clock_text(station.mono + 600), idTag="MINE", reservationId=42
    )
    station.tap("OTHER")
    row = why(station)
    assert "Card OTHER was refused 0 s ago" in row["text"] and "Reservation 42 keeps it for card MINE" in row["text"]
    assert row["cards"] == [{"id_tag": "OTHER"}, {"id_tag": "MINE"}]


@pytest.mark.parametrize("remote", [False, True])
def test_b11_a_start_whose_car_did_not_come(remote: bool) -> None:
    """ConnectionTimeOut with its seconds; gone after a while, and with the next card."""
    station = Station(ConnectionTimeOut=20, AuthorizeRemoteTxRequests=False).online()
    if remote:
        station.request("RemoteStartTransaction", idTag="CARD", connectorId=1)
    else:
        station.tap("CARD")
    station.wait(25)
    assert why(station)["code"] == "start-given-up" and "within 20 s" in why(station)["text"]
    station.tap("CARD")
    assert why(station)["code"] == "waiting-plug"
    station.wait(20 + REMEMBERED_S)
    assert why(station)["code"] == "no-ev"


def test_b11_a_remote_start_that_was_rejected() -> None:
    """The back-office sees Rejected; the technician sees why."""
    station = Station().online()
    station.request("ChangeAvailability", connectorId=1, type="Inoperative")
    assert station.request("RemoteStartTransaction", idTag="CARD", connectorId=1) == {"status": "Rejected"}
    assert "remote start for card CARD was rejected 0 s ago: connector 1: it is out of service" in why(station)["text"]
    station.request("ChangeAvailability", connectorId=1, type="Operative")
    assert why(station)["code"] == "remote-start-refused"
    station.wait(REMEMBERED_S)
    assert why(station)["code"] == "no-ev"


def test_of_several_the_newest_is_told() -> None:
    """First a remote start was rejected, then a card refused."""
    station = Station().online()
    station.request("RemoteStartTransaction", idTag="CARD", connectorId=3)
    assert why(station)["code"] == "remote-start-refused"
    station.script["Authorize"] = refused("Blocked")
    station.wait(1)
    station.tap("CARD")
    assert why(station)["code"] == "card-refused"


def test_the_lost_connection_is_told_once() -> None:
    """Never registered, a card refused because nobody could be asked: one and the same cause."""
    station = Station().started()
    station.happens(ev.LinkDown("TCP", "10.0.0.7 port 1 refuses the connection", 8.0))
    station.tap("CARD")
    text = why(station)["text"]
    assert why(station)["code"] == "never-registered" and "Card CARD was refused" in text
    assert text.count("refuses the connection") == 1
