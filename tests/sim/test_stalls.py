"""Worlds of stalls: a stop that is carried out late ends with the register as it then is."""

from __future__ import annotations

import pytest

from tests.sim.stalls import StalledWorld

WORLDS = 10
HOURS = 24.0


@pytest.mark.parametrize("seed", range(WORLDS))
def test_4_the_energy_of_a_stalled_station_is_true_or_marked(seed: int) -> None:
    """Cars, cards, a full store and the Central System go on while evsed stands still: every rule holds."""
    assert StalledWorld(seed, HOURS).run().strikes["stall with company"]
