"""Hostile input at every door: 100,000 executions from fixed seeds, and not one uncaught exception."""

from __future__ import annotations

import pytest

from tests.fuzz.targets import TARGETS, Found, Target, run

CHUNKS = 4


@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_nothing_gets_through(target: Target, chunk: int) -> None:
    """Whatever comes in through this door is understood or refused, never thrown."""
    assert run(target, chunk, target.share // CHUNKS).executions == target.share // CHUNKS


def test_there_are_enough() -> None:
    """100,000 executions in all."""
    assert sum(target.share for target in TARGETS) >= 100_000


def test_what_gets_through_is_found() -> None:
    """A door that throws is reported with seed and input: the fuzzer is no decoration."""

    def take(item: str) -> None:
        if "9" in item:
            raise KeyError(item)

    with pytest.raises(Found, match="seed 1"):
        run(Target("planted", 0, lambda random: str(random.random()), take), 1, 100)
