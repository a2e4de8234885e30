"""The main loop: one event, one step, its moments in their order; what breaks withdraws every offer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest
from msgspec.structs import replace

from daemon.runner import CROWDED, INBOX_FULL, LATE_S, STALL_S, STEPS_IN_A_ROW, InvariantError, Runner
from ocpp16.charge_point import ChargePoint
from ocpp16.events import BoardLost, BoardReady, Event, FrameReceived, MeterSampled, Now, Started, StopAsked, Tick
from ocpp16.records import Unit
from ocpp16.rpc.session import ReceivedFrame
from ocpp16.step import Job, Link, Note, Order, Outlet, Reply, Restart, Save, Step, Write


class Scripted:
    """A contract machine that answers each event with the next step of a list, then with the end."""

    def __init__(self, *steps: Step | Exception) -> None:
        self.steps = list(steps)
        self.events: list[Event] = []
        self.nows: list[float] = []
        self.on_step: Callable[[], None] = lambda: None
        self.received: ReceivedFrame | None = None

    def step(self, now: Now, event: Event) -> Step:
        self.events.append(event)
        self.nows.append(now.mono)
        self.on_step()
        step = self.steps.pop(0) if self.steps else Step(jobs=(Restart("Exit"),))
        if isinstance(step, Exception):
            raise step
        if not self.steps and step.wake_at is None:
            return replace(step, wake_at=0.0)  # the end comes by itself
        return step


class Recorded:
    """Records each call."""

    def __init__(self) -> None:
        self.did: list[Any] = []
        self.commit_fails: Exception | None = None

    def offer(self, outlet: Outlet) -> None:
        self.did.append(("offer", outlet.offered_amps))

    def withdraw_all(self) -> None:
        self.did.append("withdraw all")

    def decided(self) -> None:
        self.did.append("decided")

    async def commit(self, writes: Sequence[Write]) -> None:
        await asyncio.sleep(0)
        if self.commit_fails:
            raise self.commit_fails
        self.did.append("commit")

    def frame(self, text: str) -> None:
        self.did.append(text)

    def link(self, link: Link) -> None:
        self.did.append(link)

    def note(self, now: Now, note: Note) -> None:
        self.did.append(note.code)

    def order(self, order: Order) -> None:
        self.did.append(order)

    def reply(self, reply: Reply) -> None:
        self.did.append(reply)

    def job(self, job: Job) -> None:
        self.did.append(job)

    def taken(self, now: Now, event: Event, received: ReceivedFrame | None) -> None:
        self.did.append(type(event).__name__)


class FakeExecutor(Recorded):
    """Without what was taken and the link, for tests about other things."""

    @property
    def told(self) -> list[Any]:
        return [what for what in self.did if not isinstance(what, Link) and what not in ("Started", "Tick")]


def runner_of(
    *steps: Step | Exception, mono: Callable[[], float] = lambda: 5.0
) -> tuple[Runner, FakeExecutor, Scripted]:
    point, executor = Scripted(*steps), FakeExecutor()
    return Runner(cast(ChargePoint, point), executor, lambda: Now(mono(), None), Started()), executor, point


async def test_the_first_event_of_a_life_is_started() -> None:
    """Started comes first, then what was delivered, until a step wants a Restart."""
    runner, _, point = runner_of(Step(), Step())
    runner.deliver(StopAsked(1))
    assert await runner.run() == Restart("Exit")
    assert point.events == [Started(), StopAsked(1), Tick()]


async def test_moments_come_in_the_one_order() -> None:
    """Withdraw, commit, send, offer."""
    first = Step(outlets=(Outlet(1, 16.0), Outlet(2, 0.0)))
    second = Step(
        outlets=(Outlet(1, 0.0), Outlet(2, 10.0)),
        records=(Save(Unit()),),
        frames=("frame",),
        notes=(Note("code", {}),),
        orders=(Order(1, "unlock", 1),),
        replies=(Reply(1, True, ""),),
        jobs=(Restart("SoftReset"),),
    )
    runner, executor, _ = runner_of(first, second)
    runner.deliver(StopAsked(1))
    assert (await runner.run()).how == "SoftReset"
    assert executor.told[-7:] == [
        ("offer", 0.0),
        "commit",
        "frame",
        "code",
        Order(1, "unlock", 1),
        Reply(1, True, ""),
        ("offer", 10.0),
    ]


async def test_only_differences_are_carried_out() -> None:
    """An unchanged level is not sent again; an unchanged link neither."""
    same = Step(outlets=(Outlet(1, 16.0),))
    runner, executor, _ = runner_of(same, same, same)
    runner.deliver(StopAsked(1))
    runner.deliver(StopAsked(2))
    await runner.take(Started())
    await runner.take(StopAsked(1))
    assert [what for what in executor.did if isinstance(what, tuple)] == [("offer", 16.0)]
    assert len([what for what in executor.did if isinstance(what, Link)]) == 1


async def test_after_a_lost_board_all_levels_are_told_again() -> None:
    """The next board knows no level: after BoardReady every one is sent, and then `decided` is called."""
    same = Step(outlets=(Outlet(1, 16.0),))
    runner, executor, _ = runner_of(same, same, same)
    for event in (Started(), BoardLost("gone"), BoardReady()):
        await runner.take(event)
    assert [what for what in executor.told if what == "decided" or isinstance(what, tuple)] == [
        ("offer", 16.0),
        ("offer", 16.0),
        "decided",
    ]


async def test_an_internal_error_withdraws_every_offer() -> None:
    """An exception in a step is reported with its event, and no energy is left offered."""
    runner, executor, _ = runner_of(AssertionError("impossible"))
    with pytest.raises(InvariantError, match="AssertionError at Started: impossible"):
        await runner.run()
    assert executor.did[-1] == "withdraw all"


async def test_a_failed_commit_withdraws_every_offer() -> None:
    """What could not be made durable is not sent, and nothing is offered any more."""
    runner, executor, _ = runner_of(Step(records=(Save(Unit()),), frames=("frame",)))
    executor.commit_fails = OSError("disk")
    with pytest.raises(OSError, match="disk"):
        await runner.run()
    assert "frame" not in executor.did and executor.did[-1] == "withdraw all"


async def test_being_asked_to_stop_leaves_the_charge_to_the_lease() -> None:
    """A cancellation is no internal error: offers stay as they are."""
    runner, executor, _ = runner_of(Step(outlets=(Outlet(1, 16.0),)))
    task = asyncio.ensure_future(runner.run())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert "withdraw all" not in executor.did


async def test_time_comes_when_it_was_asked_for() -> None:
    """With nothing in the inbox, Tick comes at `wake_at`; an event in between comes first."""
    loop = asyncio.get_running_loop()
    runner, _, point = runner_of(Step(wake_at=loop.time() + 0.02), Step(), mono=loop.time)
    await runner.run()
    assert point.events == [Started(), Tick(), Tick()]


async def test_an_event_wakes_the_loop() -> None:
    """A delivery is taken at once, also when nothing else was due."""
    runner, _, point = runner_of(Step(), Step())
    task = asyncio.ensure_future(runner.run())
    await asyncio.sleep(0)
    runner.deliver(StopAsked(1))
    runner.deliver(StopAsked(2))
    await asyncio.wait_for(task, 5)
    assert point.events[:3] == [Started(), StopAsked(1), StopAsked(2)]


async def test_others_get_their_turn() -> None:
    """However much waits in the inbox, other tasks are not starved."""
    runner, _, point = runner_of(*[Step()] * (3 * STEPS_IN_A_ROW))
    for number in range(3 * STEPS_IN_A_ROW):
        runner.deliver(StopAsked(number))
    seen: list[int] = []
    task = asyncio.ensure_future(runner.run())
    while not task.done():
        await asyncio.sleep(0)
        seen.append(len(point.events))
    assert any(0 < count < 2 * STEPS_IN_A_ROW for count in seen)


async def test_8_a_full_inbox_ends_nothing() -> None:
    """Readers are asked to wait long before; what comes nevertheless is taken, which is noted once."""
    runner, executor, _ = runner_of()
    for _ in range(CROWDED):
        assert not runner.crowded
        runner.deliver(Tick())
    assert runner.crowded
    for _ in range(INBOX_FULL):
        runner.deliver(Tick())
    assert executor.did == ["inbox-full"]


async def test_a_slow_step_is_noted() -> None:
    """A slow step is logged with its event."""
    clock = [5.0]
    runner, executor, point = runner_of(Step(), mono=lambda: clock[0])
    point.on_step = lambda: clock.__setitem__(0, clock[0] + 1.0)
    await runner.take(StopAsked(1))
    assert "slow-step" in executor.did


async def test_progress_is_proved() -> None:
    """Idle is alive; a commit may take its time; a stall and a slept-through wake-up are not alive."""
    clock = [5.0]
    steps = (Step(wake_at=7.0), Step(records=(Save(Unit()),)), Step())
    runner, executor, _ = runner_of(*steps, mono=lambda: clock[0])
    assert runner.alive()
    await runner.take(Tick())
    assert runner.alive()
    clock[0] = 20.0
    assert not runner.alive()  # nobody came at 7
    gate = asyncio.Event()

    async def slow(writes: Sequence[Write]) -> None:
        await gate.wait()

    executor.commit = slow  # type: ignore[method-assign]
    task = asyncio.ensure_future(runner.take(Tick()))
    await asyncio.sleep(0)
    assert runner.alive()
    clock[0] += STALL_S
    assert not runner.alive()
    gate.set()
    await task


async def test_other_jobs_go_to_the_executor() -> None:
    """A job that is no restart is handed on."""
    runner, executor, _ = runner_of(Step(jobs=(Job(),)))
    await runner.take(Tick())
    assert executor.did[-1] == Job() and runner.ending is None


# --- 4: timers never overtake what has already arrived -------------------------------------------------------------


async def test_4_an_event_is_taken_at_the_time_of_its_arrival() -> None:
    """A commit pauses for 10 s (an SD card): what arrived meanwhile is taken at its own time, the timer after it."""
    clock = [100.0]
    runner, executor, point = runner_of(
        Step(), Step(records=(Save(Unit()),), wake_at=102.0), Step(wake_at=102.0), Step(), mono=lambda: clock[0]
    )

    async def pause(writes: Sequence[Write]) -> None:
        clock[0] = 100.6
        runner.deliver(MeterSampled(1, 100.5, 16.0))
        clock[0] = 110.0

    executor.commit = pause  # type: ignore[method-assign]
    runner.deliver(StopAsked(1))
    await asyncio.wait_for(runner.run(), 5)
    assert point.events[:4] == [Started(), StopAsked(1), MeterSampled(1, 100.5, 16.0), Tick()]
    assert point.nows[:4] == [100.0, 100.0, 100.5, 110.0]


class Stopped:
    """A runner whose timer is due in an hour; its process is then stopped for two hours."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        shift = [0.0]
        self.due = loop.time() + 3600.0
        self.runner, _, self.point = runner_of(
            Step(wake_at=self.due), Step(wake_at=0.0), mono=lambda: loop.time() + shift[0]
        )
        self.shift = shift

    async def continues(self) -> asyncio.Task[Restart]:
        task = asyncio.ensure_future(self.runner.run())
        await turns(5)
        self.shift[0] = 7200.0
        return task


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_4_what_is_read_after_a_stall_comes_before_the_timer_that_it_hid() -> None:
    """An answer that arrived at an unknown moment of a stall counts as in time: it is taken before the time-out."""
    stopped = Stopped()
    task = await stopped.continues()
    stopped.runner.deliver(FrameReceived("answer"))
    await asyncio.wait_for(task, 5)
    assert stopped.point.events[:3] == [Started(), FrameReceived("answer"), Tick()]
    assert stopped.due - 1e-3 < stopped.point.nows[1] < stopped.due <= stopped.point.nows[2]


