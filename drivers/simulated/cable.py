"""The cable of a simulated outlet: fixed, or the driver's own in a socket, taken along when nothing holds it."""

from __future__ import annotations

from math import inf
from typing import Any, Final

from drivers.simulated.lock import SimulatedLock

CABLE_AMPS: Final = 32.0
"""Coding of the cable that drivers bring."""


class SimulatedCable:
    """A `Proximity` device.  `held` while the cable is plugged into a car."""

    __slots__ = ("_lock", "held", "present", "wake_at")

    def __init__(self, socket: bool, lock: SimulatedLock) -> None:
        self._lock = lock
        self.present = not socket
        self.held = False
        self.wake_at = inf

    def amps(self, now: float) -> float:
        if not self.held and not self._lock.position:
            self.present = False
        return CABLE_AMPS if self.present else 0.0

    @property
    def is_shut(self) -> bool:
        """Nothing can be plugged in: the empty socket is locked."""
        return self._lock.position and not self.present

    def state(self) -> dict[str, Any]:
        return {"present": self.present, "locked": self._lock.position}

    def restore(self, state: dict[str, Any]) -> None:
        self.present, self._lock.position = state["present"], state["locked"]
