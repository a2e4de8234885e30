"""What is known about a connector, and what follows: the offer with its bounds, what is missing, the one reason why."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16 import events as ev
from ocpp16.product import Product
from tests.ocpp16.rig import SILENCE, Station, clock_text, limit_to, refused

SOCKET = Product(fixed_cable=False)


def why(station: Station) -> Any:
    return station.cp.why(station.now())[0]


def test_no_offer_without_a_transaction() -> None:
    """§4.1: no energy without authorization, whatever the car asks for."""
    station = Station().online()
    for state in ("B", "C", "D"):
        station.pilot(state)  # type: ignore[arg-type]
        assert station.offered() == 0.0


@pytest.mark.parametrize(
    ("board", "product", "cable", "amps"),
    [
        (32.0, 32.0, 32.0, 32.0),
        (16.0, 32.0, 32.0, 16.0),
        (32.0, 20.0, 32.0, 20.0),
        (32.0, 32.0, 13.0, 13.0),
        (32.0, 32.0, 0.0, 32.0),
    ],
)
def test_smallest_bound(board: float, product: float, cable: float, amps: float) -> None:
    """§7.13: the offer is the smallest of board, product and cable; an uncoded cable bounds nothing."""
    station = Station(Product(fixed_cable=False, max_amps=product)).started(attached=False)
    station.attach(shapes=(ev.ConnectorShape(1, max_amps=board, outlet="socket", lock=True),))
    station.connect()
    station.meter()
    station.cable(locked=True, max_amps=cable)
    station.charging()
    assert station.offered() == amps
    assert min(bound for bound, _ in station.cp.connectors[1].hardware()) == amps  # what `why` names is what is done


@pytest.mark.parametrize(("limit", "amps"), [(0.0, 0.0), (5.9, 0.0), (6.0, 6.0), (100.0, 32.0)])
def test_below_the_smallest_signal(limit: float, amps: float) -> None:
    """§7.13: below 6 A nothing can be signalled: no energy."""
    station = Station().online().charging()
    limit_to(station, limit)
    assert station.offered() == amps


def test_limit_of_the_board() -> None:
    """A board may have a higher smallest current."""
    station = Station().started(attached=False)
    station.attach(shapes=(ev.ConnectorShape(1, min_amps=10.0, max_amps=9.0),))
    station.connect()
    station.meter()
    station.charging()
    assert station.offered() == 0.0
    assert (why(station)["code"], why(station)["chain"][0]) == ("limit", "9 A board")


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
    station.cp.metering.readings.clear()
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
