"""When to dial again after a loss or a failure: exponential back-off with full jitter.  Arithmetic only, no clock."""

from __future__ import annotations

from collections import deque
from random import Random

from daemon.csms.limits import ConnectionLimits

FLAPS = 3
"""So many short connections within `settle_s`, and an accepted registration no longer resets the back-off."""


class Backoff:
    """Waits of at most 1, 1, 2, 4 … s up to `reconnect_max_s`, each with full jitter.  Times are monotonic seconds."""

    def __init__(self, seed: int, limits: ConnectionLimits) -> None:
        self._random = Random(seed)
        self._limits = limits
        self._tries = 0
        self._short_losses: deque[float] = deque(maxlen=FLAPS)

    def wait_s(self) -> float:
        """Seconds from a loss or failure until the next attempt; the first comes within `first_retry_s`."""
        tries, self._tries = self._tries, min(self._tries + 1, 32)
        ceiling = self._limits.first_retry_s if tries == 0 else 2.0 ** (tries - 1)
        return self._random.uniform(0.0, min(ceiling, self._limits.reconnect_max_s))

    def reset(self) -> None:
        """A new connection was requested: the next attempt comes within a second."""
        self._tries = 0

    def lost(self, now: float, lasted_s: float) -> None:
        """A connection ended after `lasted_s`: from `settle_s` on this resets the back-off, below it is counted."""
        if lasted_s >= self._limits.settle_s:
            self.reset()
            self._short_losses.clear()
        else:
            self._short_losses.append(now)

    def settled(self, now: float) -> None:
        """The Central System accepted the station: resets the back-off, except while `flapping`."""
        if not self.flapping(now):
            self.reset()

    def flapping(self, now: float) -> bool:
        """Whether the last `FLAPS` connections were all short and lost within `settle_s`.

        Two stations that use one identity disconnect each other like this.
        """
        return len(self._short_losses) == FLAPS and now - self._short_losses[0] < self._limits.settle_s
