"""The outlet of one connector: its cable, the lock that holds it, and the order to unlock it."""

from __future__ import annotations

from math import inf
from typing import Final, NamedTuple

from drivers.devices import DeviceFailure, Lock, Proximity
from drivers.host.messages import CableState
from drivers.reflex.lock import LockReflex


class Hold(NamedTuple):
    """Why something outside the reflex keeps energy off, and whether at once; without a reason: nothing does."""

    why: str = ""
    at_once: bool = False


NO_HOLD: Final = Hold()


class Outlet:
    """A socket with a detachable cable, or a fixed cable (no `proximity`), which is always present and never locked."""

    __slots__ = (
        *("_closing_first", "_lock", "_position", "_proximity", "_proximity_failure", "_unlocked", "_wanted"),
        *("cable", "failure", "reflex"),
    )

    def __init__(self, proximity: Proximity | None, lock: Lock | None, fixed_amps: float) -> None:
        self._proximity = proximity
        self._lock = lock
        self._wanted = False
        self._unlocked = False
        """Ordered to unlock, against the level."""
        self._closing_first = False
        """Ordered to unlock while it was open: it locks once before, to show that it can move."""
        self._proximity_failure: DeviceFailure | None = None
        self._position: bool | None = False
        """Of the lock, True: locked; None: not known."""
        self.reflex = LockReflex()
        self.failure: DeviceFailure | None = None
        """Of the lock."""
        self.cable = CableState(True, False, fixed_amps) if proximity is None else CableState(False, False, 0.0)

    @property
    def has_lock(self) -> bool:
        return self._lock is not None

    # --- levels and orders ------------------------------------------------------------------------------------------

    def want(self, locked: bool) -> None:
        """The level; an order to unlock goes before it until it is unlocked once."""
        self._unlocked = self._unlocked and locked
        self._wanted = locked and not self._unlocked
        self._closing_first = self._closing_first and not self._wanted

    def unlock(self) -> None:
        """Against the level, until level, cable or vehicle change.  An open lock is exercised: it locks, then unlocks.

        That it stands open now is no proof that it moves, and a sensor may be wrong.
        """
        self._unlocked = True
        self._wanted = False
        self._closing_first = self._position is False

    def vehicle_connected(self) -> None:
        """An earlier order to unlock does not concern this vehicle."""
        self._unlocked = False

    def unlocking_ended(self) -> tuple[bool, str] | None:
        """How an order to unlock has ended, as `ok` and `detail` of its `done`; None: it has not."""
        if self._closing_first:
            return None
        if self._wanted:
            return False, "it was locked anew"
        if self._position is False:
            return True, "unlocked"
        return (False, "it does not unlock") if self.reflex.failed else None

    # --- devices ----------------------------------------------------------------------------------------------------

    def settle(self, now: float, live: bool) -> None:
        """Drive the lock, then look at the cable; `live`: there is voltage, or may be."""
        if self._proximity is None and self._lock is None:
            return
        locked = self._settle_lock(now, live, self._lock) if self._lock is not None else False
        amps = self.cable.max_amps if self._proximity is None else self._cable_amps(now, self._proximity)
        if amps and not self.cable.present:
            self._unlocked = False
        self.cable = CableState(amps > 0.0, locked, amps)

    def _settle_lock(self, now: float, live: bool, lock: Lock) -> bool:
        """Whether the cable is locked; a lock that cannot be sensed holds nothing and never arrives."""
        sensed = lock.locked(now)
        driven = self.reflex.drive
        self._position = None if isinstance(sensed, DeviceFailure) else sensed
        self.reflex.settle(now, self._wanted or self._closing_first, live, self._position)
        if self._closing_first and (self._position is not False or self.reflex.failed):
            self._closing_first = False
            self.reflex.settle(now, self._wanted, live, self._position)
        refused = lock.drive(now, self.reflex.drive) if self.reflex.drive != driven else None
        self.failure = sensed if isinstance(sensed, DeviceFailure) else refused
        return self._position is True

    def _cable_amps(self, now: float, proximity: Proximity) -> float:
        amps = proximity.amps(now)
        if isinstance(amps, DeviceFailure):
            self._proximity_failure = amps
            return 0.0
        self._proximity_failure = None
        return amps

    # --- what follows -----------------------------------------------------------------------------------------------

    def hold(self) -> Hold:
        """Why there can be no energy through this cable."""
        if self._proximity is None:
            return NO_HOLD
        if self._proximity_failure is not None:
            return Hold(str(self._proximity_failure), True)
        if not self.cable.present:
            return Hold("no cable", True)
        if self._lock is not None and not self.cable.locked:
            return Hold("the cable is not locked")
        return NO_HOLD

    def cap_amps(self) -> float:
        """What the cable carries, amperes per phase; infinite where nothing is known of it."""
        return inf if self._proximity is None or not self.cable.present else self.cable.max_amps
