"""The contactor of a simulated connector: it takes its time, may be welded, and may not close."""

from __future__ import annotations

from collections.abc import Set
from math import inf
from typing import Final

MOVES_IN_S: Final = 0.02


class SimulatedContactor:
    """`live` is the voltage at the outlet, which is also what the auxiliary contact says."""

    __slots__ = ("_commanded", "_contacts", "live", "wake_at")

    def __init__(self) -> None:
        self.live = False
        self.wake_at = inf
        self._commanded = False
        self._contacts = False

    def settle(self, now: float, commanded: bool, coil: bool, causes: Set[str]) -> bool:
        """Follow the command, as far as coil supply and faults allow; whether `live` changed."""
        if commanded != self._commanded:
            self._commanded = commanded
            self.wake_at = now + MOVES_IN_S
        if now >= self.wake_at:
            self.wake_at = inf
            self._contacts = commanded and "contactor" not in causes
        if "rcd" in causes or not coil:
            self._contacts = False  # opens without any reflex
        before = self.live
        self.live = self._contacts or "weld" in causes
        return self.live != before
