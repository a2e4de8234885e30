"""What is known about a connector, and what follows: the offer with its bounds, what is missing, the one reason why."""

from __future__ import annotations

from typing import Any

from ocpp16 import events as ev
from ocpp16.product import Product
from tests.ocpp16.rig import SILENCE, Station, clock_text, refused

SOCKET = Product(fixed_cable=False)


def why(station: Station) -> Any:
    return station.cp.why(station.now())[0]


def test_reservation_is_used_up() -> None:
    """§6.45: where a product has reservations, the start carries the one that it uses up."""
    station = Station().online()
    station.request("ReserveNow", connectorId=1, expiryDate=clock_text(5000.0), idTag="card", reservationId=42)
    station.charging()
    assert station.heard("StartTransaction")[0]["reservationId"] == 42


def test_reasons_in_the_order_of_the_story() -> None:
    """A technician learns the one reason that matters most at each moment."""
    station = Station()
    seen = [why(station)["code"]]
    station.started()
    seen.append(why(station)["code"])
    station.connect()
    seen.append(why(station)["code"])
    station.script["Authorize"] = SILENCE
    station.tap("CARD")
    seen.append(why(station)["code"])
    station.script.clear()
    station.settle()
    seen.append(why(station)["code"])
    station.plug()
    seen.append(why(station)["code"])
    station.draw()
    seen.append(why(station)["code"])
    station.tap("CARD")
    seen.append(why(station)["code"])
    station.open_contactor()
    seen.append(why(station)["code"])
    station.unplug()
    seen.append(why(station)["code"])
    station.request("ChangeAvailability", connectorId=1, type="Inoperative")
    seen.append(why(station)["code"])
    station.fault("rcd")
    seen.append(why(station)["code"])
    assert seen == [
        "never-registered", "never-registered", "no-ev", "waiting-answer", "waiting-plug", "ev-not-asking", "charging",
        "stopping", "finished", "no-ev", "unavailable", "rcd",
    ]  # fmt: skip


def test_reasons_while_waiting() -> None:
    """What an accepted card still waits for, one by one."""
    station = Station(SOCKET).online()
    station.cp.parts.metering.readings.clear()
    station.tap("CARD")
    assert why(station)["code"] == "waiting-plug"
    station.cable()
    station.plug()
    assert why(station)["code"] == "waiting-lock"
    station.cable(locked=True)
    assert why(station)["code"] == "waiting-meter"
    station.meter()
    assert station.transaction() is not None


def test_no_board_yet() -> None:
    """An accepted card waits for a board that has not told its states."""
    station = Station().online()
    station.happens(ev.BoardAttached("boot-1", "board-2", "bench", station.shapes()))
    station.plug()
    station.tap("CARD")
    assert (why(station)["code"], station.transaction()) == ("board-missing", None)
    station.meter()
    station.happens(ev.BoardReady())
    assert station.transaction() is not None


def test_pilot_fault_keeps_the_plug() -> None:
    """A pilot in state E or F says nothing about the plug; nothing begins on it."""
    station = Station().online()
    station.plug()
    station.pilot("F")
    assert station.status() == "Preparing"
    station.tap("CARD")
    assert station.transaction() is None
    station.pilot("B")
    assert station.transaction() is not None


def test_lock_follows_the_card() -> None:
    """§4.1: the lock holds from the accepted card to the end, and only where a cable is."""
    station = Station(SOCKET).online()
    station.tap("CARD")
    assert not station.outlets[1].locked
    station.cable()
    assert station.outlets[1].locked
    station.wait(61)
    assert not station.outlets[1].locked


def test_fixed_cable_is_never_locked() -> None:
    """Without a lock nothing is locked."""
    assert not Station().online().charging().outlets[1].locked


def test_refused_after_the_start() -> None:
    """A card refused after the start is named as the reason."""
    station = Station(StopTransactionOnInvalidId=False).online()
    station.script["StartTransaction"] = {"transactionId": 1, **refused()}
    station.charging()
    assert why(station)["code"] == "refused-card"


def test_lamp_follows_the_status() -> None:
    """The lamp shows what the status says."""
    station = Station().online()
    lamps = [station.outlets[1].lamp]
    station.plug()
    lamps.append(station.outlets[1].lamp)
    station.tap("CARD")
    station.draw()
    lamps.append(station.outlets[1].lamp)
    station.fault("rcd")
    lamps.append(station.outlets[1].lamp)
    assert lamps == ["available", "preparing", "charging", "faulted"]


def test_out_of_service_after_all() -> None:
    """§5.2: a connector of a station that is out of service begins nothing, though a card was accepted before."""
    station = Station().online()
    station.tap("CARD")
    assert station.request("ChangeAvailability", connectorId=0, type="Inoperative") == {"status": "Scheduled"}
    assert station.request("ChangeAvailability", connectorId=1, type="Operative") == {"status": "Accepted"}
    station.plug()
    assert station.heard("StartTransaction") == []
    assert station.status() == "Unavailable"
