"""How many of one kind pass: a token bucket a kind, with a count of what was left out.  Time comes as an argument."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import NamedTuple

MOST_KINDS = 256
"""Kinds that are remembered; the one that was longest not asked for is forgotten."""


class Allowance(NamedTuple):
    """`burst` at once, then `per_s` a second."""

    burst: float
    per_s: float


class LeftOut(NamedTuple):
    """What did not pass."""

    kind: str
    times: int
    seconds: float
    """Since the first of them."""


class _Bucket:
    def __init__(self, burst: float, now: float) -> None:
        self.tokens = burst
        self.at = now
        self.left_out = 0
        self.since = now


class FloodLimit:
    """One bucket a kind; full at the start."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def admits(self, kind: str, now: float, allowance: Allowance, cost: float = 1.0) -> bool:
        """Whether one more passes; if not it is counted.  What costs more than the burst needs a full bucket."""
        bucket = self._buckets.pop(kind, None) or _Bucket(allowance.burst, now)
        self._buckets[kind] = bucket
        if len(self._buckets) > MOST_KINDS:
            self._buckets.popitem(last=False)
        bucket.tokens = min(allowance.burst, bucket.tokens + max(0.0, now - bucket.at) * allowance.per_s)
        bucket.at = now
        if bucket.tokens >= min(cost, allowance.burst):
            bucket.tokens -= cost
            return True
        bucket.since = bucket.since if bucket.left_out else now
        bucket.left_out += 1
        return False

    def pardon(self, kind: str) -> None:
        """The one that was left out last passes all the same."""
        bucket = self._buckets.get(kind)
        if bucket is not None and bucket.left_out:
            bucket.left_out -= 1

    def take_left_out(self, now: float, quiet_s: float = 0.0) -> Iterator[LeftOut]:
        """The counts of those kinds whose first was left out `quiet_s` ago or earlier; they begin anew."""
        for kind, bucket in self._buckets.items():
            if bucket.left_out and now - bucket.since >= quiet_s:
                yield LeftOut(kind, bucket.left_out, now - bucket.since)
                bucket.left_out = 0
