"""A `CardReader` of a chip that is searched in a thread: what is found waits for the loop in a `CardMailbox`."""

from __future__ import annotations

from typing import Protocol

from drivers.devices import DeviceFailure
from drivers.readers.card_mailbox import Card, CardMailbox
from drivers.readers.id_tags import IdFormat


class CardChip(Protocol):
    """What searches for cards: one kind of reader on its port."""

    @property
    def device(self) -> str:
        """As messages name it: kind and port."""

    def search(self, mailbox: CardMailbox) -> float:
        """One search, its result into the mailbox; seconds until the next one.  May block; called by its thread."""


class PolledReader:
    """`read`, `take` and `wake_at` are for the loop, `poll` for the thread.

    sightings  how many equal ones make a card: 1 where the way to the chip has check sums that can be relied on
    """

    def __init__(self, chip: CardChip, format_: IdFormat, sightings: int = 2) -> None:
        self.device = chip.device
        self._chip = chip
        self._mailbox = CardMailbox(chip.device, format_, sightings)

    @property
    def wake_at(self) -> float:
        return self._mailbox.wake_at

    def read(self, now: float) -> str | DeviceFailure | None:
        return self._mailbox.read(now)

    def take(self, now: float) -> Card | DeviceFailure | None:
        """As `read`, with the digits as read."""
        return self._mailbox.take(now)

    def poll(self) -> float:
        """One search; seconds until the next one."""
        return self._chip.search(self._mailbox)
