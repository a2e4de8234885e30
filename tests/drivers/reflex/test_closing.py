"""When a contactor may close, and how often that is tried."""

from __future__ import annotations

from math import inf

from drivers.reflex.closing import Closing
from drivers.reflex.state_machine import Limits
from tests.drivers.rig import Rig


def test_closings_are_spaced() -> None:
    """Five seconds between two; one that failed is tried again after a second."""
    closing = Closing(5.0, 3, 30.0, inf)
    assert closing.earliest(10.0) == -inf
    closing.closes(10.0)
    assert (closing.closed_at, closing.earliest(10.1)) == (10.0, 15.0)
    assert not closing.did_not_close() and closing.earliest(10.2) == 11.0
    assert not closing.did_not_close() and closing.did_not_close(), "the third is a fault"
    assert closing.earliest(10.2) == 15.0 and not closing.did_not_close(), "and then it is counted anew"
    closing.confirmed()
    assert closing.earliest(10.2) == 15.0


def test_after_a_fault_it_rests() -> None:
    """Half a minute from the last moment of the fault."""
    closing = Closing(5.0, 3, 30.0, inf)
    closing.rest(10.0)
    closing.rest(20.0)
    assert closing.earliest(21.0) == 50.0


def test_twenty_closings_an_hour() -> None:
    """The next one waits until the first is an hour old; tries of one closing count once."""
    closing = Closing(5.0, 3, 30.0, 20)
    for at in range(20):
        closing.closes(at * 10.0)
        closing.did_not_close()
        closing.closes(at * 10.0 + 1)
        closing.confirmed()
        assert closing.earliest(at * 10.0 + 2) == (at * 10.0 + 6 if at < 19 else 3600.0)
    assert closing.earliest(3600.0) == 196.0 and closing.earliest(3605.0) == 196.0


def rig(**limits: float) -> Rig:
    return Rig(Limits(lease_s=inf, **limits))  # type: ignore[arg-type]


def test_a_contactor_that_does_not_close_is_tried_three_times() -> None:
    """Each try lasts 0.2 s; then it is a fault until the vehicle is unplugged."""
    stand = rig(close_tries=3)
    stand.follows = False
    stand.state("B")
    stand.offer(16.0)
    stand.state("C")
    stand.wait(0.15)
    assert not stand.evse.closed and "contactor" not in stand.evse.faults
    stand.wait(1.0)
    assert "contactor" not in stand.evse.faults
    stand.wait(1.2)
    assert "contactor" in stand.evse.faults and not stand.evse.closed
    stand.follows = True
    stand.wait(60.0)
    assert not stand.evse.closed
    stand.state("A")
    assert "contactor" not in stand.evse.faults


def test_a_second_try_that_closes_is_a_charge() -> None:
    """No fault, and the next failure has all its tries."""
    stand = rig(close_tries=3)
    stand.follows = False
    stand.state("B")
    stand.offer(16.0)
    stand.state("C")
    stand.wait(0.15)
    stand.follows = True
    stand.wait(2.0)
    assert stand.evse.closed and stand.contactor and not len(stand.evse.faults)


def test_a_contactor_that_falls_off_is_a_fault_at_once() -> None:
    """What was confirmed and is lost again is not tried again."""
    stand = rig(close_tries=3)
    stand.charging()
    stand.wait(1.0)
    stand.follows = False
    stand.feedback(False)
    assert "contactor" in stand.evse.faults and not stand.evse.closed


def test_a_rest_after_a_fault() -> None:
    """A pilot that was lost for a moment: the contactor closes again 30 s after it returned."""
    stand = rig(rest_s=30.0)
    stand.charging()
    stand.wait(10.0)
    stand.state("E")
    assert not stand.evse.closed
    stand.state("C")
    stand.wait(29.0)
    assert not stand.evse.closed
    stand.wait(1.2)
    assert stand.evse.closed


def test_a_residual_current_at_closing_is_ended_by_service_alone() -> None:
    """Within two seconds of the closing; one that comes later waits as it always does."""
    stand = rig(at_closing_s=2.0)
    stand.charging()
    stand.fault("rcd", True)
    stand.fault("rcd", False)
    stand.wait(1000.0)
    assert stand.evse.faults.tested(stand.now) == ["rcd"] and not stand.evse.closed
    stand.evse.faults.serviced(stand.now)
    stand.settle()
    stand.offer(16.0)
    stand.wait(10.0)
    assert stand.evse.closed
    stand.wait(2.0)
    stand.fault("rcd", True)
    stand.fault("rcd", False)
    stand.wait(1000.0)
    assert "rcd" not in stand.evse.faults
