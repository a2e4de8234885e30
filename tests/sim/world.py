"""One deterministic station in simulated time: board, contract machine, disk, network, Central System.

The world does what the hall does, walking the same `moments`, but nothing waits: time jumps to the next thing due.
Power can be cut before and after every moment; what survives is the disk, the physical world and the Central System.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import msgspec

from daemon.board.session import BoardSession
from daemon.inbox import FROM_BOARD, Inbox
from drivers.simulated.board import SimulatedBoard
from ocpp16.charge_point import ChargePoint
from ocpp16.events import (
    BoardLost,
    BoardReady,
    Event,
    FrameReceived,
    JobDone,
    LinkDown,
    LinkUp,
    Now,
    ShutdownAsked,
    Started,
    StoreChanged,
    Tick,
)
from ocpp16.product import Identity, Product
from ocpp16.records import Record, Transaction
from ocpp16.step import (
    CancelJob,
    CheckSigner,
    Commit,
    Delete,
    Download,
    Install,
    Job,
    Link,
    MakeKey,
    Moment,
    Note,
    Offer,
    Order,
    Outlet,
    ReadChain,
    ReadRoot,
    Reply,
    Restart,
    Save,
    Tell,
    Trial,
    Upload,
    VerifyImage,
    Withdraw,
    moments,
)
from tests.sim import key_store
from tests.sim.central_system import EPOCH, CentralSystem

BUILD_UTC = EPOCH - 30 * 86400
LEASE_S = 20.0
FOREVER_S = 1e9
"""A living evsed's lease counts as renewed; only a dead one's is given its real length."""
WIRE_S = 0.02
"""Seconds a frame travels."""
BOOT_MONO_S = 8.0
"""What CLOCK_MONOTONIC says when evsed starts after power-on."""
RESTART_S = 0.5
"""The supervisor starts a dead evsed again after this."""
EPS = 1e-6
"""Two clocks that count the same seconds may differ so much in their last digits."""
NOTICED_S = 8.0
"""A board that does not answer is given up after this."""
BEFORE_S = 1e-4
"""A reading comes so long before a timer that needs it."""
STUCK = 2_000
"""So many things at one instant: time stands still."""


class PowerCut(Exception):
    """Raised by a hook in the middle of a step: the unit goes dark there and then."""


class StoreBroken(Exception):
    """A commit failed: the process must end."""


class Stuck(Exception):
    """Simulated time does not move any more."""


class Watcher:
    """Looks at everything that happens and touches nothing."""

    def event(self, world: World, event: Event) -> None:
        """About to be given to the contract machine."""

    def moment(self, world: World, moment: Moment) -> None:
        """Carried out."""

    def board(self, world: World, message: dict[str, Any]) -> None:
        """Said by the board (greetings too)."""

    def offered(self, world: World, message: dict[str, Any]) -> None:
        """Told to the board."""

    def arrived(self, world: World, frame: list[Any]) -> None:
        """A frame of the station reached the Central System."""

    def life(self, world: World, what: str) -> None:
        """power-on, power-off, evsed-start, evsed-dead, board-dead, link-up, link-down …"""


@dataclass
class Setup:
    """How a station is made."""

    product: Product = field(default_factory=Product)
    settings: dict[str, str] = field(default_factory=dict)
    seed: int = 1
    utc_known: bool = False
    """The host's clock is right from the start (battery-backed, or set by NTP)."""
    meter_period_s: float = 60.0
    board: Product | None = None
    """The board's own idea of what it is, where it is not the product's."""
    free_vend: str = ""
    first_wh: float = 0.0
    """Register of each meter when the world begins."""


