"""The station's own answers, weighed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from daemon.ctl.doctor import station
from daemon.ctl.doctor.findings import Area, Finding, Weight

LINKED: dict[str, Any] = {
    "linked": True,
    "registration": "Accepted",
    "link": {"url": "wss://csms.example/CP1", "received_age_s": 3.0, "last_failure": None},
    "store": {"state": "ok", "dir": "/var/lib/evsed"},
    "board": "parts",
    "queue": 0,
    "parked": 0,
}
CODES = set(re.findall(r"\| `([a-z-]+)` \|", Path("docs/why.md").read_text(encoding="utf-8")))
"""Of every situation that is played and described."""
FAILED = {"stage": "HTTP", "code": "http-401", "cause": "the server answers 401", "age_s": 12.4}


def reason(code: str, text: str = "Text.", connector: int = 1) -> dict[str, Any]:
    return {"connector": connector, "code": code, "text": text, "remedy": "Do it."}


def only(area: Area, found: list[Finding]) -> Finding:
    (finding,) = [each for each in found if each.area is area]
    return finding


def test_all_is_well() -> None:
    """Nothing but good news, each area once."""
    found = list(station.findings(LINKED, [reason("no-ev")], []))
    assert {each.weight for each in found} == {Weight.GOOD}
    assert [each.area for each in found] == [Area.LINK, Area.CONNECTOR, Area.BOARD, Area.STORE, Area.QUEUE]


def test_link() -> None:
    """Not connected: the cause and its code; connected and not accepted: what BootNotification met."""
    down = LINKED | {"linked": False, "link": LINKED["link"] | {"last_failure": FAILED}}
    found = only(Area.LINK, list(station.link(down, [])))
    assert found.weight is Weight.FAULT and found.text == "HTTP: the server answers 401 (http-401, 12 s ago)"
    early = only(Area.LINK, list(station.link(LINKED | {"linked": False}, [])))
    assert early.weight is Weight.UNKNOWN
    rejected = only(Area.LINK, list(station.link(LINKED, [reason("boot-rejected", "It rejects this station.")])))
    assert (rejected.weight, rejected.text) == (Weight.FAULT, "It rejects this station.")
    pending = only(Area.LINK, list(station.link(LINKED | {"registration": "Pending"}, [])))
    assert pending.weight is Weight.FAULT and "Pending" in pending.text
    assert only(Area.LINK, list(station.link(LINKED | {"link": {}}, []))).text == "connected"


@pytest.mark.parametrize(
    ("code", "area", "weight"),
    [
        ("weld", Area.CONNECTOR, Weight.FAULT),
        ("limit", Area.CONNECTOR, Weight.FAULT),
        ("unavailable", Area.CONNECTOR, Weight.FAULT),
        ("board-missing", Area.BOARD, Weight.FAULT),
        ("store-full", Area.STORE, Weight.FAULT),
        ("daemon-down", Area.DAEMON, Weight.FAULT),
        ("charging", Area.CONNECTOR, Weight.GOOD),
        ("a-code-of-later", Area.CONNECTOR, Weight.FAULT),
    ],
)
def test_connectors(code: str, area: Area, weight: Weight) -> None:
    """What needs a repair is a fault, what the driver or the back-office does next is not."""
    found = next(iter(station.connectors({}, [reason(code)])))
    assert (found.area, found.weight) == (area, weight)


def test_what_holds_for_all_connectors_stands_once() -> None:
    """Two connectors of one board that is gone."""
    rows = [reason("board-missing", connector=1), reason("board-missing", connector=2), reason("never-registered")]
    assert len(list(station.connectors(LINKED, rows))) == 1


def test_a_warning_of_the_board_is_one() -> None:
    """A lost reader does not keep the station from charging."""
    found = next(iter(station.connectors({}, [reason("no-ev", "No car. Warning reader-lost: no answer.")])))
    assert (found.weight, found.remedy) == (Weight.WARNING, "Do it.")


def test_every_code_at_work_is_one_of_why() -> None:
    """A code that `why` no longer has would be a fault unseen."""
    assert not station.AT_WORK - CODES
    assert not (station.OF_THE_LINK | station.OF_THE_DAEMON) - CODES


def test_store_and_queue() -> None:
    """A store that does not record is a fault; messages that wait are a warning only while there is no connection."""
    assert only(Area.STORE, list(station.store({"store": {"state": "full", "dir": "/x"}}))).weight is Weight.FAULT
    assert not list(station.store({}))
    parked = only(Area.QUEUE, list(station.queue({"parked": 2, "parked_since": "t", "parked_why": "InternalError"})))
    assert parked.weight is Weight.WARNING and "2 message(s)" in parked.text and "(InternalError)" in parked.text
    assert only(Area.QUEUE, list(station.queue({"queue": 4, "linked": False}))).weight is Weight.WARNING
    assert only(Area.QUEUE, list(station.queue({"queue": 4, "linked": True}))).weight is Weight.GOOD


@pytest.mark.parametrize(("days", "weight"), [(-2, Weight.FAULT), (5, Weight.WARNING)])
def test_certificates(days: int, weight: Weight) -> None:
    """Expired is a fault, soon a warning; one that waits or has time is left out."""
    row = {"use": "station", "subject": "CN=CP1", "state": "in-force", "days_left": days}
    quiet = [row | {"days_left": 200}, row | {"state": "waiting"}, row | {"days_left": None}]
    (found,) = station.of_certificates([row, *quiet])
    assert found.weight is weight and "CN=CP1" in found.text