async def test_4_after_a_stall_what_has_arrived_is_read_before_time_goes_on() -> None:
    """The timer wakes the loop first: the readers of sockets get their turns before it counts."""
    stopped = Stopped()
    task = await stopped.continues()
    stopped.runner._wake()  # what the loop's own timer does
    await turns(12)
    stopped.runner.deliver(FrameReceived("answer"))
    await asyncio.wait_for(task, 5)
    assert stopped.point.events[:3] == [Started(), FrameReceived("answer"), Tick()]


async def test_4_without_a_timer_that_is_due_an_arrival_needs_no_guess() -> None:
    """After a stall in which no timer fell due, an event is of the moment at which it was read: clocks depend on it."""
    stopped = Stopped()
    stopped.point.steps[0] = Step()
    task = await stopped.continues()
    stopped.runner.deliver(FrameReceived("answer"))
    await asyncio.wait_for(task, 5)
    assert stopped.point.nows[1] >= stopped.due + 3599.0


async def test_4_a_backlog_is_progress() -> None:
    """While older events are taken a due timer waits for its turn: the watchdog sees steps, not a stuck loop."""
    clock = [100.0]
    runner, _, point = runner_of(Step(wake_at=101.0), Step(wake_at=101.0), Step(), mono=lambda: clock[0])
    await runner.take(Tick())
    point.on_step = lambda: clock.__setitem__(0, 110.0)
    await runner.take(Tick())
    assert runner.alive()
    clock[0] += LATE_S
    assert not runner.alive()
