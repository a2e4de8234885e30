"""A peer that was refused or lost soon: longer and longer until the next try, and until it counts."""

from __future__ import annotations

from daemon.board.probation import LONGEST_RETRY_S, LONGEST_STABLE_S, RETRY_S, STABLE_S, Probation
from ocpp16.events import BoardAttached, CardPresented, FaultChanged, MeterSampled, PilotChanged

ATTACHED = BoardAttached("b", "s", "strange", (), ())
PILOT_A, PILOT_B = PilotChanged(1, "A", 1.0), PilotChanged(1, "B", 2.0)
CARD = CardPresented(None, "04A2", 1.0)


def test_13_the_first_conversation_counts_at_once() -> None:
    """So does each one after a board that was there for long, or that was never met."""
    probation = Probation()
    probation.opened(0.0)
    assert probation.counts and probation.lasts_s == 0.0
    assert list(probation.held([ATTACHED, CARD])) == [ATTACHED, CARD]
    assert probation.ended(1000.0, False) == RETRY_S
    probation.opened(1001.0)
    assert probation.counts


def test_13_after_a_failure_it_counts_when_it_has_lasted() -> None:
    """Until then the newest of each kind is kept, in its order, after the attachment; nobody waits with a card."""
    probation = Probation()
    probation.opened(0.0)
    assert probation.ended(10.0, True) == RETRY_S
    probation.opened(11.0)
    assert not probation.counts and probation.lasts_s == STABLE_S
    faults = FaultChanged(1, "rcd", True, at=1.0), FaultChanged(1, "weld", True, at=1.0)
    other = PilotChanged(2, "A", 1.0)
    told = [PILOT_A, ATTACHED, CARD, other, *faults, MeterSampled(1, 1.0, 5.0), PILOT_B, MeterSampled(1, 2.0, 6.0)]
    assert list(probation.held(told)) == []
    assert probation.over() == [ATTACHED, other, *faults, PILOT_B, MeterSampled(1, 2.0, 6.0)]
    assert probation.counts and list(probation.held([CARD])) == [CARD] and probation.over() == []


def test_13_what_was_kept_of_a_lost_one_is_forgotten() -> None:
    """The next conversation begins with nothing."""
    probation = Probation()
    for now in (0.0, 1.0):
        probation.opened(now)
        list(probation.held([ATTACHED]))
        probation.ended(now, True)
    probation.opened(2.0)
    assert probation.over() == []


def test_13_failures_in_a_row_back_off() -> None:
    """Both the wait and the time of proof are doubled, up to their bounds; an hour has few tries."""
    probation, now, tries = Probation(), 0.0, 0
    waits, proofs = [], []
    while now < 3600.0:
        probation.opened(now)
        proofs.append(probation.lasts_s)
        waits.append(probation.ended(now + 0.1, True))
        now, tries = now + 0.1 + waits[-1], tries + 1
    assert waits[:7] == [1.0, 2.0, 4.0, 8.0, 16.0, LONGEST_RETRY_S, LONGEST_RETRY_S]
    assert proofs[:7] == [0.0, 3.0, 6.0, 12.0, 24.0, 48.0, LONGEST_STABLE_S] and tries < 130


def test_13_one_that_goes_away_soon_is_a_failure_too() -> None:
    """Whoever greets and hangs up again and again is no board; one that was killed later is found again at once."""
    probation = Probation()
    probation.opened(0.0)
    probation.ended(1.0, False)
    probation.opened(2.0)
    assert not probation.counts
    probation.ended(2.0 + 20.0, False)
    probation.opened(30.0)
    assert probation.lasts_s == STABLE_S, "neither worse nor forgotten"
    assert probation.ended(30.0 + LONGEST_STABLE_S, False) == RETRY_S
    probation.opened(100.0)
    assert probation.counts
