"""Why it does (not) charge: the one cause, and what goes with it."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16 import events as ev
from ocpp16.status.faults import FAULTS, fault_of
from ocpp16.why.why import CODES
from tests.ocpp16.rig import CallError, Station


def why(station: Station, connector: int = 1) -> Any:
    return station.cp.why(station.now(), connector)[0]


def test_the_codes_are_a_closed_list() -> None:
    """None twice, and none of them a fault's."""
    assert len(set(CODES)) == len(CODES) and not set(CODES) & set(FAULTS)


@pytest.mark.parametrize("code", [*(code for code in FAULTS if fault_of(code).blocks_start), "gremlin"])
def test_every_fault_says_what_to_do(code: str) -> None:
    """B11: what was measured, since when, and what to do."""
    station = Station().online()
    station.happens(ev.FaultChanged(1, code, True, False, "47.1 of it", station.mono))
    station.wait(9)
    row = why(station)
    assert row["code"] == code and "(47.1 of it; 9 s ago)." in row["text"]
    assert row["remedy"][0].isupper() and row["remedy"].endswith(".")


def test_the_fault_that_needs_a_person_comes_first() -> None:
    """A weld outweighs what passes by itself; the others are named."""
    station = Station().online()
    station.fault("rcd")
    station.fault("weld", latched=True)
    assert why(station)["code"] == "weld" and "Also: rcd (0 s ago)." in why(station)["text"]


def test_a_fault_that_ended_a_transaction_is_its_cause() -> None:
    """Also when the fault itself has passed."""
    station = Station().online().charging()
    station.fault("overcurrent")
    station.open_contactor()
    station.fault("overcurrent", on=False)
    assert "Transaction 1 ended 0 s ago: fault overcurrent, the car draws more than it may;" in why(station)["text"]


def test_a_fault_that_passes_leaves_the_transaction_open() -> None:
    """§7.7: suspended, not ended."""
    station = Station().online().charging()
    station.fault("overtemperature", connector=None)
    assert "Transaction 1 stays open" in why(station)["text"]


def test_the_newest_reason_of_a_lost_board_counts() -> None:
    """B13: what the daemon says about the peer at the socket is told."""
    station = Station().online()
    station.happens(ev.BoardLost("it closed the connection"))
    station.happens(ev.BoardLost("the peer is user www-data"))
    assert "(the peer is user www-data; 0 s ago)" in why(station)["text"]


def test_the_bounds_are_told_lowest_first() -> None:
    """The chain of the offered amperes."""
    station = Station().online().charging()
    assert (why(station)["amps"], why(station)["chain"]) == (32.0, ("32 A board", "32 A product"))


def test_what_is_undelivered_is_told_with_it() -> None:
    """Parked messages, since when, and what to do."""
    station = Station(TransactionMessageAttempts=1).online().charging()
    station.script["StopTransaction"] = CallError("InternalError", "unknown")
    station.unplug()
    row = why(station)
    assert (
        "Undelivered: 1 parked message(s), the oldest of 2025-04-14T12:00:00Z (InternalError: unknown)." in row["text"]
    )
    assert "evsectl queue list" in row["remedy"]
