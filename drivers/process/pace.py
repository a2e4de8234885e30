"""How often something may happen: a burst, then a steady rate.  Time is an argument."""

from __future__ import annotations

from math import inf


class Pace:
    """`burst` at once, then `per_s` a second."""

    __slots__ = ("_each_s", "_even_at", "_slack_s")

    def __init__(self, per_s: float, burst: int) -> None:
        self._each_s = 1.0 / per_s
        self._slack_s = (burst - 1) * self._each_s
        self._even_at = -inf
        """The second at which nothing of the burst is used up any more."""

    @property
    def free_at(self) -> float:
        """The second from which on the next one may happen."""
        return self._even_at - self._slack_s

    def take(self, now: float) -> bool:
        """Whether it may happen now; it then counts."""
        if now < self.free_at:
            return False
        self._even_at = max(self._even_at, now) + self._each_s
        return True
