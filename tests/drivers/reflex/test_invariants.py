"""I1 to I3 over every short sequence of events and over random ones; the judge is shown what it must see."""

from __future__ import annotations

import pytest

from drivers.reflex.state_machine import Evse
from tests.drivers.reflex.invariants import ACTIONS, Model, charging, play, walk
from tests.drivers.reflex.reachable import reach, state_key

SHORT = (
    "car B",
    "car C",
    "car E",
    "offer 16",
    "offer 0",
    "rcd on",
    "rcd off",
    "hold now",
    "release",
    "sticks",
    "blind",
)


@pytest.mark.parametrize("begin", [Model, charging], ids=["idle", "charging"])
def test_every_short_sequence(begin: type[Model]) -> None:
    """From an idle connector and from the middle of a charge."""
    assert walk(begin(), 2, tuple(ACTIONS), (0.05, 0.3)) == 2 * len(ACTIONS) * (1 + 2 * len(ACTIONS))
    assert walk(begin(), 3, SHORT, (0.15,)) > len(SHORT) ** 3


@pytest.mark.parametrize("seed", range(4))
def test_random_sequences(seed: int) -> None:
    """As long as they are."""
    play(1000, seed)


def test_the_judge_sees_what_is_wrong() -> None:
    """A contactor that stays, a weld that is not seen, too much signalled: each is caught."""
    model = charging()
    model.car = "B"
    with pytest.raises(AssertionError, match="I1"):
        for _ in range(20):
            model.now += 0.01
            model.judge()
    model = Model()
    model.contact = True
    with pytest.raises(AssertionError, match="I2"):
        for _ in range(40):
            model.now += 0.01
            model.judge()
    model = charging()
    model.offered = 10.0
    with pytest.raises(AssertionError, match=r"I3: 16\.0 A signalled, 10\.0 A allowed"):
        model.judge()


def test_12_every_reachable_state() -> None:
    """Each is left by every event once: fewer states than ways, and the same at another time of day."""
    reached = reach(Model, 2, SHORT, (0.02,))
    assert 30 < reached.states < reached.events < len(SHORT) + len(SHORT) ** 2
    assert reach(charging, 1, tuple(ACTIONS), (0.02,)).events == len(ACTIONS)
    early, late = Model(), Model()
    late.wait(60.0)
    early.wait(50.0)
    assert state_key(early, early.now) == state_key(late, late.now)
    late.car = "B"
    assert state_key(early, early.now) != state_key(late, late.now)


class Deaf(Evse):
    """It hears of no hold."""

    __slots__ = ()

    def hold(self, now: float, why: str, at_once: bool = False) -> None:
        pass


def test_12_the_walk_sees_a_planted_defect() -> None:
    """With the way that leads there."""

    def begin() -> Model:
        model = charging()
        model.evse.__class__ = Deaf
        return model

    with pytest.raises(AssertionError, match=r"I1: closed for .*; after hold now 0\.3; "):
        reach(begin, 1, SHORT, (0.3,))
