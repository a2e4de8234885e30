"""Cards that are tried out (O15): five refused within a minute close the readers for half a minute."""

from __future__ import annotations

from ocpp16.records import SecurityOccurrence
from tests.ocpp16.rig import Station, refused


def barred() -> Station:
    station = Station().online()
    station.script["Authorize"] = refused("Invalid")
    for number in range(5):
        station.plug() if number == 0 else None
        station.tap(f"TRY{number}")
        station.wait(5)
    return station


def test_five_refused_cards_close_the_readers_for_30_seconds_with_a_security_event() -> None:
    station = barred()
    assert [row.type for row in station.rows(SecurityOccurrence)][-1] == "TooManyRefusedCards"
    station.script.clear()
    station.forget()
    station.tap("GOOD")
    assert station.heard("Authorize") == [] and station.transaction() is None
    station.wait(31)
    station.tap("GOOD")
    assert station.transaction() is not None


def test_four_are_forgiven_and_so_are_slow_ones() -> None:
    station = Station().online()
    station.script["Authorize"] = refused("Invalid")
    for number in range(12):
        station.tap(f"TRY{number}")
        station.wait(16)
    station.script.clear()
    station.tap("GOOD")
    assert station.heard("Authorize")[-1]["idTag"] == "GOOD"
    assert "TooManyRefusedCards" not in [row.type for row in station.rows(SecurityOccurrence)]


def test_who_charges_may_still_stop() -> None:
    station = Station().online().charging("CARD")
    station.script["Authorize"] = refused("Invalid")
    for number in range(6):
        station.tap(f"TRY{number}")
        station.wait(2)
    station.tap("CARD")
    station.open_contactor()
    station.wait(5)
    assert "StopTransaction" in station.actions()


def test_remote_starts_do_not_count() -> None:
    station = Station().online()
    station.script["Authorize"] = refused("Invalid")
    for number in range(8):
        station.request("RemoteStartTransaction", idTag=f"TRY{number}", connectorId=1)
        station.settle()
        station.wait(3)
    assert station.cp.parts.card_limit.left_s() == 0.0
