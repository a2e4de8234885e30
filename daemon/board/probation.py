"""A peer at the board socket that was refused or lost soon: how long until the next try, and until it counts.

Pure: time is an argument.  Without this the Central System is told of each greeting of a wrong peer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ocpp16.events import BoardAttached, CardPresented, Event, FaultChanged

RETRY_S = 1.0
"""A board that is not there, or was there for long, is looked for so soon."""
LONGEST_RETRY_S = 30.0
STABLE_S = 3.0
"""After a failure a conversation counts once it has lasted so long; twice as long after each further one …"""
LONGEST_STABLE_S = 60.0
"""… up to this, after which all is forgotten, too."""


class Probation:
    """`opened`, then `ended` for each conversation; events pass `held` in between."""

    def __init__(self) -> None:
        self._failures = 0
        """Conversations in a row that were refused, broken off by an error, or short."""
        self._opened_at = 0.0
        self._counts = True
        self._waiting: dict[tuple[object, ...], Event] = {}

    def opened(self, now: float) -> None:
        """A conversation begins."""
        self._opened_at = now
        self._counts = self._failures == 0
        self._waiting = {}

    @property
    def counts(self) -> bool:
        """What this board says is told at once."""
        return self._counts

    @property
    def lasts_s(self) -> float:
        """Seconds of a conversation until it counts; 0: at once."""
        return 0.0 if self._failures == 0 else _doubled(STABLE_S, self._failures, LONGEST_STABLE_S)

    def ended(self, now: float, was_wrong: bool) -> float:
        """Seconds until the next try.  `was_wrong`: it said what it must not, refused us, or fell silent."""
        lasted_s = now - self._opened_at
        if lasted_s >= LONGEST_STABLE_S:
            self._failures = 0
        if was_wrong or lasted_s < STABLE_S:
            self._failures += 1
        return RETRY_S if self._failures == 0 else _doubled(RETRY_S, self._failures, LONGEST_RETRY_S)

    def held(self, events: Iterable[Event]) -> Iterator[Event]:
        """What may be told now; of the rest the newest of each kind is kept, but for cards: nobody waits with one."""
        for event in events:
            if self._counts:
                yield event
            elif not isinstance(event, CardPresented):
                code = event.code if isinstance(event, FaultChanged) else ""
                key = (type(event), getattr(event, "connector", None), code)
                self._waiting.pop(key, None)
                self._waiting[key] = event

    def over(self) -> list[Event]:
        """The conversation counts from now on: what was kept, in its order, after the attachment."""
        self._counts = True
        waiting, self._waiting = list(self._waiting.values()), {}
        return sorted(waiting, key=lambda event: not isinstance(event, BoardAttached))


def _doubled(first_s: float, times: int, longest_s: float) -> float:
    return min(first_s * 2.0 ** min(times - 1, 10), longest_s)
