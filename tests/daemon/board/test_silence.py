"""What does not come is an event: each thing that a board should say, and the second at which its absence is a fact."""

from __future__ import annotations

from typing import Any

import pytest

from daemon.board.silence import DONE_WITHIN_S, MARGIN_S, PATIENCE_S, REMEMBERED, Silence
from ocpp16.events import Event, FaultChanged

SHAPE = {"type": "connector", "connector": 1, "meter": True}


def hello(connectors: int = 1, **fields: Any) -> dict[str, Any]:
    return {"type": "hello", "connectors": connectors, **fields}


def offer(seq: int, connector: int = 1) -> dict[str, Any]:
    return {"type": "offer", "connector": connector, "seq": seq}


def ack(seq: int) -> dict[str, Any]:
    return {"type": "ack", "seq": seq}


def meter(at: float) -> dict[str, Any]:
    return {"type": "meter", "connector": 1, "at": at}


def fault(code: str, on: bool) -> dict[str, Any]:
    return {"type": "fault", "connector": 1, "code": code, "on": on}


def contactor(closed: bool) -> dict[str, Any]:
    return {"type": "contactor", "connector": 1, "closed": closed}


def quiet(silence: Silence, now: float) -> list[Event]:
    """Faults at that second of a board that has just acknowledged something."""
    silence.heard(now, ack(0))
    return silence.faults(now)


@pytest.fixture
def silence() -> Silence:
    """Attached at 100 s, one reading, contactor closed."""
    silence = Silence(100.0, 20.0)
    for packet in (hello(), SHAPE, meter(100.0), contactor(True)):
        assert silence.heard(100.0, packet) == []
    return silence


def test_hello_within_a_second_and_the_shape_within_two() -> None:
    """A connection that is only held is no board."""
    silence = Silence(100.0, 20.0)
    assert silence.lost(100.9) == "" and "no hello within 1 s" in silence.lost(101.0)
    silence.heard(101.0, hello(2))
    silence.heard(101.0, SHAPE)
    assert silence.lost(101.9) == "" and "what its connectors are" in silence.lost(102.0)
    silence.heard(102.0, {**SHAPE, "connector": 2})
    assert silence.lost(200.0) == ""


def test_an_ack_within_a_quarter_of_the_lease(silence: Silence) -> None:
    """The oldest offer without one counts, whatever else is acknowledged."""
    silence.said(100.0, offer(1))
    silence.said(101.0, offer(2, connector=2))
    assert silence.lost(104.9) == "" and silence.lost(105.0) == "the board does not answer: no ack for 5 s"
    silence.heard(105.0, ack(1))
    silence.heard(105.0, ack(99))
    assert silence.lost(105.9) == "" and silence.lost(106.0)
    silence.said(106.0, offer(3, connector=2))
    silence.heard(106.0, ack(3))
    assert silence.lost(200.0) == ""


@pytest.mark.parametrize(("board_s", "allowed_s"), [(8.0, 2.0), (1.0, 1.0), (100.0, 5.0), (None, 5.0)])
def test_the_shorter_lease_counts_but_never_less_than_a_second(board_s: float | None, allowed_s: float) -> None:
    """The board's own lease, ours, and what a loaded machine needs."""
    silence = Silence(100.0, 20.0)
    silence.heard(100.0, hello(0, lease_s=board_s))
    silence.said(100.0, offer(1))
    assert silence.lost(100.0 + allowed_s - 0.01) == "" and silence.lost(100.0 + allowed_s)


def test_three_readings_may_fail_to_come(silence: Silence) -> None:
    """Three seconds while the contactor is closed, thirty while it is open; told once, and once that it is over."""
    assert quiet(silence, 103.0 + MARGIN_S - 0.01) == []
    (lost,) = quiet(silence, 103.0 + MARGIN_S)
    assert isinstance(lost, FaultChanged) and (lost.connector, lost.code, lost.on) == (1, "meter-lost", True)
    assert "no reading for 4 s" in lost.detail and silence.faults(104.0) == []
    (back,) = silence.heard(104.0, meter(104.0))
    assert isinstance(back, FaultChanged) and not back.on
    silence.heard(104.0, contactor(False))
    assert quiet(silence, 133.9) == [] and quiet(silence, 134.0 + MARGIN_S)


def test_closing_the_contactor_asks_for_more(silence: Silence) -> None:
    """The last reading may be nine seconds old by then: the three seconds begin here."""
    silence.heard(100.0, contactor(False))
    silence.heard(109.0, contactor(True))
    assert quiet(silence, 112.0) == [] and quiet(silence, 112.0 + MARGIN_S)


