"""When the simulated meter is asked, and when its answer is a message."""

from __future__ import annotations

from math import inf

import pytest

from drivers.host.meter_polling import Metering
from drivers.simulated.meter import SimulatedMeter


def metering(repeats: bool) -> Metering:
    return Metering(1, SimulatedMeter(0.0, 1, 230.0), 60.0, repeats)


@pytest.mark.parametrize(
    ("repeats", "live", "causes", "period"),
    [
        (True, False, set(), 10.0),
        (True, True, set(), 60.0),
        (False, False, set(), inf),
        (False, True, {"rcd"}, 60.0),
        (False, True, {"meter-frozen"}, 1.0),
        (False, False, {"meter-frozen"}, inf),
        (True, False, {"meter-frozen"}, 10.0),
        (False, False, {"meter-lost"}, 1.0),
    ],
)
def test_when_it_is_asked_next(repeats: bool, live: bool, causes: set[str], period: float) -> None:
    """Rarely where nothing can change, every second while something is wrong that can be proven."""
    it = metering(repeats)
    it.plan(100.0, live, causes)
    assert it.poll_at == 100.0 + period


def test_only_news_is_told_in_simulated_time() -> None:
    """The same reading again is no message, unless a fresh one must be told."""
    it = metering(False)
    assert it.message(1.0, None) is not None
    assert it.message(2.0, None) is None
    assert it.message(3.0, None, fresh=True) is not None
    assert it.message(4.0, 55.0) is not None
    assert metering(True).message(1.0, None) is not None


def test_a_reading_that_is_not_to_be_believed_is_not_told() -> None:
    """Lost, frozen or running backwards: the fault is told instead."""
    it = metering(True)
    it.watch.causes["meter-frozen"] = True
    assert it.message(1.0, None, fresh=True) is None
