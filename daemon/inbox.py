"""Events that wait for their step, in the order of their own times: no clock, no loop, no contract machine.

A packet of the board says when its fact happened; everything else happened when it arrived.  After a stall the order of
arrival at this process says little: a meter reading may have waited in a socket while a time-out became due.
"""

from __future__ import annotations

import heapq

from ocpp16.events import (
    BoardAttached,
    BoardDone,
    BoardLost,
    BoardReady,
    CableChanged,
    CardPresented,
    ContactorChanged,
    Event,
    FaultChanged,
    MainsLost,
    MeterIdentified,
    MeterSampled,
    Now,
    OfferAcked,
    PilotChanged,
    SwitchingsCounted,
)

TRUSTED_S = 90.0
"""Seconds by which a board's time may lie before the arrival: the longest stall after which the process still lives.
More than that is a wrong clock of the board, and its facts count from their arrival."""

FROM_BOARD = (
    *(BoardAttached, BoardReady, BoardLost, BoardDone, OfferAcked, MainsLost),
    *(
        MeterIdentified,
        SwitchingsCounted,
        PilotChanged,
        CableChanged,
        ContactorChanged,
        MeterSampled,
        CardPresented,
        FaultChanged,
    ),
)


class Inbox:
    """`put` in the order of arrival, `take` in that of the events' own times; what one source says stays in order."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, int, Now, Event]] = []
        self._count = 0
        self._arrived = float("-inf")
        self._from_board = float("-inf")
        self._taken = float("-inf")

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, event: Event, arrival: Now) -> None:
        """An event that arrived then."""
        if isinstance(event, FROM_BOARD):
            at = max(self._from_board, _own_time(event, arrival.mono))
            self._from_board = at
        else:
            at = max(self._arrived, arrival.mono)
            self._arrived = at
        self._count += 1
        heapq.heappush(self._waiting, (at, self._count, arrival, event))

    def take(self) -> tuple[Now, Event]:
        """The oldest event, and the time of its step: its own, and never before that of an earlier step."""
        at, _, arrival, event = heapq.heappop(self._waiting)
        return self.step_at(arrival, at), event

    def step_at(self, now: Now, mono: float) -> Now:
        """The time of the next step, at `mono` or at the step before, whichever is later; `now` tells its UTC."""
        self._taken = max(self._taken, mono)
        return Now(self._taken, None if now.utc is None else now.utc + self._taken - now.mono)

    def clear(self) -> None:
        """Forget what waits."""
        self._waiting.clear()


def _own_time(event: Event, arrived: float) -> float:
    at = getattr(event, "at", 0.0)  # 0: not known
    return at if 0.0 < at < arrived and arrived - TRUSTED_S <= at else arrived
