"""Reset: the answer, the transaction that ends first, the start that follows (§5.14)."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16 import events as ev
from ocpp16.records import SecurityOccurrence, Unit
from tests.ocpp16.rig import Station, hows


@pytest.mark.parametrize(("kind", "how"), [("Soft", "SoftReset"), ("Hard", "HardReset")])
def test_reset_idle(kind: str, how: Any) -> None:
    """§5.14: Accepted, and the life ends; the note of a planned end is on disk before."""
    station = Station().online()
    answer, step = station.ask("Reset", type=kind)
    assert answer == {"status": "Accepted"}
    assert hows(step) == [how]
    assert station.rows(Unit)[0].shutdown == how


@pytest.mark.parametrize("kind", ["Soft", "Hard"])
def test_reset_while_charging(kind: str) -> None:
    """§5.14: the transaction ends gracefully and its stop is delivered before the restart."""
    station = Station().online().charging()
    answer, step = station.ask("Reset", type=kind)
    assert (answer, step.jobs, step.outlets[0].offered_amps) == ({"status": "Accepted"}, (), 0.0)
    station.open_contactor()
    assert station.heard("StopTransaction")[0]["reason"] == f"{kind}Reset"
    assert hows(station.last) == [f"{kind}Reset"]


def test_second_reset() -> None:
    """§5.14: while one is under way a second is Rejected."""
    station = Station().online().charging()
    station.ask("Reset", type="Soft")
    assert station.ask("Reset", type="Hard")[0] == {"status": "Rejected"}


def test_boot_after_a_reset() -> None:
    """§5.14: the next life begins with BootNotification and the statuses; out of service stays out of service."""
    station = Station().online()
    station.request("ChangeAvailability", connectorId=1, type="Inoperative")
    station.request("Reset", type="Soft")
    station.forget().restart().started()
    station.connect()
    assert station.actions() == ["BootNotification", "StatusNotification", "StatusNotification"]
    assert (station.statuses(0), station.statuses(1)) == (["Available"], ["Unavailable"])


def test_reset_that_failed() -> None:
    """§9.1.23: a reset that failed for good is told as ResetFailure of connector 0, after the statuses, once."""
    station = Station().online()
    station.request("Reset", type="Hard")
    station.forget().restart()
    station.happens(ev.Started(reset_failed=True))
    station.attach()
    station.connect()
    told = [(said["connectorId"], said["status"], said["errorCode"]) for said in station.heard("StatusNotification")]
    assert told == [(0, "Available", "NoError"), (1, "Available", "NoError"), (0, "Available", "ResetFailure")]
    station.disconnect()
    station.connect()
    assert len(station.heard("StatusNotification")) == 3


def test_o20_the_fourth_hard_reset_within_an_hour_is_rejected() -> None:
    """Across the reboots, with a security event; soft ones and a technician's are not limited; an hour later again."""
    station = Station().online()
    answers = []
    for _ in range(4):
        answers.append(station.request("Reset", type="Hard"))
        if answers[-1] == {"status": "Accepted"}:
            station.restart(dark=True).online()
    assert answers == [{"status": "Accepted"}] * 3 + [{"status": "Rejected"}]
    assert "TooManyResets" in [row.type for row in station.rows(SecurityOccurrence)]
    station.wait(4700)
    assert station.request("Reset", type="Hard") == {"status": "Accepted"}
