"""What those see who only look: pure, JSON-able, and it changes nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ocpp16 import events as ev
from ocpp16.product import Product
from tests.ocpp16.rig import SILENCE, CallError, Station, clock_text


def look(station: Station) -> dict[str, Any]:
    found: dict[str, Any] = station.cp.status(station.now())
    json.dumps(found)
    return found


def test_status_of_a_young_station() -> None:
    """Before the first answer: not registered, time unknown, no board."""
    found = look(Station())
    assert (found["registration"], found["linked"], found["utc"], found["board"]) == (None, False, None, None)
    assert found["clock"] == "unknown until the Central System sends it"
    assert found["fail_safe_layers"] == []
    (connector,) = found["connectors"]
    assert (connector["register_wh"], connector["transaction"], connector["volts"]) == (None, None, [])


def test_status_while_charging() -> None:
    """The station at a glance while it charges."""
    station = Station().online().charging()
    station.meter(50, volts=(230.0,), amps=(16.0,), watts=(3680.0,), soc=44.0, temperature=31.5)
    found = look(station)
    assert (found["registration"], found["linked"], found["queue"], found["parked"]) == ("Accepted", True, 0, 0)
    assert (found["utc"], found["clock"], found["board"], found["leaving"]) == (
        clock_text(1000),
        "known",
        "bench",
        None,
    )
    (connector,) = found["connectors"]
    assert (connector["status"], connector["offered_amps"], connector["pilot"]) == ("Charging", 32.0, "C")
    assert (connector["register_wh"], connector["volts"], connector["soc"]) == (1050, [230.0], 44.0)
    assert connector["transaction"]["state"] == "running"
    assert connector["transaction"]["energy_wh"] == 50 == station.cp.transaction_rows()[0]["energy_wh"]


@pytest.mark.parametrize("how", ["board", "meter"])
def test_what_is_no_longer_known_is_not_shown(how: str) -> None:
    """Readings of a lost meter, and all that a lost board told last, are null."""
    station = Station().online().charging()
    if how == "board":
        station.happens(ev.BoardLost("gone"))
    else:
        station.fault("meter-lost")
    (connector,) = look(station)["connectors"]
    assert (connector["register_wh"], connector["amps"], connector["watts"]) == (None, [], [])
    assert (connector["contactor_closed"] is None) is (how == "board")


def test_status_while_a_card_waits_and_one_leaves() -> None:
    """An accepted card that waits for its plug, and a station on its way down, can be seen."""
    station = Station().online()
    station.tap("CARD")
    assert look(station)["connectors"][0]["waiting_card"] == "CARD"
    station = Station().online().charging()
    station.ask("Reset", type="Soft")
    assert look(station)["leaving"] == "SoftReset"
    assert look(station)["connectors"][0]["transaction"]["state"] == "stopping"


def test_transactions() -> None:
    """Each transaction with its bill, oldest first."""
    station = Station(TransactionMessageAttempts=1).online().charging()
    station.meter(40)
    station.unplug()
    station.script["StartTransaction"] = CallError("InternalError")
    station.mono += 60
    station.charging("OTHER")
    first, second = station.cp.transaction_rows()
    json.dumps([first, second])
    assert (first["state"], first["energy_wh"], first["reason"], first["ended"]) == (
        "ended", 40, "EVDisconnected", clock_text(1000),
    )  # fmt: skip
    assert (second["state"], second["start"], second["error"], second["ended"]) == (
        "running", "parked", "InternalError", None,
    )  # fmt: skip
    assert (second["began"], second["time_exact"]) == (clock_text(1060), True)


def test_why() -> None:
    """Why it does not charge: of one connector, or of each."""
    station = Station(Product(connectors=2)).online()
    station.plug(2)
    assert [(row["connector"], row["code"]) for row in station.cp.why(station.now())] == [
        (1, "no-ev"),
        (2, "not-authorized"),
    ]
    (row,) = station.cp.why(station.now(), 2)
    json.dumps(row)
    assert row["chain"] == ("32 A board", "32 A product")


def test_in_flight() -> None:
    """What is asked right now can be seen."""
    station = Station().online()
    station.script["StatusNotification"] = SILENCE
    station.plug()
    assert look(station)["in_flight"] == "StatusNotification"


def test_looking_changes_nothing() -> None:
    """Looking is no event."""
    one, other = Station().online().charging(), Station().online().charging()
    for _ in range(3):
        look(one)
        one.cp.why(one.now())
        one.cp.queue()
        one.cp.configuration_rows()
    one.wait(100)
    other.wait(100)
    assert (one.said, one.disk) == (other.said, other.disk)
    assert one.happens(ev.Tick()) == other.happens(ev.Tick())
