"""The main loop: event from the inbox -> step of the contract machine -> its moments, carried out in order.

Events are taken in the order of their own times, timers among them: a time-out never overtakes what has arrived.
It decides nothing.  A step that raises is an internal error and a commit that raises is fatal: offers are withdrawn at
once, then `run` raises.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from typing import Protocol

from daemon.inbox import Inbox
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
LAG_S = 0.05
"""A step taken so little after its event is in time."""
TURN_S = 1.0
"""How often the loop is seen to turn: at each full second, one wake-up with others that look as often."""
STALLED_S = 1.5
"""A loop that has not turned for so many seconds was stalled (a stopped process, a blocked disk): what is read next
may have arrived at any moment since."""
DRAIN_S = 0.05
"""After a stall: what has arrived is read for so long before time goes on."""
TURNS = 4
"""Turns of the loop that a message which has arrived needs to reach the inbox."""


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
        self._inbox = Inbox()
        self._wake_up: asyncio.Future[None] | None = None
        self._wake_at: float | None = None
        self._busy_since: float | None = None
        self._progress_at = float("-inf")
        """When the last step was carried out."""
        self._turned: float | None = None
        """When the loop was seen to turn last; None before `run`."""
        self._turning: asyncio.TimerHandle | None = None
        self._stalled_at = self._drained_at = float("-inf")
        """When the last stall began, and until when that which arrived in it is read."""

    # --- the inbox ------------------------------------------------------------------------------------------------

    def deliver(self, event: Event) -> None:
        """One more event; whatever comes is taken."""
        if len(self._inbox) == INBOX_FULL:
            self._executor.note(
                self._clock(), Note("inbox-full", {"waiting": INBOX_FULL, "event": type(event).__name__})
            )
        self._inbox.put(event, self._arrival())
        self._wake()

    def _arrival(self) -> Now:
        """Now; or, where a stall hides when it was, just before the timer that must not overtake what is read now."""
        now = self._clock()
        self._turn(now.mono)
        due = self._wake_at
        if now.mono >= self._drained_at or due is None or due > now.mono:
            return now
        mono = max(self._stalled_at, math.nextafter(due, 0.0))
        return Now(mono, None if now.utc is None else now.utc + mono - now.mono)

    def _turn(self, mono: float) -> None:
        """The loop turns.  Where it did not for long, it was stalled."""
        if self._turned is not None and mono - self._turned > STALLED_S:
            self._stalled_at, self._drained_at = self._turned, mono + DRAIN_S
        if self._turned is not None:
            self._turned = mono

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
        self._turned = self._clock().mono
        self._keep_turning()
        try:
            return await self._take_all()
        finally:
            assert self._turning is not None
            self._turning.cancel()

    def _keep_turning(self) -> None:
        """A timer and no task: half the turns of the loop."""
        self._turn(self._clock().mono)
        loop = asyncio.get_running_loop()
        self._turning = loop.call_later(TURN_S - loop.time() % TURN_S, self._keep_turning)

    async def _take_all(self) -> Restart:
        await self.take(self._started)
        steps = 0
        while self.ending is None:
            if not self._inbox:
                await self._wait()
                await self._read_what_arrived()
                steps = 0
            if self._inbox:
                now, event = self._inbox.take()
                await self._take(now, event)
            else:
                await self.take(Tick())
            steps += 1
            if steps >= STEPS_IN_A_ROW:
                await asyncio.sleep(0)
                steps = 0
        return self.ending

    async def _read_what_arrived(self) -> None:
        """Before time goes on, whoever reads from outside gets his turns; more of them after a stall."""
        for _ in range(TURNS):
            if self._inbox:
                return
            await asyncio.sleep(0)
        self._turn(self._clock().mono)
        if not self._inbox and (left := self._drained_at - self._clock().mono) > 0.0:
            await asyncio.sleep(left)

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
        """One event of this very moment: its step, and the moments of that."""
        now = self._clock()
        await self._take(self._inbox.step_at(now, now.mono), event)

    async def _take(self, now: Now, event: Event) -> None:
        self._busy_since = began = self._clock().mono
        if (late_s := began - now.mono) > LAG_S:
            now = now._replace(late_s=round(late_s, 3))
        try:
            if isinstance(event, BoardLost):
                self.outlets.clear()  # the next board knows no level: all are sent again
            try:
                step = self._step(now, event)
                took_s = self._clock().mono - began
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
            self._busy_since, self._progress_at = None, self._clock().mono

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
        """Whether the loop makes progress: no step hangs, and no wake-up was missed.

        While older events are taken the wake-up waits for its turn: each of their steps is progress.
        """
        mono = self._clock().mono
        if self._busy_since is not None:
            return mono - self._busy_since < STALL_S
        return self._wake_at is None or mono - max(self._wake_at, self._progress_at) < LATE_S
