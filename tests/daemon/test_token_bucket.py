"""A bucket: its burst at once, its rate in the long run, whatever the times are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daemon.token_bucket import TokenBucket


def test_a_burst_and_then_the_rate() -> None:
    """Three at once, then one each half second; a pause fills it again, but no further than its burst."""
    bucket = TokenBucket(3, 2.0)
    for _ in range(3):
        assert bucket.wait_s(100.0) == 0.0
        bucket.take(100.0)
    assert bucket.wait_s(100.0) == 0.5 and bucket.wait_s(100.25) == 0.25 and bucket.wait_s(100.5) == 0.0
    for _ in range(3):
        assert bucket.wait_s(1_000.0) == 0.0
        bucket.take(1_000.0)
    assert bucket.wait_s(1_000.0) == 0.5


def test_what_is_given_comes_on_top_of_the_rate() -> None:
    """One given, one more taken; never more than the burst at once."""
    bucket = TokenBucket(2, 1.0)
    bucket.give(0.0)
    for _ in range(2):
        bucket.take(0.0)
    assert bucket.wait_s(0.0) == 1.0
    bucket.give(0.0)
    assert bucket.wait_s(0.0) == 0.0
    bucket.take(0.0)
    assert bucket.wait_s(0.0) == 1.0


def test_a_clock_that_steps_back_gives_nothing_away() -> None:
    """An earlier time neither fills nor empties it."""
    bucket = TokenBucket(1, 1.0)
    bucket.take(50.0)
    assert bucket.wait_s(40.0) == 1.0
    assert bucket.wait_s(51.0) == 0.0


@given(st.lists(st.floats(0.0, 2.0), max_size=60), st.integers(1, 9), st.floats(0.1, 20.0))
def test_never_more_than_burst_and_rate(pauses: list[float], burst: int, per_s: float) -> None:
    """Whenever somebody asks: what was allowed is never more than the burst and what the rate gave since."""
    bucket, now, taken = TokenBucket(burst, per_s), 0.0, 0
    for pause in pauses:
        now += pause
        if bucket.wait_s(now) == 0.0:
            bucket.take(now)
            taken += 1
    assert taken <= burst + now * per_s + 1e-6
