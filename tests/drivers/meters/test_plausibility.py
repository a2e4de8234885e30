"""What no sound meter can show."""

from __future__ import annotations

import pytest

from drivers.devices import Reading
from drivers.meters.plausibility import Plausibility

GOOD = Reading(1000, (230.0,), (16.0,), (3680.0,))


@pytest.fixture
def single() -> Plausibility:
    return Plausibility(32.0, 1)


@pytest.mark.parametrize(
    ("reading", "says"),
    [
        (GOOD._replace(wh=-1), "-1 Wh"),
        (GOOD._replace(volts=(301.0,)), "301 V"),
        (GOOD._replace(volts=(-0.1,)), "-0.1 V"),
        (GOOD._replace(amps=(97.0,)), "97 A behind a fuse of 32 A"),
        (GOOD._replace(amps=(-97.0,)), "-97 A behind a fuse of 32 A"),
        (GOOD._replace(watts=(29000.0,)), "29000 W behind a fuse of 32 A"),
    ],
)
def test_out_of_range(single: Plausibility, reading: Reading, says: str) -> None:
    """More than the fuse can carry, and voltages that no phase has."""
    verdict = single.judge(0.0, reading)
    assert isinstance(verdict, str)
    assert says in verdict


def test_too_much_but_possible_is_the_reflexes_affair(single: Plausibility) -> None:
    """50 A behind 32 A end the charge as an overcurrent, not as a broken meter."""
    assert single.judge(0.0, GOOD._replace(amps=(50.0,), watts=(11500.0,))) == GOOD._replace(
        amps=(50.0,), watts=(11500.0,)
    )


def test_a_total_of_three_phases_may_be_three_times_as_much() -> None:
    """A meter that shows the power of all phases as one."""
    total = Reading(1000, (), (), (60000.0,))
    assert Plausibility(32.0, 3).judge(0.0, total) == total
    assert isinstance(Plausibility(32.0, 1).judge(0.0, total), str)
    assert isinstance(Plausibility(32.0, 3).judge(0.0, total._replace(watts=(60000.0,) * 3)), str)


def test_a_register_that_jumps(single: Plausibility) -> None:
    """More than the fuse carries since the last sample; where it comes back it counts again."""
    single.judge(0.0, GOOD)
    assert single.judge(1.0, GOOD._replace(wh=1200)) == GOOD._replace(wh=1200)
    verdict = single.judge(2.0, GOOD._replace(wh=501_200))
    assert verdict == "its register jumped from 1200 to 501200 Wh"
    assert isinstance(single.judge(60.0, GOOD._replace(wh=501_200)), str)
    assert single.judge(61.0, GOOD._replace(wh=1210)) == GOOD._replace(wh=1210)
    assert single.judge(3661.0, GOOD._replace(wh=9210)) == GOOD._replace(wh=9210)


def test_a_register_that_falls_twice_is_passed_on(single: Plausibility) -> None:
    """Once may be damage that the check sum missed; then the reflex judges it.  When it comes back it did not jump."""
    single.judge(0.0, GOOD._replace(wh=900_000))
    assert single.judge(1.0, GOOD._replace(wh=0)) == "its register fell from 900000 to 0 Wh"
    assert single.judge(2.0, GOOD._replace(wh=900_001)) == GOOD._replace(wh=900_001)
    assert isinstance(single.judge(3.0, GOOD._replace(wh=0)), str)
    assert single.judge(4.0, GOOD._replace(wh=1)) == GOOD._replace(wh=1)
    assert single.judge(5.0, GOOD._replace(wh=900_002)) == GOOD._replace(wh=900_002)


def test_a_register_that_begins_anew_at_its_end() -> None:
    """It is counted on: 9999.99 kWh, then 0."""
    judge = Plausibility(32.0, 1, ends_at_wh=10_000_000)
    judge.judge(0.0, GOOD._replace(wh=9_999_990))
    assert judge.judge(1.0, GOOD._replace(wh=5)) == GOOD._replace(wh=10_000_005)
    assert judge.judge(2.0, GOOD._replace(wh=7)) == GOOD._replace(wh=10_000_007)
    assert isinstance(judge.judge(3.0, GOOD._replace(wh=3)), str)
    assert judge.judge(4.0, GOOD._replace(wh=4)) == GOOD._replace(wh=10_000_004)


@pytest.mark.parametrize(
    ("reading", "hertz", "says"),
    [
        (GOOD._replace(watts=(16000.0,)), 50.0, "contradict"),
        (GOOD._replace(amps=(3.68,)), 50.0, "contradict"),
        (GOOD, 0.0, "0 Hz"),
    ],
)
def test_values_that_contradict_each_other(reading: Reading, hertz: float, says: str) -> None:
    """Where a late reply could stand for another register of the same length."""
    alike = Plausibility(100.0, 1, alike=True)
    verdict = alike.judge(0.0, reading, hertz)
    assert isinstance(verdict, str)
    assert says in verdict
    assert alike.judge(0.0, GOOD, 50.0) == GOOD
    dark = Reading(1000, (0.0,), (0.0,), (0.0,))
    assert alike.judge(1.0, dark, 0.0) == dark
