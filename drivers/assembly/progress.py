"""Proof of progress: when each slow device came back from its work last, and who has been away for too long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any, Final

PILOT_S: Final = 1.0
"""A converter that has not come back for so long: the pilot is lost anyway."""
SLOW_S: Final = 60.0
"""A bus, a reader; its time-outs and the time that a port needs to return lie well below."""


class Watched:
    """A slow device as its thread sees it: its work, and the second at which it was done last."""

    __slots__ = ("_begin", "_device", "_monotonic", "done_at", "name", "within_s")

    def __init__(
        self,
        name: str,
        device: Any,
        within_s: float,
        monotonic: Callable[[], float] = time.monotonic,
        begin: Callable[[], object] | None = None,
    ) -> None:
        """`begin` is called once, by the thread itself."""
        self._begin = begin
        self.name = name
        self._device = device
        self.within_s = within_s
        self._monotonic = monotonic
        self.done_at = monotonic()

    def poll(self) -> float:
        """Its next piece of work; seconds until the next.  What it raises is an end of work, too."""
        if self._begin is not None:
            begin, self._begin = self._begin, None
            begin()
        try:
            return float(self._device.poll())
        finally:
            self.done_at = self._monotonic()


def stuck(watched: Iterable[Watched], now: float) -> str:
    """Who has been away for too long; empty: nobody."""
    late = [each for each in watched if now > each.done_at + each.within_s]
    return ", ".join(f"{each.name}: nothing for {now - each.done_at:.0f} s" for each in late)
