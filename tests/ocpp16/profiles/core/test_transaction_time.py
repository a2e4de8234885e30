"""The order of time within a transaction: clocks set back, lives that know no time, and both."""

from __future__ import annotations

import pytest

from ocpp16.profiles.core.transaction_time import TransactionTime
from ocpp16.records import MeasuredValue, Record, Sample, Stamp, Transaction
from ocpp16.state.context import Context
from ocpp16.state.facts import Facts
from ocpp16.state.utc_clock import Clock
from tests.ocpp16.rig import BUILD, NOON, START

VALUE = (MeasuredValue(value="1", measurand="SoC"),)


def at(utc: float | None, mono: float | None = None, boot: str = "boot") -> Stamp:
    """By default of the moment at which the clock showed that time."""
    if mono is None:
        mono = 0.0 if utc is None else utc - NOON + START
    return Stamp(mono=mono, boot=boot, utc=utc)


def running(**more: object) -> Transaction:
    row: dict[str, object] = {"began": at(NOON), "last": at(NOON)} | more
    return Transaction(number=1, connector=1, id_tag="A", meter_start_wh=1, start_seq=1, last_wh=1, **row)  # type: ignore[arg-type]


def sample(seq: int, stamp: Stamp, number: int | None = 1) -> Sample:
    return Sample(seq=seq, connector=1, number=number, at=stamp, context="Sample.Periodic", values=VALUE)


def life(*records: Record, offset: float | None = NOON - START) -> tuple[TransactionTime, Context]:
    context = Context(Facts(records), Clock("boot", BUILD, offset))
    return TransactionTime(context), context


def test_never_before_an_earlier_one() -> None:
    """§3.7: a clock that goes back leaves the latest time in force; one that goes on is believed."""
    chronology, _ = life(running())
    given = [chronology.in_order(1, at(utc)).utc for utc in (NOON + 10, NOON + 5, NOON + 11, None, NOON - 9)]
    assert given == [NOON + 10, NOON + 10, NOON + 11, None, NOON + 11]


def test_what_waits_counts_after_a_restart() -> None:
    """Values on disk were stamped by an earlier life: nothing lies before them, nor before the start."""
    assert life(running())[0].in_order(1, at(NOON - 1)).utc == NOON
    chronology, _ = life(running(), sample(2, at(NOON + 40)), sample(3, at(None)))
    assert chronology.in_order(1, at(NOON + 30)).utc == NOON + 40


def test_what_was_told_counts_after_a_restart() -> None:
    """An earlier life wrote at 100 and came to 160 at most: set back below 100, 160 counts; else the truth."""
    earlier = running(last=at(NOON + 160), told_utc=NOON + 100)
    assert life(earlier)[0].in_order(1, at(NOON + 130)).utc == NOON + 130
    chronology, _ = life(earlier)
    assert [chronology.in_order(1, at(NOON + 90)).utc, chronology.used(1)] == [NOON + 160, NOON + 160]


def test_facts_without_a_time_get_theirs_in_order() -> None:
    """A life that knew no time: its values and its end get theirs from the monotonic clock, behind what was told."""
    told = running(told_utc=NOON + 100, last=at(NOON + 100), ended=at(None, START + 70.0))
    records = (
        told,
        sample(2, at(None, START + 60.0)),
        sample(3, at(None, START + 120.0)),
        sample(4, at(None, 1.0), None),
    )
    chronology, context = life(*records)
    chronology.settle()
    times = {row.seq: row.at.utc for row in context.facts.of(Sample).values()}
    assert times == {2: NOON + 100, 3: NOON + 120, 4: NOON + 1.0 - START}
    ended = context.facts.of(Transaction)[1].ended
    assert ended is not None and ended.utc == NOON + 120


def test_an_ended_one_is_forgotten() -> None:
    """What has ended takes no room."""
    chronology, _ = life(running())
    chronology.in_order(1, at(NOON + 10))
    chronology.forget(1)
    assert chronology.used(1) == NOON


@pytest.mark.parametrize("step_s", [-6 * 3600.0, 6 * 3600.0, -61.0, 61.0, -86400.0 * 30])
def test_point_8_a_transaction_goes_on_in_its_own_time(step_s: float) -> None:
    """A Central System whose boot and heartbeats disagree: the stamps of a running transaction keep their distances."""
    chronology, context = life(running())
    assert chronology.in_order(1, at(NOON + 60)).utc == NOON + 60
    context.clock.offset = NOON - START + step_s
    given = [chronology.in_order(1, at(NOON + s + step_s, START + s)).utc for s in (120, 180, 3600)]
    assert given == [NOON + 120, NOON + 180, NOON + 3600]
    assert chronology.own_time(1, at(None, START + 5.0)).utc is None
    again = TransactionTime(context)  # an other life of the same boot
    assert again.in_order(1, at(NOON + 3660 + step_s, START + 3660)).utc == NOON + 3660


def test_point_8_small_corrections_are_followed() -> None:
    """A clock that is corrected by seconds, again and again, is the transaction's clock, too."""
    chronology, context = life(running())
    for turn in range(1, 11):
        context.clock.offset = NOON - START + 30.0 * turn
        stamp = at(NOON + 100 * turn + 30 * turn, START + 100.0 * turn)
        assert chronology.in_order(1, stamp) == stamp
