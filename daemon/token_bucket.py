"""A rate with a burst: pure, time is an argument."""

from __future__ import annotations


class TokenBucket:
    """At most `burst` at once and `per_s` a second in the long run; times are monotonic seconds."""

    def __init__(self, burst: int, per_s: float) -> None:
        self._burst = float(burst)
        self._per_s = per_s
        self._tokens = float(burst)
        self._at = float("-inf")

    def wait_s(self, now: float) -> float:
        """Seconds until the next one is allowed; 0.0: now."""
        missing = 1.0 - self._left(now)
        return 0.0 if missing <= 1e-9 else missing / self._per_s

    def take(self, now: float) -> None:
        """One of them happens, allowed or not."""
        self._tokens, self._at = self._left(now) - 1.0, max(now, self._at)

    def give(self, now: float) -> None:
        """One more is allowed than the rate says; never more than `burst` at once."""
        self._tokens, self._at = min(self._burst, self._left(now) + 1.0), max(now, self._at)

    def _left(self, now: float) -> float:
        if self._at == float("-inf"):
            return self._tokens
        return min(self._burst, self._tokens + max(0.0, now - self._at) * self._per_s)
