"""The simulated contactor: it takes 20 ms, sticks, refuses, or drops out."""

from __future__ import annotations

from drivers.simulated.contactor import MOVES_IN_S, SimulatedContactor

NONE: set[str] = set()


def closed(causes: set[str] = NONE) -> SimulatedContactor:
    contactor = SimulatedContactor()
    contactor.settle(0.0, True, True, causes)
    contactor.settle(MOVES_IN_S, True, True, causes)
    return contactor


def test_it_takes_its_time() -> None:
    """A command is followed 20 ms later, and a change is told once."""
    contactor = SimulatedContactor()
    assert not contactor.settle(0.0, True, True, NONE) and not contactor.live
    assert contactor.settle(contactor.wake_at, True, True, NONE) and contactor.live
    assert not contactor.settle(1.0, True, True, NONE)


def test_it_may_not_close_or_not_open() -> None:
    """`contactor` bites at the next closing only; `weld` holds whatever is commanded, until it is gone."""
    assert not closed({"contactor"}).live
    assert not closed().settle(1.0, True, True, {"contactor"})
    contactor = closed()
    contactor.settle(1.0, False, True, {"weld"})
    contactor.settle(1.1, False, True, {"weld"})
    assert contactor.live
    assert contactor.settle(2.0, False, True, NONE) and not contactor.live


def test_it_opens_without_coil_supply_or_by_residual_current() -> None:
    """No reflex is needed for that, and it does not close again by itself."""
    for coil, causes in ((False, NONE), (True, {"rcd"})):
        contactor = closed()
        assert contactor.settle(1.0, True, coil, causes) and not contactor.live
        assert not contactor.settle(2.0, True, True, NONE)
