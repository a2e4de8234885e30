"""Random worlds by seed, all faults at once, then peace: nothing is lost, nothing waits for ever."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from tests.sim.chaos import Chaos, expected_strikes, run_seed

SEEDS = int(os.environ.get("WORLDS", "1000"))
LOT = 125
"""Worlds in which every fault strikes at least once."""
FAILED_ONCE = Path(__file__).with_name("seeds.txt")


def _once_failed() -> list[int]:
    lines = FAILED_ONCE.read_text(encoding="utf-8").split() if FAILED_ONCE.exists() else []
    return sorted({int(line) for line in lines})


@pytest.mark.parametrize("seed", _once_failed())
def test_seed_that_once_failed(seed: int) -> None:
    """A world that broke a rule once keeps all of them now."""
    run_seed(seed)


@pytest.mark.long
@pytest.mark.parametrize("chunk", range(SEEDS // LOT))
def test_worlds(chunk: int) -> None:
    """At least 24 hours of every fault, then peace: the checkers pass, and every fault struck in each lot of worlds."""
    strikes: Counter[str] = Counter()
    for seed in range(chunk * LOT, (chunk + 1) * LOT):
        outcome = run_seed(seed)
        assert outcome.hours >= 24.0
        strikes.update(outcome.strikes)
    assert not sorted(what for what in expected_strikes() if not strikes[what])


@pytest.mark.parametrize("seed", range(4))
def test_same_seed_same_trace(seed: int) -> None:
    """The same seed gives the same world, to the last step."""
    assert Chaos(seed, 8.0).run().trace == Chaos(seed, 8.0).run().trace


def test_other_seed_other_trace() -> None:
    """Another seed gives another world."""
    assert Chaos(1, 2.0).run().trace != Chaos(2, 2.0).run().trace
