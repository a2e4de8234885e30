"""A burst, then a steady rate."""

from __future__ import annotations

from math import inf

from drivers.process.pace import Pace


def test_a_burst_then_a_rate() -> None:
    """Three at once, then two a second; what was not used is saved up to the burst, not beyond it."""
    pace = Pace(per_s=2.0, burst=3)
    assert pace.free_at == -inf
    assert [pace.take(10.0) for _ in range(5)] == [True, True, True, False, False]
    assert pace.free_at == 10.5
    assert [pace.take(10.5), pace.take(10.6), pace.take(11.0)] == [True, False, True]
    assert [pace.take(100.0) for _ in range(4)] == [True, True, True, False]
