"""The main loop: event from the inbox -> step of the contract machine -> its moments, carried out in order.

It decides nothing.  A step that raises is an internal error and a commit that raises is fatal: offers are withdrawn at
once, then `run` raises.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from ocpp16.charge_point import ChargePoint
from ocpp16.events import BoardLost, BoardReady, Event, Now, Started, Tick
from ocpp16.rpc.session import ReceivedFrame
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

INBOX_FULL = 20_000
"""So many waiting events are noted: an inlet does not heed `crowded`.  None is refused, as any may be a stop."""
CROWDED = 256
"""From this many waiting events on, every inlet stops reading."""
STEPS_IN_A_ROW = 16
"""Steps taken before other tasks get their turn."""
STALL_S = 10.0
"""Seconds that a commit may take (an SD card may pause for seconds) before the loop counts as stuck."""
SLOW_S = 0.25
"""A step that takes so many seconds is logged: the processor is overloaded, or the event is hostile."""
LATE_S = 2.0
"""A wake-up so many seconds late means that the loop is stuck."""


class InvariantError(Exception):
    """The contract machine raised at an event: an internal error; offers are withdrawn, the process must end."""


class MomentExecutor(Protocol):
    """Carries the moments of a step out.  Only `commit` may wait."""

    def taken(self, now: Now, event: Event, received: ReceivedFrame | None) -> None:
        """An event after its step, before its moments: for the flight recorder; `received`: the frame as understood."""

    def offer(self, outlet: Outlet) -> None:
        """The levels of one connector, lower or higher than before."""

    def withdraw_all(self) -> None:
        """Offer nothing on any connector: after an internal error."""

    def decided(self) -> None:
        """The first step after a board was attached has been carried out."""

    async def commit(self, writes: Sequence[Write]) -> None:
        """Make the records durable.  Raises where that fails: the process must end."""

    def frame(self, text: str) -> None: ...
    def link(self, link: Link) -> None: ...
    def note(self, now: Now, note: Note) -> None: ...
    def order(self, order: Order) -> None: ...
    def reply(self, reply: Reply) -> None: ...
    def job(self, job: Job) -> None: ...


class Runner:
    """Events come by `deliver` from anywhere in the loop's thread; `run` ends with the step that wants a `Restart`.

    `outlets` and `link` are the levels in force; `started` is the first event.
    """

    def __init__(
        self, charge_point: ChargePoint, executor: MomentExecutor, clock: Callable[[], Now], started: Started
    ) -> None:
        self.charge_point = charge_point
        self.outlets: dict[int, Outlet] = {}
        self.link: Link | None = None
        self.ending: Restart | None = None
        self._started = started
        self._executor = executor
        self._clock = clock
        self._inbox: deque[Event] = deque()
        self._wake_up: asyncio.Future[None] | None = None
        self._wake_at: float | None = None
        self._busy_since: float | None = None

    # --- the inbox ------------------------------------------------------------------------------------------------

    def deliver(self, event: Event) -> None:
        """One more event; whatever comes is taken."""
        if len(self._inbox) == INBOX_FULL:
            self._executor.note(
                self._clock(), Note("inbox-full", {"waiting": INBOX_FULL, "event": type(event).__name__})
            )
        self._inbox.append(event)
        self._wake()

    def _wake(self) -> None:
        if self._wake_up is not None and not self._wake_up.done():
            self._wake_up.set_result(None)

    @property
    def crowded(self) -> bool:
        """Too many events wait: read nothing more from outside for now."""
        return len(self._inbox) >= CROWDED

    # --- the loop -------------------------------------------------------------------------------------------------

    async def run(self) -> Restart:
        """Until a step wants a `Restart`.  Raises InvariantError, or what a commit raised."""
        await self.take(self._started)
        steps = 0
        while self.ending is None:
            if not self._inbox:
                await self._wait()
                steps = 0
            event = self._inbox.popleft() if self._inbox else Tick()
            await self.take(event)
            steps += 1
            if steps >= STEPS_IN_A_ROW:
                await asyncio.sleep(0)
                steps = 0
        return self.ending

    async def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        self._wake_up = loop.create_future()
        timer = None if self._wake_at is None else loop.call_at(self._wake_at, self._wake)
        try:
            await self._wake_up
        finally:
            self._wake_up = None
            if timer is not None:
                timer.cancel()

    async def take(self, event: Event) -> None:
        """One event, one step, its moments."""
        now = self._clock()
        self._busy_since = now.mono
        try:
            if isinstance(event, BoardLost):
                self.outlets.clear()  # the next board knows no level: all are sent again
            try:
                step = self._step(now, event)
                took_s = self._clock().mono - now.mono
            finally:  # also the event at which a step raised
                self._executor.taken(now, event, self.charge_point.received)
            if took_s > SLOW_S:
                self._executor.note(now, Note("slow-step", {"ms": round(took_s * 1000), "event": type(event).__name__}))
            await self._walk(now, step)
            if isinstance(event, BoardReady):
                self._executor.decided()
            self._wake_at = step.wake_at
        except Exception:  # not a cancellation: at a shutdown the lease keeps the charge
            self._executor.withdraw_all()
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
                    self._executor.offer(outlet)
                case Commit(records):
                    await self._executor.commit(records)
                case Tell(what):
                    self._send(now, what)

    def _send(self, now: Now, what: str | Link | Job | Order | Reply | Note) -> None:
        match what:
            case str():
                self._executor.frame(what)
            case Link():
                self.link = what
                self._executor.link(what)
            case Note():
                self._executor.note(now, what)
            case Order():
                self._executor.order(what)
            case Reply():
                self._executor.reply(what)
            case Restart():
                self.ending = what
            case Job():
                self._executor.job(what)

    # --- proof of progress ----------------------------------------------------------------------------------------

    def alive(self) -> bool:
        """Whether the loop makes progress: no step hangs, and no wake-up was missed."""
        mono = self._clock().mono
        if self._busy_since is not None:
            return mono - self._busy_since < STALL_S
        return self._wake_at is None or mono - self._wake_at < LATE_S
