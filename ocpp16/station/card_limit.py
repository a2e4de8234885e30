"""Cards that are tried out: five refused ones within a minute close the readers for half a minute."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from ocpp16.connector.state import CardRefused
from ocpp16.profiles.security.security_events import SecurityEvent, SecurityEvents
from ocpp16.state.context import Context

REFUSED = 5
WITHIN_S = 60.0
PAUSE_S = 30.0


class CardLimit:
    """Counts the cards that were refused at a reader; remote starts and free vend do not count."""

    def __init__(self, context: Context, events: SecurityEvents) -> None:
        self._context = context
        self._events = events
        self._seen: dict[int, CardRefused] = {}
        self._refused: deque[float] = deque(maxlen=REFUSED)
        self._until = float("-inf")

    def left_s(self) -> float:
        """Seconds for which no card is taken; 0: they are."""
        return max(0.0, self._until - self._context.now.mono)

    def observe(self, refused: Iterable[tuple[int, CardRefused | None]]) -> None:
        """After each step: the card refused last, by connector (0: before one was chosen)."""
        for number, card in refused:
            if card is None or card is self._seen.get(number):
                continue
            self._seen[number] = card
            if not (card.remote or card.free_vend or self.left_s()):
                self._count()

    def _count(self) -> None:
        now = self._context.now.mono
        self._refused.append(now)
        if len(self._refused) == REFUSED and now - self._refused[0] <= WITHIN_S:
            self._refused.clear()
            self._until = now + PAUSE_S
            self._events.record(SecurityEvent.TOO_MANY_CARDS, f"{REFUSED} refused cards within {WITHIN_S:.0f} s")
