"""The contactor of a simulated connector: it takes its time, may be welded, and may not close."""

from __future__ import annotations

from collections.abc import Set
from math import inf
from typing import Final

MOVES_IN_S: Final = 0.02


class SimulatedContactor:
    """A `Relay` device.  `live` is the voltage at the outlet, which is also what the auxiliary contact reports.

    causes   the faults that are on
    powered  whether there is a supply for its coil
    """

    __slots__ = ("_causes", "_commanded", "_contacts", "live", "powered", "wake_at")

    def __init__(self, causes: Set[str]) -> None:
        self.live = False
        self.powered = True
        self.wake_at = inf
        self._causes = causes
        self._commanded = False
        self._contacts = False

    def switch(self, now: float, closed: bool) -> None:
        if closed != self._commanded:
            self._commanded = closed
            self.wake_at = now + MOVES_IN_S

    def feedback(self, now: float) -> bool:
        if now >= self.wake_at:
            self.wake_at = inf
            self._contacts = self._commanded and "contactor" not in self._causes
        if "rcd" in self._causes or not self.powered:
            self._contacts = False  # opens without any reflex
        self.live = self._contacts or "weld" in self._causes
        return self.live
