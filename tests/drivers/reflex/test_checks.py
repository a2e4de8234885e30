"""The two checks that need time to be sure."""

from __future__ import annotations

from math import inf

from drivers.reflex.checks import CurrentCheck, DiodeCheck


def test_a_good_half_wave_proves_the_diode() -> None:
    """Below -10 V under PWM; a bad sample takes the proof away and fails after its patience."""
    check = DiodeCheck(0.05)
    assert not check.proven and check.fails_at() == inf
    check.sample(1.0, -12.0)
    assert check.proven
    check.sample(2.0, 6.0)
    check.sample(2.02, 6.0)
    assert not check.proven and check.fails_at() == 2.05
    check.sample(2.03, -11.0)
    assert check.proven and check.fails_at() == inf
    check.restart()
    assert not check.proven


def test_currents_within_tolerance_are_well() -> None:
    """10 % and 0.5 A; an unknown current, or a steady pilot, is not for this check."""
    check = CurrentCheck()
    assert check.fails_at(1.0, 16.0, 18.1) == (inf, False)
    assert check.fails_at(1.0, 16.0, None) == (inf, False)
    assert check.fails_at(1.0, 0.0, 99.0) == (inf, False)


def test_soft_and_hard_excess() -> None:
    """7 s above tolerance, 1 s above a quarter, counted from the first excess."""
    check = CurrentCheck()
    assert check.fails_at(1.0, 16.0, 18.5) == (8.0, True)
    assert check.fails_at(3.0, 16.0, 21.0) == (2.0, True)
    assert check.fails_at(4.0, 16.0, 16.0) == (inf, False)
    assert check.fails_at(5.0, 16.0, 18.5) == (12.0, True)


def test_a_lowering_is_followed_within_five_seconds() -> None:
    """The old level counts meanwhile, and of several lowerings the highest."""
    check = CurrentCheck()
    check.lowered(10.0, 32.0)
    check.lowered(11.0, 20.0)
    assert check.fails_at(12.0, 10.0, 32.0) == (16.0, False)
    assert check.fails_at(12.0, 10.0, 50.0) == (13.0, True)
    assert check.fails_at(16.0, 10.0, 11.8) == (19.0, True)


def test_a_warned_vehicle_has_five_seconds() -> None:
    """What it draws is tolerated so long; then the new level counts, and far above it only a second."""
    check = CurrentCheck()
    check.fails_at(10.0, 16.0, 18.5)
    check.warned(17.0, 18.5)
    check.lowered(17.0, 16.0)
    assert check.fails_at(17.0, 6.0, 18.5) == (22.0, False)
    assert check.fails_at(22.0, 6.0, 18.5) == (23.0, True)


def test_12_each_bound_belongs_to_the_good_side() -> None:
    """Exactly -10 V is a diode, exactly the tolerance is no excess, and a lowering is over when its time is over."""
    check = DiodeCheck(0.05)
    check.sample(1.0, -10.0)
    assert check.proven
    current = CurrentCheck()
    assert current.fails_at(1.0, 16.0, (16.0 + 0.5) * 1.1) == (inf, False)
    current.lowered(10.0, 32.0)
    assert current.fails_at(11.0, 6.0, (32.0 + 0.5) * 1.1) == (15.0, False)
    assert current.fails_at(15.0, 6.0, 32.0) == (16.0, True)
    current = CurrentCheck()
    current.lowered(10.0, 0.25)
    assert current.fails_at(11.0, 0.1, 1.0) == (12.0, True), "what was signalled before is all that is tolerated"
    current = CurrentCheck()
    current.lowered(10.0, 32.0)
    current.lowered(15.0, 16.0)
    assert current.fails_at(16.0, 6.0, 30.0)[1], "the first lowering is over"
