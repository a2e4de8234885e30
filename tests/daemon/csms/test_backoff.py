"""Back-off: waits, resets, flapping."""

from __future__ import annotations

from daemon.csms.backoff import Backoff
from daemon.csms.limits import ConnectionLimits

LIMITS = ConnectionLimits()


def waits(backoff: Backoff, count: int) -> list[float]:
    return [backoff.wait_s() for _ in range(count)]


def test_the_ceilings() -> None:
    """Within 1 s, then full jitter below 1, 2, 4 … s, never above the ceiling."""
    ceilings = [1.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 300.0, 300.0]
    longest = [0.0] * len(ceilings)
    for seed in range(500):
        longest = [max(pair) for pair in zip(longest, waits(Backoff(seed, LIMITS), len(ceilings)), strict=True)]
    for most, ceiling in zip(longest, ceilings, strict=True):
        assert 0.95 * ceiling < most <= ceiling


def test_the_same_seed_waits_the_same() -> None:
    """Jitter comes from the seed."""
    assert waits(Backoff(3, LIMITS), 20) == waits(Backoff(3, LIMITS), 20) != waits(Backoff(4, LIMITS), 20)


def test_it_never_overflows() -> None:
    """A year of failures still waits at most the ceiling."""
    assert max(waits(Backoff(1, LIMITS), 100_000)) <= 300.0


def test_a_short_connection_resets_nothing() -> None:
    """A short connection does not reset the back-off."""
    backoff = Backoff(1, LIMITS)
    waits(backoff, 12)
    backoff.lost(1_000.0, lasted_s=599.0)
    assert max(waits(backoff, 5)) > 8


def test_a_connection_of_ten_minutes_resets() -> None:
    """A connection that lasted ten minutes resets the back-off."""
    backoff = Backoff(1, LIMITS)
    waits(backoff, 12)
    backoff.lost(1_000.0, lasted_s=600.0)
    assert max(waits(backoff, 2)) <= 1.0


def test_accepted_resets() -> None:
    """An accepted registration resets the back-off, too."""
    backoff = Backoff(1, LIMITS)
    waits(backoff, 12)
    backoff.settled(1_000.0)
    assert max(waits(backoff, 2)) <= 1.0


def test_accepted_resets_nothing_while_flapping() -> None:
    """Two stations with one identity throw each other out: accepted each time, yet we slow down."""
    backoff = Backoff(1, LIMITS)
    waits(backoff, 12)
    for loss in range(3):
        assert not backoff.flapping(1_000.0 + loss)
        backoff.lost(1_000.0 + loss, lasted_s=5.0)
    backoff.settled(1_010.0)
    assert backoff.flapping(1_010.0) and max(waits(backoff, 5)) > 8
    assert not backoff.flapping(1_000.0 + 600.0)
    backoff.settled(1_600.0)
    assert max(waits(backoff, 2)) <= 1.0


def test_a_thousand_stations_spread() -> None:
    """After a Central System that was away for some minutes, 1,000 stations come back over a minute and more."""
    at = []
    for seed in range(1_000):
        backoff, now = Backoff(seed, LIMITS), 0.0
        while now < 300.0:
            now += backoff.wait_s()
        at.append(now - 300.0)
    assert max(at) > 60 and max(sum(1 for t in at if second <= t < second + 1) for second in range(300)) < 60
