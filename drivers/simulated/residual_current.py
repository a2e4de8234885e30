"""The residual-current monitor of a simulated connector."""

from __future__ import annotations

from collections.abc import Set
from math import inf


class SimulatedResidualCurrent:
    """A `ResidualCurrent` device; `causes` are the faults that are on."""

    __slots__ = ("_causes", "wake_at")

    def __init__(self, causes: Set[str]) -> None:
        self._causes = causes
        self.wake_at = inf

    def tripped(self, now: float) -> bool:
        return "rcd" in self._causes