def test_a_board_that_says_nothing_at_all_has_no_fault_of_its_meter(silence: Silence) -> None:
    """It is lost after a quarter of the lease; a fault of the meter would end a transaction that goes on."""
    silence.heard(100.9, ack(0))
    silence.said(102.5, offer(1))
    assert silence.faults(104.0) == [] and silence.faults(107.4) == []
    assert silence.lost(107.5)
    silence.heard(107.5, ack(1))
    (fault,) = silence.faults(107.5)  # it lives, and has told no reading
    assert isinstance(fault, FaultChanged) and fault.on


def test_a_clock_that_stands_is_noticed(silence: Silence) -> None:
    """Readings that carry one time for ever are no readings."""
    for second in range(1, 4):
        silence.heard(100.0 + second, meter(100.0))
    (lost,) = silence.faults(103.0 + MARGIN_S)
    assert isinstance(lost, FaultChanged) and "the board's clock stands" in lost.detail


def test_old_readings_are_no_readings(silence: Silence) -> None:
    """They come every second, with times that rise, from a minute ago: a value is never taken for newer than it is."""
    silence.heard(200.0, meter(140.0))
    (lost,) = silence.faults(200.0)
    assert isinstance(lost, FaultChanged) and "60 s old" in lost.detail


@pytest.mark.parametrize("code", ["meter-lost", "meter-frozen", "meter-backwards"])
def test_what_the_board_says_itself_is_not_said_again(silence: Silence, code: str) -> None:
    """While it has a fault of the meter on it sends no readings, and that is known."""
    silence.heard(101.0, fault(code, True))
    assert silence.faults(200.0) == []
    silence.heard(200.0, fault(code, False))
    assert quiet(silence, 203.0) == [] and quiet(silence, 203.0 + MARGIN_S)


def test_the_boards_word_takes_over(silence: Silence) -> None:
    """Our fault ends where the board tells its own: the same one replaces it, another one stands beside."""
    assert quiet(silence, 110.0)
    assert silence.heard(110.0, fault("meter-lost", True)) == []
    silence.heard(120.0, fault("meter-lost", False))
    assert quiet(silence, 130.0)
    (over,) = silence.heard(130.0, fault("meter-frozen", True))
    assert isinstance(over, FaultChanged) and not over.on
    assert silence.heard(130.0, fault("rcd", True)) == [] and silence.heard(130.0, fault("diode", True)) == []


def test_a_board_without_a_meter_owes_no_reading() -> None:
    """Nor one for a connector that it never told."""
    silence = Silence(100.0, 20.0)
    silence.heard(100.0, hello())
    silence.heard(100.0, {**SHAPE, "meter": False})
    for packet in (meter(100.0), contactor(True), fault("meter-lost", True)):
        assert silence.heard(100.0, packet) == []
    assert silence.faults(1000.0) == []


def test_an_order_has_thirty_seconds(silence: Silence) -> None:
    """Then nobody waits any more; told once."""
    for seq in (7, 8):
        silence.said(100.0, {"type": "do", "seq": seq})
    silence.heard(101.0, {"type": "done", "seq": 8})
    assert silence.unanswered(100.0 + DONE_WITHIN_S - 0.1) == []
    assert silence.unanswered(100.0 + DONE_WITHIN_S) == [7]
    assert silence.unanswered(1000.0) == []


def test_our_own_pause_is_nobodys_silence(silence: Silence) -> None:
    """After it there is a second in which to read what has come meanwhile."""
    silence.said(100.0, offer(1))
    silence.said(100.0, {"type": "do", "seq": 7})
    silence.paused(200.0)
    before = 200.0 + PATIENCE_S - 0.1
    assert (silence.lost(before), silence.faults(before), silence.unanswered(before)) == ("", [], [])
    after = 200.0 + PATIENCE_S
    assert silence.lost(after) and quiet(silence, after) and silence.unanswered(after) == [7]


def test_what_is_remembered_is_bounded(silence: Silence) -> None:
    """However much is said to a board that answers nothing; other packets are not waited for."""
    for seq in range(2 * REMEMBERED):
        silence.said(100.0, offer(seq))
        silence.said(100.0, {"type": "do", "seq": seq})
    silence.said(100.0, {"type": "latched"})
    assert len(silence.unanswered(200.0)) == REMEMBERED and len(silence._offers) == REMEMBERED
