"""How often the contactor of one connector has switched since the process started: under load, and without.

A switching is a closing with the opening that follows; it counts when it opens.
"""

from __future__ import annotations

from typing import Final, NamedTuple

LOAD_AMPS: Final = 1.0
"""A phase that carries so much is a load (the reflex waits for less before it opens without a fault)."""


class Switchings(NamedTuple):
    """Whole numbers."""

    loaded: int = 0
    unloaded: int = 0


class SwitchingCount:
    """`update` with each command; a current that is not known counts as a load."""

    __slots__ = ("_closed", "count")

    def __init__(self) -> None:
        self.count = Switchings()
        self._closed = False

    def update(self, closed: bool, amps: float | None) -> None:
        """`closed`: what is commanded; `amps`: the largest phase current that the meter shows, None: unknown."""
        if self._closed and not closed:
            loaded, unloaded = self.count
            is_load = amps is None or amps >= LOAD_AMPS
            self.count = Switchings(loaded + 1, unloaded) if is_load else Switchings(loaded, unloaded + 1)
        self._closed = closed
