"""Random charging profiles against an oracle that shares no code with the product."""

from __future__ import annotations

import os

import pytest

from tests.ocpp16.profile_walk import Walk

SETS = int(os.environ.get("EVSED_PROFILE_SETS", "1000"))
"""How many random profile sets: a hundred take about two seconds of a core."""
FIRST = int(os.environ.get("EVSED_PROFILE_SEED", "0"))
PARTS = 20


@pytest.mark.parametrize("part", range(PARTS))
def test_random_profile_sets(part: int) -> None:
    """§3.13, §5.7: whatever is installed, and whatever happens meanwhile, pilot and schedule are the oracle's."""
    for seed in range(FIRST + part, FIRST + SETS, PARTS):
        try:
            Walk(seed).go()
        except AssertionError as wrong:
            raise AssertionError(f"profile set {seed}: {wrong}") from wrong
