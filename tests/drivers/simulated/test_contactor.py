"""The simulated contactor: it takes 20 ms, sticks, refuses, or drops out."""

from __future__ import annotations

from drivers.simulated.contactor import MOVES_IN_S, SimulatedContactor


def closed(causes: set[str]) -> SimulatedContactor:
    contactor = SimulatedContactor(causes)
    contactor.switch(0.0, True)
    contactor.feedback(0.0)
    contactor.feedback(MOVES_IN_S)
    return contactor


def test_it_takes_its_time() -> None:
    """A command is followed 20 ms later."""
    contactor = SimulatedContactor(set())
    contactor.switch(0.0, True)
    assert not contactor.feedback(0.0) and not contactor.live
    assert contactor.feedback(contactor.wake_at) and contactor.live
    assert contactor.feedback(1.0) and contactor.wake_at == float("inf")


def test_it_may_not_close_or_not_open() -> None:
    """`contactor` bites at the next closing only; `weld` holds whatever is commanded, until it is gone."""
    assert not closed({"contactor"}).live
    causes: set[str] = set()
    contactor = closed(causes)
    causes.add("contactor")
    assert contactor.feedback(1.0)
    causes.clear()
    causes.add("weld")
    contactor.switch(1.0, False)
    contactor.feedback(1.0)
    assert contactor.feedback(1.1) and contactor.live
    causes.clear()
    assert not contactor.feedback(2.0) and not contactor.live


def test_it_opens_without_coil_supply_or_by_residual_current() -> None:
    """No reflex is needed for that, and it does not close again by itself."""
    for powered, cause in ((False, "none"), (True, "rcd")):
        causes: set[str] = set()
        contactor = closed(causes)
        contactor.powered = powered
        causes.add(cause)
        assert not contactor.feedback(1.0) and not contactor.live
        contactor.powered = True
        causes.clear()
        assert not contactor.feedback(2.0)
