"""Token buckets by kind."""

from __future__ import annotations

from daemon.journal.flood_limit import MOST_KINDS, Allowance, FloodLimit

FEW = Allowance(3, 0.5)


def test_a_burst_then_a_rate() -> None:
    """Three at once, then one every two seconds; each kind has its own."""
    limit = FloodLimit()
    assert [limit.admits("a", 0.0, FEW) for _ in range(5)] == [True, True, True, False, False]
    assert limit.admits("b", 0.0, FEW) and not limit.admits("a", 1.0, FEW) and limit.admits("a", 2.0, FEW)
    assert not limit.admits("a", 1.0, FEW), "time that runs backwards gives nothing"


def test_what_was_left_out_is_counted_once() -> None:
    """The number since the first of them; then the count begins anew."""
    limit = FloodLimit()
    for second in range(6):
        limit.admits("a", second * 0.1, FEW)
    assert list(limit.take_left_out(5.0, quiet_s=10.0)) == []
    (left,) = limit.take_left_out(10.3, quiet_s=10.0)
    assert (left.kind, left.times, round(left.seconds)) == ("a", 3, 10) and list(limit.take_left_out(99.0)) == []


def test_a_large_one_needs_a_full_bucket() -> None:
    """What costs more than the burst passes once, and is paid for."""
    limit = FloodLimit()
    allowance = Allowance(100, 10)
    assert limit.admits("a", 0.0, allowance, 250) and not limit.admits("a", 10.0, allowance, 1)
    assert limit.admits("a", 30.0, allowance, 1)


def test_one_that_passes_all_the_same_is_not_counted() -> None:
    """A pardon takes the last one out of the count."""
    limit = FloodLimit()
    for _ in range(5):
        limit.admits("a", 0.0, FEW)
    limit.pardon("a")
    limit.pardon("never seen")
    assert [left.times for left in limit.take_left_out(0.0)] == [1]


def test_kinds_are_bounded() -> None:
    """However many kinds come, few are remembered."""
    limit = FloodLimit()
    for number in range(MOST_KINDS + 50):
        limit.admits(str(number), 0.0, FEW)
    assert len(limit._buckets) == MOST_KINDS
