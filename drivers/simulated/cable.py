"""The cable of a simulated outlet: fixed, or the driver's own in a socket with a lock that moves and may be stuck."""

from __future__ import annotations

from collections.abc import Set
from math import inf
from typing import Any, Final

from drivers.reflex.lock import LockReflex

LOCK_S: Final = 0.3
CABLE_AMPS: Final = 32.0
"""Coding of the cable that drivers bring."""


class SimulatedCable:
    """Facts `present` and `locked`; `reflex` says what the lock is driven to."""

    def __init__(self, socket: bool) -> None:
        self.socket = socket
        self.present = not socket
        self.locked = False
        self.reflex = LockReflex()
        self.wanted = False
        self.wake_at = inf
        self._moves_at = inf

    def settle(self, now: float, live: bool, car: bool, causes: Set[str]) -> None:
        """Move the lock; let the driver who has left take his cable along."""
        if not self.socket:
            return
        if now >= self._moves_at:
            self._moves_at = inf
            self.locked = self.reflex.drive
        self.reflex.settle(now, self.wanted, live, self.locked)
        stuck = "lock-closed" in causes if self.locked else "lock-open" in causes
        if self.reflex.drive == self.locked or stuck:
            self._moves_at = inf
        else:
            self._moves_at = min(self._moves_at, now + LOCK_S)
        if not car and not self.locked:
            self.present = False
        self.wake_at = min(self._moves_at, self.reflex.wake_at)

    @property
    def is_shut(self) -> bool:
        """Nothing can be plugged in."""
        return self.locked and not self.present

    def hold(self) -> tuple[str, bool]:
        """Why there can be no energy, and whether that is for at once; empty: the cable is as it should be."""
        if not self.present:
            return "no cable", True
        if self.socket and not self.locked:
            return "the cable is not locked", False
        return "", False

    def state(self) -> dict[str, Any]:
        return {"present": self.present, "locked": self.locked}

    def restore(self, state: dict[str, Any]) -> None:
        self.present, self.locked = state["present"], state["locked"]
