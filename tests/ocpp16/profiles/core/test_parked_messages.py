"""6: parked messages are never dropped; they are tried again by themselves, one at a time, after all fresh ones."""

from __future__ import annotations

from ocpp16.profiles.core.parked_messages import FIRST_S, PAUSE_S, ROUND_S, Parked
from ocpp16.records import Sample, Transaction
from tests.ocpp16.rig import SILENCE, CallError, Station, clock_text

BROKEN = CallError("InternalError", "database is locked")


def parked(*actions: str, transactions: int = 1) -> Station:
    """Sessions of a Central System that refuses those messages."""
    station = Station(TransactionMessageAttempts=1).online()
    station.script |= dict.fromkeys(actions, BROKEN)
    for _ in range(transactions):
        station.charging()
        station.meter(10)
        station.unplug()
        station.wait(5)
    return station.forget()


def states(station: Station) -> list[tuple[str, str]]:
    return [(row.start, row.stop) for row in station.rows(Transaction)]


def test_6_a_parked_stop_is_sent_again_every_hour() -> None:
    """A back-office that is repaired after a day gets the bill without anybody's hand."""
    station = parked("StopTransaction")
    station.wait(3 * ROUND_S)
    assert (len(station.heard("StopTransaction")), states(station)) == (3, [("confirmed", "parked")])
    assert [code for code, _ in station.notes if code == "report-parked"] == [], "said once, not every hour"
    station.script.clear()
    station.wait(ROUND_S)
    assert (len(station.heard("StopTransaction")), states(station)) == (4, [("confirmed", "confirmed")])
    station.wait(2 * ROUND_S)
    assert len(station.heard("StopTransaction")) == 4


def test_6_a_new_connection_begins_a_round() -> None:
    """Whoever repaired the back-office restarted it: the parked ones follow after half a minute, one by one."""
    station = parked("StartTransaction", "StopTransaction", transactions=3)
    station.script.clear()
    station.disconnect()
    station.connect()
    station.forget()
    station.wait(FIRST_S + 5)
    assert station.actions() == ["StartTransaction", "StopTransaction"] * 3
    assert [said["transactionId"] for said in station.heard("StopTransaction")] == [101, 102, 103]
    assert states(station) == [("confirmed", "confirmed")] * 3


def test_6_the_boot_of_a_new_life_begins_a_round() -> None:
    """After a restart of the station, too."""
    station = parked("StopTransaction")
    station.script.clear()
    station.restart().online()
    station.wait(FIRST_S + 1)
    assert states(station) == [("confirmed", "confirmed")]


def test_6_a_failure_pauses_the_round() -> None:
    """One at a time: a Central System that still refuses gets one message a minute, and each once an hour."""
    station = parked("StopTransaction", transactions=3)
    station.disconnect()
    station.connect()
    station.forget()
    station.wait(ROUND_S - 60)
    assert [said.at for said in station.said if said.action == "StopTransaction"] == [
        station.said[0].at + n * PAUSE_S for n in range(3)
    ] or len(station.heard("StopTransaction")) == 3
    assert {said["transactionId"] for said in station.heard("StopTransaction")} == {101, 102, 103}


def test_6_a_poisonous_one_does_not_hold_the_others_back() -> None:
    """The message that no back-office takes goes round, the others are delivered."""
    station = parked("StopTransaction", transactions=3)
    station.script["StopTransaction"] = lambda said: BROKEN if said["transactionId"] == 101 else {}
    station.wait(ROUND_S + 3 * PAUSE_S)
    assert states(station) == [("confirmed", "parked"), ("confirmed", "confirmed"), ("confirmed", "confirmed")]


def test_6_fresh_messages_go_first() -> None:
    """A parked message waits until nothing else does."""
    station = parked("StopTransaction")
    station.script |= {"StartTransaction": SILENCE, "StopTransaction": {}}
    station.charging()  # its start is not answered: it waits for its retries
    station.wait(ROUND_S)
    stops = station.heard("StopTransaction")
    assert stops == [] or station.actions().index("StopTransaction") > station.actions().index("StartTransaction")


def test_6_without_a_connection_the_probe_waits() -> None:
    """Nothing is sent, nothing is lost; a probe in flight at a lost connection stays parked."""
    station = parked("StopTransaction")
    station.disconnect()
    station.wait(2 * ROUND_S)
    station.script["StopTransaction"] = SILENCE
    station.connect()
    station.wait(FIRST_S + 1)
    assert len(station.heard("StopTransaction")) == 1
    station.disconnect()
    assert states(station) == [("confirmed", "parked")]
    station.script.clear()
    station.connect()
    station.wait(FIRST_S + 1)
    assert states(station) == [("confirmed", "confirmed")]


def test_6_a_start_whose_stop_was_confirmed_stays_parked() -> None:
    """Its time is over; it is kept, and said."""
    station = parked("StartTransaction")
    station.script.clear()
    station.wait(3 * ROUND_S)
    assert (station.heard("StartTransaction"), states(station)) == ([], [("parked", "confirmed")])


def test_6_a_start_that_comes_too_late_meanwhile() -> None:
    """Its turn was planned, then its stop was confirmed: it is not sent any more."""
    station = parked("StartTransaction", "StopTransaction")
    start, stop = sorted(station.cp.parts.transactions.parked_keys())
    queue = station.cp.parts.transaction_queue
    station.script.clear()
    assert station.cp.parts.queue_commands.retry(stop.seq) is None
    queue.probe(start)
    station.wait(1)
    assert (station.actions(), states(station)) == (["StopTransaction"], [("parked", "confirmed")])
    assert queue.probing is None


def test_6_parked_values_are_sent_again() -> None:
    """Meter values, too."""
    station = Station(TransactionMessageAttempts=1, MeterValueSampleInterval=60).online()
    station.script["MeterValues"] = BROKEN
    station.charging()
    station.wait(61)
    assert [row.state for row in station.rows(Sample)] == ["parked"]
    station.script.clear()
    station.forget()
    station.wait(ROUND_S + 5)
    station.wait(2)
    assert station.rows(Sample) == []


def test_6_one_parked_by_hand_while_it_is_tried() -> None:
    """A retry by hand makes it an ordinary message again."""
    station = parked("StopTransaction")
    (key,) = station.cp.parts.transactions.parked_keys()
    station.cp.parts.transaction_queue.probe(key)
    station.script.clear()
    assert station.cp.parts.queue_commands.retry(None) is None
    assert station.cp.parts.transaction_queue.probing is None
    station.wait(1)
    assert states(station) == [("confirmed", "confirmed")]


def test_6_status_and_why_say_what_is_parked() -> None:
    """How many, since when, and the last answer of the Central System."""
    station = parked("StopTransaction", transactions=2)
    status = station.cp.status(station.now())
    assert (status["parked"], status["parked_since"]) == (2, clock_text(1000))
    assert "database is locked" in str(status["parked_why"])
    (why,) = station.cp.why(station.now())
    assert "2 parked message(s)" in str(why["text"]) and "database is locked" in str(why["text"])
    assert "evsectl queue list" in str(why["remedy"])
    assert station.cp.parts.parked_messages.summary(2) == Parked(0, None, "")


def test_6_nothing_is_parked() -> None:
    """Then nothing is said of it."""
    station = Station().online()
    status = station.cp.status(station.now())
    assert (status["parked"], status["parked_since"], status["parked_why"]) == (0, None, None)