class World:
    """See the module's first words.  `t` is true time in seconds; `mono` what the unit's monotonic clock says."""

    def __init__(self, setup: Setup, central: CentralSystem, watchers: tuple[Watcher, ...] = ()) -> None:
        self.setup = setup
        self.central = central
        self.watchers = watchers
        self.t = 0.0
        self.records: dict[tuple[str, int | str], Record] = {}
        self.physical: dict[str, Any] | None = None
        """The state of cars, cables and meters; goes on in the dark."""
        self.board: SimulatedBoard | None = None
        self.cp: ChargePoint | None = None
        self.powered = False
        self.new_boot = False
        self.jobs: set[int] = set()
        """What evsed's jobs are doing now; they die with it."""
        self.mono = BOOT_MONO_S
        self.boot_t = 0.0
        self.board_there = True
        self.boots = 0
        self.lives = 0
        self.make_inbox: Callable[[], Inbox] = Inbox
        self.inbox = self.make_inbox()
        self.talk = BoardSession(FOREVER_S)
        self.outlets: dict[int, Outlet] = {}
        self.ending: Restart | None = None
        self.link: Link | None = None
        self.link_up = False
        self.connection = 0
        self.flushed = 0
        """The connection whose last frames still arrive although nobody is there any more."""
        self.net_up = True
        self.vanishing = False
        """What is sent disappears and nobody has noticed yet."""
        self.stalled = False
        """evsed is stopped, or its disk pauses: what arrives waits, and no timer is served."""
        self.mute = False
        """Nothing that the board says arrives."""
        self.store_breaks = False
        """The next commit of a stop fails."""
        self.read_at: dict[int, float] = {}
        """When each meter was told last."""
        self.drawing: set[int] = set()
        """Connectors whose contactor was told to be closed."""
        self.taken_at = self.mono
        """The own time of the event that is taken: earlier than `mono` after a stall."""
        self._arrives_at: float | None = None
        self.dialed = 0
        self.wake_at: float | None = None
        self.order: Callable[..., Iterator[Moment]] = moments
        self.plant_core: Callable[[ChargePoint], Any] = _as_it_is
        self.plant_board: Callable[[SimulatedBoard], Any] = _as_it_is
        """Where defects are planted, to see whether the checkers see them."""
        self.work: Callable[[str], tuple[bool, float]] | None = None
        """Who does the jobs: for each kind whether it ends well, and after how many seconds."""
        self.verdicts: dict[str, str] = {}
        """What is found out about firmware images, by kind of job."""
        self.before_moment: Callable[[World, Moment], None] | None = None
        self.after_moment: Callable[[World, Moment], None] | None = None
        self._agenda: list[tuple[float, int, str, tuple[Any, ...]]] = []
        self._count = 0

    # --- time -----------------------------------------------------------------------------------------------------

    def later(self, after_s: float, what: str, *args: Any) -> None:
        """Call the method `what` that many seconds from now."""
        self._count += 1
        heapq.heappush(self._agenda, (self.t + after_s, self._count, what, args))

    def next_at(self) -> float:
        """True time of the next thing due."""
        due = self._agenda[0][0] if self._agenda else float("inf")
        shift = self.t - self.mono
        if self.wake_at is not None and self.cp is not None and not self.stalled:
            due = min(due, self.wake_at + shift)
        if self.board is not None:
            due = min(due, self.board.wake_at() + shift)
        return max(due, self.t)

    def run(self, seconds: float) -> None:
        """Let that much time pass."""
        self.run_until(self.t + seconds)

    def run_until(self, t_end: float) -> None:
        rounds, instant = 0, -1.0
        self.settle()
        while (due := self.next_at()) <= t_end:
            rounds = rounds + 1 if due == instant else 0
            instant = due
            if rounds > STUCK:
                raise Stuck(f"time stands still at {self.t}: {self._agenda[:3]}, wake_at {self.wake_at}")
            self._move_to(due)
            self._do_due()
            self.settle()
        self._move_to(t_end)

    def _move_to(self, t: float) -> None:
        if t > self.t:
            self.mono += t - self.t
            self.t = t

    def _do_due(self) -> None:
        if self.wake_at is not None and self.wake_at <= self.mono + EPS and not self.stalled:
            self.keep_reading()
        if self.board is not None and self.board.wake_at() <= self.mono + EPS:
            self.mono = max(self.mono, self.board.wake_at())
            self._take(self.board.advance(self.mono))
        while self._agenda and self._agenda[0][0] <= self.t:
            _, _, what, args = heapq.heappop(self._agenda)
            getattr(self, what)(*args)
        timer_due = self.wake_at is not None and self.wake_at <= self.mono + EPS
        if self.cp is not None and self.wake_at is not None and timer_due and not self.stalled:
            self.mono = max(self.mono, self.wake_at)
            self.deliver(Tick())

    def keep_reading(self) -> None:
        """The readings that a board of real time would have told by now: one a second, idle one in ten."""
        if self.board is None or self.cp is None or self.mute or self.talk.attached is None:
            return
        for connector, at in list(self.read_at.items()):
            if self.board is not None and self.mono - at >= (1.0 if connector in self.drawing else 10.0):
                if self.wake_at is not None and not self.stalled:  # before the timers that need it
                    self._arrives_at = min(self.mono, self.wake_at - BEFORE_S)
                order = {"type": "do", "what": "meter-read", "words": [], "connector": connector, "seq": 0}
                self._take(self.board.receive(self.mono, order))
                self._arrives_at = None

    def deliver(self, event: Event) -> None:
        """An event arrives."""
        if not isinstance(event, (*FROM_BOARD, LinkDown)) and not self.stalled:
            self.keep_reading()
        arrived = self.mono if self._arrives_at is None else self._arrives_at
        self.inbox.put(event, Now(arrived, self.utc_of_host()))

    # --- the executor ---------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Feed what waits in the inbox, one event after the other, in the order of their own times."""
        while self.inbox and self.cp is not None and not self.stalled:
            self.feed(*self.inbox.take())
        if self.cp is None:
            self.inbox.clear()

    def feed(self, now: Now, event: Event) -> None:
        """One event, one step, its moments."""
        assert self.cp is not None
        self.taken_at = now.mono
        for watcher in self.watchers:
            watcher.event(self, event)
        if isinstance(event, BoardLost):
            self.outlets.clear()
        try:
            step = self.cp.step(now._replace(late_s=max(0.0, self.mono - now.mono)), event)
            self.wake_at = step.wake_at
            for moment in list(self.order(step, self.outlets, self.link)):
                if self.before_moment is not None:
                    self.before_moment(self, moment)
                self._carry_out(moment)
                for watcher in self.watchers:
                    watcher.moment(self, moment)
                if self.after_moment is not None:
                    self.after_moment(self, moment)
            if isinstance(event, BoardReady):
                self._to_board(self.talk.ready())
        except PowerCut:
            self.power_off()
        except StoreBroken:
            self._die_of_the_store()
        if self.ending is not None:
            ending, self.ending = self.ending, None
            self.restart(ending.how)

    def utc_of_host(self) -> float | None:
        return EPOCH + self.t if self.setup.utc_known else None

    def _carry_out(self, moment: Moment) -> None:
        match moment:
            case Withdraw(outlet) | Offer(outlet):
                self.outlets[outlet.connector] = outlet
                self._to_board(self.talk.want(outlet))
            case Commit(writes):
                if self.store_breaks and any(map(self._is_stop, writes)):
                    raise StoreBroken
                for write in writes:
                    if isinstance(write, Save):
                        self.records[write.record.table, write.record.key] = write.record
                    else:
                        self.records.pop((write.table, write.key), None)
            case Tell(what):
                self._tell(what)

    def _is_stop(self, write: Save | Delete) -> bool:
        if not isinstance(write, Save) or not isinstance(write.record, Transaction):
            return False
        before = self.records.get((write.record.table, write.record.key))
        stops = write.record.ended is not None or bool(write.record.stopping)
        return stops and isinstance(before, Transaction) and before.ended is None and not before.stopping

    def repair_store(self) -> None:
        """Commits succeed again."""
        self.store_breaks = False

    def _die_of_the_store(self) -> None:
        """A commit that fails is fatal: every offer is withdrawn, the process ends; the store is repaired by then."""
        self.store_breaks = False
        self._life("store-broken")
        self._to_board(self.talk.withdraw())
        self.kill_evsed(2.0, renewed=False)

    def _tell(self, what: str | Link | Job | Order | Reply | Note) -> None:
        match what:
            case str():
                if self.link_up and not self.vanishing:
                    self.later(WIRE_S, "_reach_central", self.connection, what)
            case Link():
                self._want(what)
            case Order():
                messages, events = self.talk.order(what)
                for event in events:
                    self.deliver(event)
                self._to_board(messages)
            case Restart():
                self.ending = what
            case Download(ref) | Upload(ref) | Install(ref) | CheckSigner(ref) | VerifyImage(ref) | Trial(ref) if (
                self.work is not None
            ):
                kind = type(what).__name__
                ok, after_s = self.work(kind)
                self.jobs.add(ref)
                self._life(f"job {kind} begins")
                self.later(after_s, "_job_ends", self.lives, ref, kind, ok)
            case CancelJob(ref):
                self.jobs.discard(ref)
            case MakeKey() | ReadRoot() | ReadChain() if self.work is not None:
                self._life(f"job {type(what).__name__} begins")
                self.later(key_store.WORK_S, "_key_store_answers", self.lives, what)
            case _:
                pass

    def _key_store_answers(self, life: int, job: MakeKey | ReadRoot | ReadChain) -> None:
        if life == self.lives and self.cp is not None:
            self.deliver(key_store.answer(job, EPOCH + self.t))

    def _job_ends(self, life: int, ref: int, kind: str, ok: bool) -> None:
        """A job that died with its process, or was called off, ends without a word."""
        if life == self.lives and self.cp is not None and ref in self.jobs:
            self.jobs.discard(ref)
            self._life(f"job {kind} {'ok' if ok else 'failed'}")
            detail = {"VerifyImage": "ab" * 32, "Trial": ""}.get(kind, "/tmp/image.bin") if ok else "broken off"
            self.deliver(JobDone(ref, ok, detail, verdict=self.verdicts.get(kind, "")))

    # --- the board ------------------------------------------------------------------------------------------------

    def _to_board(self, messages: list[dict[str, Any]]) -> None:
        for message in messages:
            if self.board is None:
                return
            if message["type"] == "offer":
                for watcher in self.watchers:
                    watcher.offered(self, message)
            self._take(self.board.receive(self.mono, message))

    def sim(self, *words: str, connector: int = 1) -> None:
        """What `evsectl sim` does: plug, tap, faults …"""
        if self.board is None:
            return
        self._life(f"sim {' '.join(words)} {connector}")
        self.keep_reading()
        message = {"type": "do", "what": "sim", "words": list(words), "connector": connector, "seq": 0}
        self._take(self.board.receive(self.mono, message))
        self.settle()

    def _take(self, messages: list[dict[str, Any]]) -> None:
        for message in messages:
            for watcher in self.watchers:
                watcher.board(self, message)
            kind, connector = message["type"], message.get("connector")
            if kind == "meter":
                self.read_at[connector] = self.mono
            elif kind == "contactor":
                (self.drawing.add if message["closed"] else self.drawing.discard)(connector)
            if self.cp is not None and not self.mute:
                for event in self.talk.heard(message):
                    self.deliver(event)

    def _attach(self) -> None:
        """A board and an evsed meet: hello both ways, the present states, and that all of them were told."""
        assert self.board is not None and self.cp is not None
        if self.mute:
            return
        self.talk.opened()
        self._to_board(self.talk.first_words(self.cp.latched()))
        self._take(self.board.greet(self.mono))
        self.deliver(BoardReady())

    # --- the network ----------------------------------------------------------------------------------------------

    def _want(self, link: Link) -> None:
        old, self.link = self.link, link
        if self.link_up and (not link.connected or (old is not None and old.epoch != link.epoch)):
            self.drop_link("closed by us")
        if link.connected and not self.link_up and (old is None or not old.connected or old.epoch != link.epoch):
            self.dialed = 0
            self.later(0.1, "_dial", self.lives)

    def _dial(self, life: int) -> None:
        if life != self.lives or self.cp is None or self.link_up or self.link is None or not self.link.connected:
            return
        if self.stalled:
            self.later(0.5, "_dial", life)
            return
        if self.net_up:
            self.connection += 1
            self.link_up = True
            self._life("link-up")
            self.deliver(LinkUp())
        else:
            self.dialed += 1
            self.deliver(LinkDown(stage="TCP", cause="no route to host"))
            self.later(min(300.0, 2.0 ** (self.dialed - 1)), "_dial", life)

    def drop_link(self, cause: str = "connection lost") -> None:
        """The connection is gone; what was on the wire is lost.  A process that stands still notices it afterwards."""
        if not self.link_up:
            return
        if self.stalled:
            self.later(0.5, "drop_link", cause)
            return
        self.link_up = False
        self._life("link-down")
        if self.cp is not None:
            self.deliver(LinkDown(stage="WebSocket", cause=cause))
            self.dialed = 0
            self.later(0.5, "_dial", self.lives)

    def network(self, up: bool) -> None:
        """Network there or not; lost connections are noticed at once."""
        self.net_up = up
        if not up:
            self.drop_link()
        elif self.cp is not None:
            self.later(0.5, "_dial", self.lives)

    def vanish(self, noticed_after_s: float) -> None:
        """Packets disappear without a word; the link notices by its pings after that time."""
        self.vanishing = True
        self.later(noticed_after_s, "_noticed")

    def _noticed(self) -> None:
        self.vanishing = False
        self.drop_link("no answer to our pings")

    def _reach_central(self, connection: int, text: str) -> None:
        if connection != self.flushed and (not self.link_up or connection != self.connection):
            return
        frame = json.loads(text)
        for watcher in self.watchers:
            watcher.arrived(self, frame)
        for after_s, answer in self.central.receive(self.t, frame):
            self.say(answer, after_s)

    def say(self, text: str, after_s: float = 0.0) -> None:
        """The Central System sends a frame."""
        self.later(after_s + WIRE_S, "_reach_station", self.connection, text)

    def _reach_station(self, connection: int, text: str) -> None:
        if self.link_up and connection == self.connection and self.cp is not None and not self.vanishing:
            self.deliver(FrameReceived(text))

    def ask(self, action: str, **payload: Any) -> None:
        """A CALL of the Central System."""
        self.say(self.central.call(action, payload))

    # --- lives ----------------------------------------------------------------------------------------------------

    def _life(self, what: str) -> None:
        for watcher in self.watchers:
            watcher.life(self, what)

    def power_on(self) -> None:
        """Mains return: board and evsed start; a new kernel boot, a monotonic clock that starts low."""
        if self.powered:
            return
        self.powered = True
        self.boots += 1
        self.boot_t, self.mono = self.t, BOOT_MONO_S
        self.new_boot = True
        self._life("power-on")
        self.start_board()
        self.start_evsed()

    def power_off(self) -> None:
        """Everything goes dark at once."""
        if not self.powered:
            return
        self.powered = False
        self._save_physical()
        self.board = self.cp = None
        self._forget_board()
        self._forget_process()
        self._life("power-off")

    def dark(self, seconds: float) -> None:
        """Power cut of that length."""
        self.power_off()
        self.run(seconds)
        self.power_on()
        self.settle()

    def _save_physical(self) -> None:
        if self.board is not None:
            self.physical = physical_now(self)

    def start_board(self) -> None:
        if not self.powered or self.board is not None or not self.board_there:
            return
        product = self.setup.board or self.setup.product
        self.board = SimulatedBoard(
            product.connectors,
            deepcopy(self.physical),
            meter_period_s=self.setup.meter_period_s,
            meter_repeats=False,
            lease_s=float("inf"),
            phases=product.phases,
            socket=not product.fixed_cable,
            max_amps=product.max_amps,
            new_boot=self.new_boot,
        )
        if self.physical is None and self.setup.first_wh:
            for meter in self.board.world.connectors:
                meter.meter.wh = self.setup.first_wh
        self.board = self.plant_board(self.board)
        self.new_boot = False
        self._life("board-start")
        if self.cp is not None:
            self._attach()

    def kill_board(self, back_after_s: float | None = RESTART_S) -> None:
        """The board process dies (its fail-safe opens the contactor) and is started again."""
        if self.board is None:
            return
        self._save_physical()
        self.board = None
        self._forget_board()
        self._life("board-dead")
        if self.cp is not None:
            for event in self.talk.closed():
                self.deliver(event)
            self.deliver(BoardLost("connection closed"))
            self.settle()
        if back_after_s is not None:
            self.later(back_after_s, "start_board")

    def _boot_id(self) -> str:
        return f"boot-{self.boots}"

    def start_evsed(self) -> None:
        if not self.powered or self.cp is not None:
            return
        self.lives += 1
        records = [msgspec.convert(msgspec.to_builtins(r), type(r)) for r in self.records.values()]
        self.cp = self.plant_core(
            ChargePoint(
                self.setup.product,
                IDENTITY,
                self.setup.settings,
                records,
                self.setup.seed * 1000 + self.lives,
                self._boot_id(),
                BUILD_UTC,
                self.setup.free_vend,
            )
        )
        self._life("evsed-start")
        self.deliver(Started())
        if self.board is not None:
            self._attach()
        else:
            self.deliver(BoardLost("no board there"))

    def kill_evsed(self, back_after_s: float | None = RESTART_S, renewed: bool = True) -> None:
        """SIGKILL: the board keeps what was last offered, for the rest of the lease (`renewed`: almost a whole one)."""
        if self.cp is None:
            return
        self.cp = None
        self.flushed = self.connection
        self._life("evsed-dead")
        if renewed:
            self.talk.lease_s = LEASE_S * 0.9  # the last renewal was so long ago
            self._to_board(self.talk.renew())
        self._forget_process()
        if back_after_s is not None:
            self.later(back_after_s, "start_evsed")

    def _forget_board(self) -> None:
        self.read_at.clear()
        self.drawing.clear()

    def _forget_process(self) -> None:
        self.outlets.clear()
        self.stalled = self.mute = False
        self.jobs.clear()
        self.inbox = self.make_inbox()
        self.talk = BoardSession(FOREVER_S)
        self.link, self.wake_at = None, None
        if self.link_up:
            self.link_up = False
            self._life("link-down")

    def stall(self, seconds: float) -> None:
        """evsed stands still so long (SIGSTOP, or an SD card that pauses); what arrives waits, its lease runs on."""
        if self.cp is None or self.stalled:
            return
        self._life("evsed-stalled")
        self.stalled = True
        self._reads_on(self.lives)
        self.talk.lease_s = LEASE_S * 0.9
        self._to_board(self.talk.renew())
        self.later(seconds, "_goes_on", self.lives)

    def _reads_on(self, life: int) -> None:
        """The board tells on while evsed stands still."""
        if life == self.lives and self.stalled:
            self.keep_reading()
            self.later(1.0, "_reads_on", life)

    def _goes_on(self, life: int) -> None:
        """It runs again: what has arrived is read before time goes on."""
        if life != self.lives or self.cp is None or not self.stalled:
            return
        self.stalled = False
        self._life("evsed-goes-on")
        self.talk.lease_s = FOREVER_S
        self._to_board(self.talk.renew())
        self.settle()

    def silence(self, seconds: float) -> None:
        """The board's words do not arrive so long.  It is noticed as `NOTICED_S` says, and the board attached anew."""
        if self.board is None or self.cp is None or self.mute:
            return
        self._life("board-silent")
        self.mute = True
        self.later(NOTICED_S, "_silence_noticed", self.lives)
        self.later(max(seconds, NOTICED_S + 1.0), "_silence_ends", self.lives)

    def _silence_noticed(self, life: int) -> None:
        """The hall gives the board up: what it said meanwhile is lost, and no lease is renewed."""
        if life == self.lives and self.cp is not None and self.board is not None and self.mute:
            self.talk.lease_s = LEASE_S * 0.9
            self._to_board(self.talk.renew())
            self.talk.lease_s = FOREVER_S
            for event in self.talk.closed():
                self.deliver(event)
            self.deliver(BoardLost("the board does not answer"))

    def _silence_ends(self, life: int) -> None:
        if life == self.lives and self.cp is not None and self.mute:
            self.mute = False
            if self.board is not None:
                self._attach()

    def restart(self, how: str) -> None:
        """What `Restart` asks for: evsed alone, or the whole unit by its reboot hook."""
        if how == "HardReset":
            self.power_off()
            self.later(20.0, "power_on")
        else:
            self.kill_evsed()

    def shutdown(self, ends_charge: bool = False) -> None:
        """SIGTERM."""
        if self.cp is not None:
            self.deliver(ShutdownAsked(ends_charge))
            self.settle()

    def store(self, state: str) -> None:
        """Room and writability of the disk."""
        if self.cp is not None:
            self.deliver(StoreChanged(state))  # type: ignore[arg-type]
            self.settle()

    def mains_lost(self) -> None:
        """The mains fail; with backup supply the unit lives some seconds more, then goes dark by itself."""
        self.sim("backup-power")
        self.later(8.0, "power_off")

    def dark_copy(self, watchers: tuple[Watcher, ...], central: CentralSystem, arrives: bool = False) -> World:
        """The same world, power cut this very moment.  `arrives`: the frames that are on the wire reach their end."""
        copy = World(self.setup, central, watchers)
        copy.t, copy.boots, copy.lives, copy.connection = self.t, self.boots, self.lives, self.connection
        copy.records = dict(self.records)
        copy.net_up, copy.work = self.net_up, self.work
        copy.powered = True
        copy.mono = self.mono
        copy.physical = physical_now(self) if self.board is not None else deepcopy(self.physical)
        copy.link_up = self.link_up
        if arrives:
            copy.flushed = self.connection
            copy._agenda = [entry for entry in sorted(self._agenda) if entry[2] == "_reach_central"]
            copy._count = self._count
        copy.power_off()
        return copy

    def faults_off(self) -> None:
        """Every cause of a fault is taken away."""
        for connector in range(1, self.setup.product.connectors + 1):
            for code in CONNECTOR_FAULTS:
                self.sim("fault", code, "off", connector=connector)
        for code in STATION_FAULTS:
            self.sim("fault", code, "off")

    def fault_off(self, code: str, connector: int) -> None:
        self.sim("fault", code, "off", connector=connector)

    def feed_if_alive(self, event: Event) -> None:
        """Somebody at the control socket."""
        if self.cp is not None:
            self.deliver(event)
            self.settle()

    def job_done(self, ref: int, ok: bool) -> None:
        self.deliver(JobDone(ref, ok))


CONNECTOR_FAULTS = (
    *("rcd", "weld", "contactor", "pilot-short", "diode", "ventilation", "lock-open", "lock-closed", "overcurrent"),
    *("ev-ignores-stop", "meter-frozen", "meter-lost", "meter-backwards", "reader-lost"),
)
STATION_FAULTS = ("overtemperature", "undervoltage")
IDENTITY = Identity(vendor="evsed", model="evsed", serial="SN1", firmware_version="0.1.0")


def _as_it_is(part: Any) -> Any:
    return part


def physical_now(world: World) -> dict[str, Any]:
    """Cars, cables and meters as they are at this very second."""
    assert world.board is not None
    return deepcopy(world.board.state(world.mono))


def register_wh(world: World, connector: int) -> float:
    """The physical truth: the lifetime register of a connector's meter, whatever it shows."""
    state = physical_now(world) if world.board is not None else world.physical
    return float(state["connectors"][connector - 1]["meter"]["wh"]) if state else 0.0
