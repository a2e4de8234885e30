"""What keeps the station from its Central System, with the numbers."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16 import events as ev
from tests.ocpp16.rig import SILENCE, CallError, Station, clock_text


def why(station: Station) -> Any:
    return station.cp.why(station.now(), 1)[0]


@pytest.mark.parametrize(
    ("status", "code"), [("Rejected", "boot-rejected"), ("Pending", "boot-pending"), (None, "boot-unanswered")]
)
def test_before_the_first_acceptance(status: str | None, code: str) -> None:
    """Never accepted has several causes, each with its own remedy."""
    station = Station().started()
    assert why(station)["code"] == "never-registered"
    boot = {"status": status, "currentTime": "2026-01-01T00:00:00Z", "interval": 300}
    station.script["BootNotification"] = boot if status else SILENCE
    station.connect()
    assert why(station)["code"] == code


def test_b11_boot_notification_was_sent_9_s_ago() -> None:
    """Asked while the answer is awaited."""
    station = Station().started()
    station.script["BootNotification"] = SILENCE
    station.connect()
    station.wait(9)
    assert why(station)["text"] == "BootNotification was sent 9 s ago; no answer yet."
    assert "in 21 s" in why(station)["remedy"]


@pytest.mark.parametrize("registered", [False, True])
def test_b11_the_link_speaks_for_itself(registered: bool) -> None:
    """Its sentence and the next attempt instead of a hint where to look."""
    station = Station().online() if registered else Station().started()
    station.disconnect() if registered else None
    station.happens(ev.LinkDown("DNS", "csms.example port 443: no such name: check [csms] url", 12.0))
    station.wait(4)
    told = "DNS: csms.example port 443: no such name: check [csms] url; next attempt in 8 s."
    assert told in why(station)["text"]
    station.wait(8)
    assert "an attempt is under way." in why(station)["text"]


def test_closed_by_ourselves() -> None:
    """No stage: nobody failed."""
    station = Station().online()
    station.happens(ev.LinkDown("", "closed by ourselves"))
    assert "No connection to the Central System: closed by ourselves." in why(station)["text"]


@pytest.mark.parametrize("answer", [CallError("InternalError", "full"), SILENCE])
def test_a_boot_that_failed_says_when_it_comes_again(answer: Any) -> None:
    """Refused or not answered, and the seconds to the next one."""
    station = Station(MessageTimeout=10).started()
    station.script["BootNotification"] = answer
    station.connect()
    station.wait(11)
    text = why(station)["text"]
    assert ("BootNotification: the Central System refused: InternalError: full." in text) is (answer is not SILENCE)
    assert ("did not answer BootNotification within 10 s" in text) is (answer is SILENCE)
    assert "It is sent again in" in text


def test_a_restart_that_is_not_accepted_is_told_beside_the_cause() -> None:
    """§4.2.1: accepted once, it may charge; that nobody can be asked explains refused cards."""
    station = Station().online().restart()
    station.script["BootNotification"] = {"status": "Pending", "currentTime": clock_text(1000), "interval": 60}
    station.started().connect()
    assert why(station)["code"] == "no-ev" and "(Pending)" in why(station)["text"]
