"""Security events: one row a cause and day, with a count; a flood costs little; nothing is lost in the dark."""

from __future__ import annotations

from ocpp16 import events as ev
from ocpp16.messages.datetimes import to_text
from ocpp16.product import Product
from ocpp16.profiles.security.security_events import EACH_START, MOST_ROWS, NOTIFIED, SecurityEvent
from ocpp16.records import SecurityLogState, SecurityOccurrence
from ocpp16.step import Step
from tests.ocpp16.rig import NOON, START, Station

DAY_S = 86400.0


def entries(step: Step) -> list[tuple[object, object]]:
    """What the step writes into the security log: event and count."""
    return [(n.fields["event"], n.fields["times"]) for n in step.notes if n.code == "security-event"]


def rows(station: Station) -> list[SecurityOccurrence]:
    return [row for row in station.rows(SecurityOccurrence) if row.type not in EACH_START]


def seen(detail: str = "pings") -> ev.SecuritySeen:
    return ev.SecuritySeen("TooManyMessages", detail)


def test_an_event_is_stored_and_logged_with_its_cause_and_its_time() -> None:
    station = Station().online()
    step = station.step(seen())
    (note,) = (note for note in step.notes if note.code == "security-event")
    assert {**note.fields, "number": 0, "mono": 0} == {
        "event": "TooManyMessages", "detail": "pings", "times": 1, "number": 0, "boot": "boot-1", "mono": 0,
        "at": to_text(NOON + station.mono - START),
    }  # fmt: skip
    (row,) = rows(station)
    assert (row.type, row.tech_info, row.count, row.notify) == ("TooManyMessages", "pings", 1, False)


def test_without_the_security_extension_there_are_none() -> None:
    station = Station(Product(security_profiles=(), secure_firmware=False)).online()
    assert entries(station.step(seen())) == []
    assert station.rows(SecurityOccurrence) == []


def test_names_fit_into_their_field() -> None:
    assert all(len(event) <= 50 for event in SecurityEvent)
    assert len(NOTIFIED) == 11


def test_a_flood_is_one_row_and_one_entry_a_power_of_ten() -> None:
    station = Station().online()
    logged = [entry for _ in range(1234) for entry in entries(station.step(seen()))]
    assert [times for _, times in logged] == [1, 10, 100, 1000]
    station.wait(61)
    assert [row.count for row in rows(station)] == [1234]
    station.mono += DAY_S  # the day is over: the count of the whole day is written, then the row goes
    step = station.step(ev.Tick())
    assert ("TooManyMessages", 1234) in entries(step)
    assert len(rows(station)) == 1, "until the entry is certainly in the log"
    station.step(ev.Tick())
    station.wait(2)
    assert rows(station) == []


def test_another_cause_and_another_day_have_rows_of_their_own() -> None:
    station = Station().online()
    for detail in ("pings", "cards", "pings"):
        station.step(seen(detail))
    station.wait(61)
    assert [(row.tech_info, row.count) for row in rows(station)] == [("pings", 2), ("cards", 1)]


def test_the_oldest_that_nobody_waits_for_go_first() -> None:
    station = Station().online()
    station.fault("tamper", connector=None)
    for number in range(MOST_ROWS + 50):
        station.step(seen(f"cause {number}"))
    found = station.rows(SecurityOccurrence)
    assert len(found) == MOST_ROWS
    assert any(row.type == "TamperDetectionActivated" for row in found)
    assert found[-1].tech_info == f"cause {MOST_ROWS + 49}"


def test_numbers_of_the_log_go_on_after_a_power_cut() -> None:
    station = Station().online()
    before = station.rows(SecurityLogState)[0].entries
    station.step(seen())
    station.restart(dark=True)
    station.step(seen("other"))
    assert next(row.logged for row in rows(station)) == before + 1
    assert len({row.logged for row in station.rows(SecurityOccurrence)}) == len(station.rows(SecurityOccurrence))


def test_a_log_that_lost_its_last_entries_gets_them_again() -> None:
    """A power cut between the commit and the log."""
    station = Station().online()
    station.step(seen())
    last = station.rows(SecurityLogState)[0].entries
    station.restart(dark=True)
    step = station.step(ev.Started(log_last=last - 1))
    assert ("TooManyMessages", 1) in entries(step)
    assert "SecurityLogWasCleared" not in [event for event, _ in entries(step)]


def test_a_log_that_lost_more_was_cleared() -> None:
    """Somebody removed it, or its end."""
    station = Station().online()
    for number in range(6):
        station.step(seen(f"cause {number}"))
    station.restart(dark=True)
    assert ("SecurityLogWasCleared", 1) in entries(station.step(ev.Started(log_last=0)))


def test_a_log_that_knows_more_than_the_store_goes_on() -> None:
    """The store was moved aside, or lost what may wait."""
    station = Station()
    step = station.step(ev.Started(log_last=40))
    assert [n.fields["number"] for n in step.notes if n.code == "security-event"] == [41]
