"""A vehicle that sleeps is woken once, and only then."""

from __future__ import annotations

from math import inf

from drivers.reflex.state_machine import Limits
from drivers.reflex.wake_up import WakeUp
from tests.drivers.rig import Rig


def test_once_after_thirty_seconds_for_four() -> None:
    """The time begins when it may charge; once woken it is left alone until it is unplugged."""
    wake = WakeUp()
    wake.settle(10.0, True, True)
    assert not wake.active and wake.wake_at == 40.0
    wake.settle(40.0, True, True)
    assert wake.active and wake.wake_at == 44.0
    wake.settle(43.0, True, True)
    assert wake.active and wake.wake_at == 44.0
    wake.settle(44.0, True, True)
    assert not wake.active and wake.wake_at == inf
    wake.settle(100.0, True, True)
    assert not wake.active
    wake.settle(101.0, False, False)
    wake.settle(102.0, True, True)
    assert wake.wake_at == 132.0


def test_one_that_is_awake_is_not_woken() -> None:
    """State C, or no offer, begins the time anew; an offer that ends ends the waking."""
    wake = WakeUp()
    wake.settle(10.0, True, True)
    wake.settle(39.0, True, False)
    wake.settle(40.0, True, True)
    assert not wake.active and wake.wake_at == 70.0
    wake.settle(70.0, True, True)
    assert wake.active
    wake.settle(71.0, True, False)
    assert not wake.active


def test_the_reflex_wakes_where_the_board_file_allows_it() -> None:
    """-12 V for four seconds are no lost pilot; the vehicle's state is as before; then it may charge."""
    for allowed in (True, False):
        rig = Rig(Limits(lease_s=inf, wake=allowed))
        rig.minus = -12.0
        rig.state("B")
        rig.offer(16.0)
        rig.wait(29.5)
        assert rig.evse.duty == 266_666
        rig.wait(1.0)
        assert rig.evse.duty == (0 if allowed else 266_666)
        rig.wait(5.0)
        assert rig.evse.duty == 266_666 and rig.evse.state == "B" and not len(rig.evse.faults)
        rig.state("C")
        rig.wait(0.5)
        assert rig.evse.closed
        assert [report for report in rig.reports if getattr(report, "state", "") in ("E", "F")] == []


def test_one_that_draws_nothing_in_c_is_woken_once() -> None:
    """Less than 1 % of what it may, for five minutes: no fault; the contactor opens first, and closes again."""
    rig = Rig(Limits(lease_s=inf, wake=True))
    rig.minus = -12.0
    rig.state("B")
    rig.offer(16.0)
    rig.state("C")
    rig.wait(1.0)
    rig.evse.draw(rig.now, 0.15)
    rig.wait(299.0)
    assert rig.evse.closed and rig.evse.duty == 266_666
    rig.wait(2.0)
    assert rig.evse.duty == 0 and not rig.evse.closed and rig.evse.state == "C"
    rig.wait(10.0)
    assert rig.evse.duty == 266_666 and rig.evse.closed and not len(rig.evse.faults)
    rig.wait(600.0)
    assert rig.evse.closed, "once is enough"


def test_one_that_draws_a_little_or_is_not_measured_is_left_alone() -> None:
    """1 % of 16 A; a meter that says nothing; a board that does not wake."""
    for wake, amps in ((True, 0.16), (True, None), (False, 0.0)):
        rig = Rig(Limits(lease_s=inf, wake=wake))
        rig.minus = -12.0
        rig.state("B")
        rig.offer(16.0)
        rig.state("C")
        rig.wait(1.0)
        rig.evse.draw(rig.now, amps)
        rig.wait(400.0)
        assert rig.evse.closed and rig.evse.duty == 266_666


def test_sleep_in_b_does_not_count_for_c() -> None:
    """Each has its own time, from its own beginning."""
    wake = WakeUp()
    wake.settle(0.0, True, True)
    wake.settle(20.0, True, True, 300.0)
    assert not wake.active and wake.wake_at == 320.0
    wake.settle(319.0, True, True, 300.0)
    assert not wake.active
    wake.settle(320.0, True, True, 300.0)
    assert wake.active
