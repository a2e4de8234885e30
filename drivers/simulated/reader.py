"""A simulated card reader: of one connector, or of the whole station."""

from __future__ import annotations

from collections import deque
from collections.abc import Set
from math import inf
from typing import Final

from drivers.devices import DeviceFailure

LOST: Final = DeviceFailure("card reader", "it does not answer", "end the simulated fault reader-lost")


class SimulatedReader:
    """A `CardReader` device; `causes` are the faults that are on."""

    __slots__ = ("_cards", "_causes", "wake_at")

    def __init__(self, causes: Set[str]) -> None:
        self._causes = causes
        self._cards: deque[str] = deque()
        self.wake_at = inf

    def present(self, now: float, id_tag: str) -> None:
        """Somebody holds a card to the reader."""
        self._cards.append(id_tag)
        self.wake_at = now

    def read(self, now: float) -> str | DeviceFailure | None:
        card = self._cards.popleft() if self._cards else None
        self.wake_at = now if self._cards else inf
        return LOST if "reader-lost" in self._causes else card
