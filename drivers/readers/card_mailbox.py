"""Between a reader's thread and the loop: cards that were presented, once each, and whether the reader works."""

from __future__ import annotations

from collections import deque
from math import inf
from typing import Final, NamedTuple

from drivers.devices import DeviceFailure
from drivers.readers.id_tags import IdFormat

ABSENT_S: Final = 0.8
"""A card that was not seen for so long has gone; seen again it is a new presentation."""
CONFIRM_S: Final = 0.5
"""Two equal sightings within this prove a number: check sums of one byte do not."""
HANGS_AFTER_S: Final = 10.0
LOOKS_EVERY_S: Final = 0.02
MOST: Final = 8
"""Cards that nobody fetched."""


class Card(NamedTuple):
    """A card that was presented."""

    id_tag: str
    """Empty where none can be made of it."""
    raw: str
    """Hexadecimal digits as the reader gave them."""


class CardMailbox:
    """`saw`, `works` and `failed` belong to the thread, `read` and `take` to the loop.

    sightings  how many equal ones it takes
    """

    __slots__ = ("_alive_at", "_cards", "_device", "_failure", "_format", "_last", "_sightings", "_unsure", "wake_at")

    def __init__(self, device: str, format_: IdFormat, sightings: int = 2) -> None:
        self._device = device
        self._format = format_
        self._sightings = sightings
        self._cards: deque[Card] = deque(maxlen=MOST)
        self._last: dict[str, float] = {}
        """When each card that is present was seen last."""
        self._unsure = ("", -inf, 0)
        self._failure: DeviceFailure | None = None
        self._alive_at = inf
        self.wake_at = -inf

    # --- the thread -------------------------------------------------------------------------------------------------

    def saw(self, now: float, raw: str) -> bool:
        """A sighting; whether another one is needed to be sure."""
        self.works(now)
        self._last = {card: at for card, at in self._last.items() if now - at <= ABSENT_S}
        if raw not in self._last:
            seen, at, count = self._unsure
            count = count + 1 if seen == raw and now - at <= CONFIRM_S else 1
            self._unsure = (raw, now, count)
            if count < self._sightings:
                return True
            self._unsure = ("", -inf, 0)
            self._cards.append(Card(self._format.id_tag(raw), raw.upper()))
        self._last[raw] = now
        return False

    def works(self, now: float) -> None:
        """The reader has just shown that it does."""
        self._alive_at, self._failure = now, None

    def failed(self, now: float, failure: DeviceFailure) -> None:
        """Until it works again."""
        self._alive_at, self._failure = now, failure

    # --- the loop ---------------------------------------------------------------------------------------------------

    def take(self, now: float) -> Card | DeviceFailure | None:
        """The next card; else why there is none to be expected."""
        self.wake_at = now + LOOKS_EVERY_S
        if self._cards:
            return self._cards.popleft()
        if now - self._alive_at > HANGS_AFTER_S:
            return DeviceFailure(self._device, "it hangs", "unplug it once; restart evsed-board")
        return self._failure

    def read(self, now: float) -> str | DeviceFailure | None:
        """As `CardReader.read`."""
        card = self.take(now)
        return card.id_tag or None if isinstance(card, Card) else card
