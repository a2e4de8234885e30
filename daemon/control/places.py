"""The places at the control socket: how many there are, who makes room for whom.  No I/O."""

from __future__ import annotations

from collections.abc import Callable

PLACES = 16
"""Connections at a time."""
KEPT = 2
"""Of these, never taken by those who only look, nor by followers who may act."""


class Place:
    """One connection.  `leave` ends it."""

    def __init__(self, may_act: bool, leave: Callable[[], object]) -> None:
        self.may_act = may_act
        self.leave = leave
        self.idle = True
        """No request is being read or answered, or only half of one has come."""
        self.follows = False


class Places:
    """The connections that are open, the one that has been idle longest first."""

    def __init__(self) -> None:
        self._taken: list[Place] = []

    def __len__(self) -> int:
        return len(self._taken)

    def take(self, place: Place) -> bool:
        """Room for one more, if need be by ending one that may; False: there is none."""
        lookers = [other for other in self._taken if not other.may_act]
        if len(self._taken) >= PLACES or (not place.may_act and len(lookers) >= PLACES - KEPT):
            leaving = self._who_leaves(place, lookers)
            if leaving is None:
                return False
            self._end(leaving)
        self._taken.append(place)
        return True

    def _who_leaves(self, place: Place, lookers: list[Place]) -> Place | None:
        """An idle looker; for one who may act any looker, or another idle one."""
        idle = [other for other in lookers if other.idle]
        if place.may_act:
            idle += [*lookers, *(other for other in self._taken if other.idle)]
        return idle[0] if idle else None

    def free_one(self) -> bool:
        """End the connection that has been idle longest, of lookers first; False: none is idle."""
        idle = sorted((other for other in self._taken if other.idle), key=lambda other: other.may_act)
        if idle:
            self._end(idle[0])
        return bool(idle)

    def _end(self, place: Place) -> None:
        self._taken.remove(place)
        place.leave()

    def give_back(self, place: Place) -> None:
        """The connection has ended, by itself or not."""
        if place in self._taken:
            self._taken.remove(place)

    def busy(self, place: Place) -> None:
        """A whole request has come."""
        place.idle = False

    def rest(self, place: Place) -> None:
        """It was answered: from now on the place is idle."""
        place.idle, place.follows = True, False
        if place in self._taken:
            self._taken.remove(place)
            self._taken.append(place)

    def follow(self, place: Place) -> bool:
        """The place is used to follow what happens; False: too many with this right do already."""
        if sum(other.follows for other in self._taken if other.may_act == place.may_act) >= PLACES - KEPT:
            return False
        place.follows = True
        return True
