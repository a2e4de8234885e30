"""HeatDerating derates in steps, low mains are a fault after a while."""

from __future__ import annotations

from math import inf

import pytest

from drivers.reflex.derating import HeatDerating, UndervoltageCheck


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
