"""The self-test of a pilot: both levels in their time, and again after a failure."""

from __future__ import annotations

import pytest

from drivers.reflex.self_test import SelfTest
from drivers.reflex.state_machine import Evse, Limits
from tests.drivers.rig import Rig


def test_it_passes_over_both_levels() -> None:
    """-12 V first, then a level of A to D."""
    test = SelfTest()
    test.settle(10.0)
    assert (test.duty, test.passed, test.wake_at) == (0, False, 11.0)
    test.sample(10.1, 12.0)
    assert test.phase == "minus"
    test.sample(10.2, -10.8)
    assert (test.phase, test.duty) == ("plus", 1_000_000)
    test.sample(10.3, -12.0)
    test.sample(10.3, 0.0)
    assert test.phase == "plus"
    test.sample(10.4, 3.0)
    test.settle(10.4)
    assert test.passed and test.failed == "" and test.wake_at == float("inf")


@pytest.mark.parametrize(
    ("minus", "plus", "failed"),
    [(12.0, 12.0, "the pilot does not reach -12 V"), (-12.0, 0.0, "the pilot stays below state D")],
)
def test_a_level_that_is_not_reached(minus: float, plus: float, failed: str) -> None:
    """After a second it has failed; ten seconds later it is made again, and a good one ends the failure."""
    test = SelfTest()
    test.settle(10.0)
    now = 10.0
    while not test.failed:
        now += 0.1
        test.sample(now, minus if test.duty == 0 else plus)
        test.settle(now)
    assert test.failed == failed and now <= 12.2 and test.phase == "waiting" and test.duty == 1_000_000
    test.settle(now + 9.9)
    assert test.phase == "waiting" and test.wake_at == pytest.approx(now + 10.0)
    test.settle(now + 10.0)
    test.sample(now + 10.1, -12.0)
    assert test.failed == failed, "until the whole test has passed"
    test.sample(now + 10.2, 9.0)
    assert test.passed and test.failed == ""


def test_nothing_is_closed_or_signalled_before_it_has_passed() -> None:
    """With a vehicle in C and an offer: the levels of the test alone; then the charge begins."""
    rig = Rig(Limits(lease_s=float("inf"), self_test=True))
    rig.high = 6.0
    assert rig.evse.duty == 0 and rig.evse.state is None
    rig.offer(16.0)
    assert (rig.evse.amps, rig.evse.why, rig.evse.closed) == (0.0, "the self-test is not over", False)
    rig.wait(1.5)
    assert "self-test" in rig.evse.faults and not rig.evse.closed
    rig.minus = -12.0
    rig.wait(10.0)
    assert "self-test" not in rig.evse.faults
    rig.wait(1.0)
    assert rig.evse.state == "C" and rig.evse.closed and rig.evse.amps == 16.0


def test_a_board_without_the_ability_is_not_tested() -> None:
    """An external controller tests itself."""
    assert Evse(Limits()).duty == 1_000_000
