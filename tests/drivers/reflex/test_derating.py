"""HeatDerating derates in steps, low mains are a fault after a while."""

from __future__ import annotations

from math import inf

import pytest

from drivers.reflex.derating import HeatDerating, OvervoltageCheck, UndervoltageCheck


@pytest.mark.parametrize(
    ("celsius", "cap", "hot"),
    [(25.0, inf, False), (65.0, 16.0, False), (68.0, 6.0, False), (71.0, 6.0, True), (99.0, 6.0, True)],
)
def test_steps(celsius: float, cap: float, hot: bool) -> None:
    """65 C half, 68 C 6 A, 71 C nothing."""
    heat = HeatDerating()
    assert heat.update(celsius) == (celsius >= 65.0)
    assert (heat.cap(6.0, 32.0), heat.too_hot) == (cap, hot)


def test_half_of_little_is_six_amperes() -> None:
    """Less than 6 A cannot be signalled."""
    heat = HeatDerating()
    heat.update(66.0)
    assert heat.cap(6.0, 10.0) == 6.0
    assert heat.cap(10.0, 16.0) == 10.0  # never below what this board can signal


def test_hysteresis() -> None:
    """Each step is left 3 C below where it was entered."""
    heat, steps = HeatDerating(), []
    for celsius in (71.0, 68.5, 68.0, 65.5, 65.0, 62.5, 62.0):
        heat.update(celsius)
        steps.append(heat.step)
    assert steps == [3, 3, 2, 2, 1, 1, 0]


def test_low_mains_last_three_seconds_to_count() -> None:
    """Below 207 V for 3 s; a recovery ends it at once."""
    supply = UndervoltageCheck()
    assert not supply.update(1.0, 230.0) and supply.wake_at == inf
    assert not supply.update(2.0, 200.0) and supply.wake_at == 5.0
    assert supply.update(5.0, 200.0) and supply.wake_at == inf
    assert not supply.update(6.0, 230.0)


def test_no_temperature_for_a_minute() -> None:
    """6 A at once; then it counts as too hot; a temperature ends both."""
    heat = HeatDerating()
    heat.lost(10.0)
    assert (heat.cap(6.0, 32.0), heat.blind, heat.wake_at) == (6.0, False, 70.0)
    heat.lost(70.0)
    assert heat.blind and heat.wake_at == inf
    heat.update(20.0)
    assert (heat.cap(6.0, 32.0), heat.blind) == (inf, False)


def test_so_hot_that_nothing_waits() -> None:
    """From 85 C on."""
    heat = HeatDerating()
    heat.update(84.9)
    assert not heat.at_once
    heat.update(85.0)
    assert heat.at_once


def test_mains_too_high() -> None:
    """253 V may be for ever, more for 3 s; above 275 V the first sample counts."""
    check = OvervoltageCheck()
    assert [check.update(at, volts) for at, volts in ((0.0, 253.0), (9.0, 253.1), (11.9, 260.0))] == [False] * 3
    assert check.update(12.0, 260.0)
    assert not check.update(13.0, 253.0) and not check.update(13.5, 275.0)
    assert check.update(14.0, 275.1)


def test_12_as_it_begins_and_at_the_very_bounds() -> None:
    """Nothing is wrong before the first sample; 207 V is low enough by no means."""
    heat = HeatDerating()
    assert (heat.at_once, heat.blind, heat.too_hot) == (False, False, False)
    low = UndervoltageCheck()
    assert not low.update(1.0, 207.0) and not low.update(9.0, 207.0)
    assert not low.update(10.0, 206.9) and low.update(13.0, 206.9)
