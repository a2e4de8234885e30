"""Inbox -> step -> moments, for ever: the only main loop.  It decides nothing and touches nothing but its hands.

A step that fails is a broken belief, a commit that fails is fatal: offers are withdrawn at once, then it raises.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from ocpp16.charge_point import ChargePoint
from ocpp16.events import BoardLost, BoardReady, Event, Now, Started, Tick
from ocpp16.step import (
    Commit,
    Job,
    Link,
    Note,
    Offer,
    Order,
    Outlet,
    Reply,
    Restart,
    Step,
    Tell,
    Withdraw,
    Write,
    moments,
)

INBOX_CAP = 20_000
"""Events that may wait.  The link holds its peer off long before; more than this is a broken belief."""
CROWDED = 256
"""From here on whoever reads from outside should wait."""
TURNS = 16
"""Steps taken before others get their turn."""
STALL_S = 10.0
"""A commit may take so long (an SD card that collects its garbage) before the loop counts as stuck."""
SLOW_S = 0.25
"""A step that takes so long is worth a note: the processor is overloaded, or the event is a trap."""
LATE_S = 2.0
"""A wake-up that is this late means that the loop is stuck."""


class InvariantError(Exception):
    """A step could not be taken: offers are withdrawn, the process must end."""


class Hands(Protocol):
    """What carries a moment out.  Only `commit` may wait."""

    def offer(self, outlet: Outlet) -> None: ...
    def withdraw_all(self) -> None: ...
    def decided(self) -> None: ...
    async def commit(self, writes: Sequence[Write]) -> None: ...
    def frame(self, text: str) -> None: ...
    def link(self, link: Link) -> None: ...
    def note(self, now: Now, note: Note) -> None: ...
    def order(self, order: Order) -> None: ...
    def reply(self, reply: Reply) -> None: ...
    def job(self, job: Job) -> None: ...
    def took(self, now: Now, event: Event) -> None:
        """Before the step: for the flight recorder."""


class Runner:
    """Events come by `deliver` from anywhere in the loop's thread; `run` ends when a `Restart` was told."""

    def __init__(self, charge_point: ChargePoint, hands: Hands, clock: Callable[[], Now]) -> None:
        self.charge_point = charge_point
        self.outlets: dict[int, Outlet] = {}
        self.link: Link | None = None
        self.ending: Restart | None = None
        self.started = Started()
        self._hands = hands
        self._clock = clock
        self._inbox: deque[Event] = deque()
        self._bell: asyncio.Future[None] | None = None
        self._wake_at: float | None = None
        self._busy_since: float | None = None

    # --- the inbox ------------------------------------------------------------------------------------------------

    def deliver(self, event: Event) -> None:
        """One more event."""
        assert len(self._inbox) < INBOX_CAP, "the inbox is full"
        self._inbox.append(event)
        self._ring()

    def _ring(self) -> None:
        if self._bell is not None and not self._bell.done():
            self._bell.set_result(None)

    @property
    def crowded(self) -> bool:
        """Too much waits already."""
        return len(self._inbox) >= CROWDED

    # --- the loop -------------------------------------------------------------------------------------------------

    async def run(self) -> Restart:
        """Until a `Restart` was told; raises InvariantError, or what a commit raised."""
        await self.take(self.started)
        turns = 0
        while self.ending is None:
            if not self._inbox:
                await self._wait()
                turns = 0
            event = self._inbox.popleft() if self._inbox else Tick()
            await self.take(event)
            turns += 1
            if turns >= TURNS:
                await asyncio.sleep(0)
                turns = 0
        return self.ending

    async def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        self._bell = loop.create_future()
        timer = None if self._wake_at is None else loop.call_at(self._wake_at, self._ring)
        try:
            await self._bell
        finally:
            self._bell = None
            if timer is not None:
                timer.cancel()

    async def take(self, event: Event) -> None:
        """One event, one step, its moments."""
        now = self._clock()
        self._busy_since = now.mono
        try:
            self._hands.took(now, event)
            if isinstance(event, BoardLost):
                self.outlets.clear()  # the next board knows no level: all are told again
            step = self._step(now, event)
            if (took_s := self._clock().mono - now.mono) > SLOW_S:
                self._hands.note(now, Note("slow-step", {"ms": round(took_s * 1000), "event": type(event).__name__}))
            await self._walk(now, step)
            if isinstance(event, BoardReady):
                self._hands.decided()
            self._wake_at = step.wake_at
        except Exception:  # not a cancellation: who is asked to stop leaves the charge to the lease
            self._hands.withdraw_all()
            raise
        finally:
            self._busy_since = None

    def _step(self, now: Now, event: Event) -> Step:
        try:
            return self.charge_point.step(now, event)
        except Exception as error:
            raise InvariantError(f"{type(error).__name__} at {type(event).__name__}: {error}") from error

    async def _walk(self, now: Now, step: Step) -> None:
        for moment in moments(step, self.outlets, self.link):
            match moment:
                case Withdraw(outlet) | Offer(outlet):
                    self.outlets[outlet.connector] = outlet
                    self._hands.offer(outlet)
                case Commit(records):
                    await self._hands.commit(records)
                case Tell(what):
                    self._tell(now, what)

    def _tell(self, now: Now, what: str | Link | Job | Order | Reply | Note) -> None:
        match what:
            case str():
                self._hands.frame(what)
            case Link():
                self.link = what
                self._hands.link(what)
            case Note():
                self._hands.note(now, what)
            case Order():
                self._hands.order(what)
            case Reply():
                self._hands.reply(what)
            case Restart():
                self.ending = what
            case Job():
                self._hands.job(what)

    # --- proof of progress ----------------------------------------------------------------------------------------

    def alive(self) -> bool:
        """The loop makes progress: no step hangs, and no wake-up was slept through."""
        mono = self._clock().mono
        if self._busy_since is not None:
            return mono - self._busy_since < STALL_S
        return self._wake_at is None or mono - self._wake_at < LATE_S
