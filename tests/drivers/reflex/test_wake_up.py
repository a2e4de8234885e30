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
