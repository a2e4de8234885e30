"""The inbox: events in the order of their own times, each source in its own order, time never backwards."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daemon.inbox import TRUSTED_S, Inbox
from ocpp16.events import (
    BoardAttached,
    CardPresented,
    ContactorChanged,
    Event,
    FaultChanged,
    FrameReceived,
    MeterSampled,
    Now,
    StopAsked,
)


def taken(inbox: Inbox) -> list[tuple[float, Event]]:
    return [(now.mono, event) for now, event in (inbox.take() for _ in range(len(inbox)))]


def test_a_reading_counts_from_its_own_time() -> None:
    """What the board says is of the time that the board says, though it was read after a stall of 10 s."""
    inbox = Inbox()
    contactor, meter = ContactorChanged(1, False, True, 100.5), MeterSampled(1, 100.6, 16.0)
    inbox.put(contactor, Now(110.0, None))
    inbox.put(meter, Now(110.0, None))
    assert taken(inbox) == [(100.5, contactor), (100.6, meter)]


def test_the_older_event_comes_first() -> None:
    """A card that was shown before a frame arrived is taken before it, though it was read later."""
    inbox = Inbox()
    frame, card = FrameReceived("[]"), CardPresented(1, "CARD", 104.0)
    inbox.put(frame, Now(105.0, None))
    inbox.put(card, Now(106.0, None))
    assert taken(inbox) == [(104.0, card), (105.0, frame)]


def test_each_source_keeps_its_order() -> None:
    """Present states told in a greeting are older than the greeting, and come after it."""
    inbox = Inbox()
    attached, old = BoardAttached("b", "s", "board", ()), ContactorChanged(1, False, True, 50.0)
    inbox.put(attached, Now(100.0, None))
    inbox.put(old, Now(100.0, None))
    inbox.put(FaultChanged(1, "rcd", True), Now(100.1, None))  # without a time of its own
    assert [event for _, event in taken(inbox)] == [attached, old, FaultChanged(1, "rcd", True)]


def test_time_never_goes_back() -> None:
    """A fact older than the step before is taken at that step's time; its UTC moves along."""
    inbox = Inbox()
    assert inbox.step_at(Now(100.0, 5000.0), 100.0) == Now(100.0, 5000.0)
    inbox.put(MeterSampled(1, 95.0, 1.0), Now(103.0, 5003.0))
    now, _ = inbox.take()
    assert now == Now(100.0, 5000.0)


def test_a_wrong_clock_of_the_board_counts_for_nothing() -> None:
    """A time far off, or in the future, is replaced by that of the arrival."""
    for at in (1000.0 - TRUSTED_S - 1.0, 1001.0, 0.0):
        inbox = Inbox()
        inbox.put(MeterSampled(1, at, 1.0), Now(1000.0, None))
        assert inbox.take()[0].mono == 1000.0


def test_without_a_time_of_its_own_it_counts_from_its_arrival() -> None:
    """Soon after the start of the unit, too, when 0 is not long ago."""
    inbox = Inbox()
    for event in (BoardAttached("b", "s", "board", ()), FaultChanged(1, "rcd", True)):
        inbox.put(event, Now(8.0, None))
    assert [mono for mono, _ in taken(inbox)] == [8.0, 8.0]


def test_it_can_be_emptied() -> None:
    """What waits is forgotten."""
    inbox = Inbox()
    inbox.put(StopAsked(1), Now(1.0, None))
    inbox.clear()
    assert len(inbox) == 0


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 50), st.floats(0, 100)), max_size=20))
def test_order_of_any_events(told: list[tuple[bool, float, float]]) -> None:
    """Whatever comes: times rise, nothing is lost, and neither the board nor the others are put out of order."""
    inbox, clock = Inbox(), 1000.0
    put: dict[bool, list[Event]] = {True: [], False: []}
    for number, (board, wait_s, old_s) in enumerate(told):
        clock += wait_s
        event: Event = MeterSampled(1, clock - old_s, float(number)) if board else StopAsked(number)
        put[board].append(event)
        inbox.put(event, Now(clock, None))
    found = taken(inbox)
    assert [mono for mono, _ in found] == sorted(mono for mono, _ in found)
    for board, events in put.items():
        assert [event for _, event in found if isinstance(event, MeterSampled) is board] == events
