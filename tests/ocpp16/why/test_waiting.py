"""Why nothing charges where no transaction runs."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16.messages.datetimes import to_text
from ocpp16.product import Product
from tests.ocpp16.rig import SILENCE, Station


def why(station: Station, connector: int = 1) -> Any:
    return station.cp.why(station.now(), connector)[0]


@pytest.mark.parametrize("connector", [0, 1])
def test_a_reservation_is_named(connector: int) -> None:
    """Its id, its card, and how long it lasts."""
    station = Station().online()
    expires = to_text((station.cp.parts.context.utc or 0.0) + 600)
    station.request("ReserveNow", connectorId=connector, expiryDate=expires, idTag="X", reservationId=42)
    assert why(station)["code"] == "reserved"
    assert "for card X by reservation 42 until 2" in why(station)["text"] and "10 min more" in why(station)["text"]


def test_no_card_is_advised_where_none_is_taken() -> None:
    """C-07: the remedy is one that this product knows."""
    station = Station(Product(local_start=False, local_stop=False, readers="none")).online()
    assert "card" not in why(station)["remedy"]
    station.plug()
    assert "remotely" in why(station)["remedy"]


def test_b11_within_43_s() -> None:
    """An accepted card that waits for its car counts down."""
    station = Station(ConnectionTimeOut=60).online()
    station.tap("CARD")
    station.wait(17)
    assert "within 43 s" in why(station)["remedy"]


def test_a_question_that_waits_for_its_turn() -> None:
    """One CALL in flight: another answer comes first."""
    station = Station().online()
    station.script["StatusNotification"] = SILENCE
    station.plug()
    station.tap("CARD")
    assert "StatusNotification waits for its answer before it" in why(station)["text"]


def test_a8_operative_at_an_inoperative_station() -> None:
    """The station's word is told, and that the connector comes back with it."""
    station = Station(Product(connectors=2)).online()
    station.request("ChangeAvailability", connectorId=0, type="Inoperative")
    station.request("ChangeAvailability", connectorId=1, type="Operative")
    assert "comes back with it" in why(station)["text"] and "comes back" not in why(station, 2)["text"]


def test_the_board_has_not_spoken() -> None:
    """A card was accepted before the board was attached."""
    station = Station().online()
    station.restart().started(attached=False)
    station.connect()
    station.tap("CARD")
    assert (why(station)["code"], why(station)["cards"]) == ("board-missing", [{"id_tag": "CARD"}])
