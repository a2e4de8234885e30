"""The running station: all parts made and introduced to each other, one task each; any of them that ends, ends all."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import threading
import traceback
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from daemon import __version__, host_clock, supervisor
from daemon.config.model import Config
from daemon.csms.limits import ConnectionLimits
from daemon.csms.link import CentralSystemLink
from daemon.journal import journal
from daemon.journal.redaction import single_line
from daemon.runner import Runner
from daemon.step_executor import StepExecutor
from daemon.store.store import Store, StoreFailed
from daemon.store.watch import StoreWatch
from ocpp16.charge_point import ChargePoint
from ocpp16.events import BoardDone, BoardReady, Event, ShutdownAsked, Started, StoreState
from ocpp16.step import Note, Order, Reply, Restart

if TYPE_CHECKING:
    from daemon.board.simulation import Simulation
    from daemon.board.transport import Board
    from daemon.jobs.dispatcher import JobDispatcher
    from daemon.recorder.flight_recorder import FlightRecorder

LAST_WORDS_S = 5.0
"""How long the last frames may take to reach the wire."""
ENDS_WITHIN_S = 4.5
"""SIGTERM: after this the process ends, whatever hangs."""
FIRST_WORD_S = 0.3
"""So long the rest waits for BootNotification."""


class Ended(Exception):
    """Not an error: the main loop came to its end."""

    def __init__(self, restart: Restart) -> None:
        self.restart = restart


class Station:
    """Made inside a running loop; `run` returns the exit code."""

    def __init__(self, config: Config, store: Store, disk_thread: ThreadPoolExecutor, lines: journal.Journal) -> None:
        self.config = config
        self._thread = disk_thread
        self._journal = lines
        self._loop = asyncio.get_running_loop()
        self._simulated = config.board.kind == "simulated"
        self._began = self._loop.time()
        self._leaving = False
        self._answered: Callable[[Reply], None] = lambda reply: None
        self._records, self._boot_id = store.load(), host_clock.boot_id()
        self._seed = seed = int.from_bytes(os.urandom(8), "big")
        self.charge_point = ChargePoint(
            config.product, config.identity, config.ocpp, self._records, seed, self._boot_id, host_clock.BUILD_UTC
        )
        self.link = CentralSystemLink(
            config.csms.url,
            config.station.id,
            seed,
            self._deliver,
            ConnectionLimits(config.product.frame_bytes, float(config.csms.reconnect_max_s)),
            self._link_says,
            crowded=lambda: self.runner.crowded,
        )
        self.hands = StepExecutor(
            self.link, store, disk_thread, lines, lambda reply: self._answered(reply), host_clock.now, self._no_board,
            lambda job: self._works.take(job),
        )  # fmt: skip
        self.runner = Runner(self.charge_point, self.hands, host_clock.now)
        self._reset_failed = config.store_dir / "reset-failed"
        """A mark for the next life."""
        if self._reset_failed.exists():
            self.runner.started = Started(reset_failed=True)
            self._reset_failed.unlink()
        self.store_watch = StoreWatch(store, self._on_disk, self._deliver, self._say)
        self.recorder: FlightRecorder | None = None
        self.simulation: Simulation | None = None
        self.service = supervisor.Service(
            supervisor.choose(), self.runner.alive, self._status_line, supervisor.watchdog_s()
        )

    # --- made after the first word --------------------------------------------------------------------------------

    async def _first_word(self) -> None:
        """What is not needed for BootNotification waits for it: until it is out, cannot be sent, or takes its time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FIRST_WORD_S):
                await self.hands.spoken.wait()

    def _begin_record(self) -> None:
        from daemon.recorder.flight_recorder import FlightRecorder, unit_key
        from daemon.transfers.files import sweep_leftovers

        config = self.config
        self.recorder = FlightRecorder(config.store_dir, unit_key(config.store_dir), self._recorder_fails)
        self.recorder.snapshot(
            self._records,
            self._seed,
            self._boot_id,
            host_clock.BUILD_UTC,
            config.product,
            config.identity,
            config.ocpp,
        )
        self._thread.submit(sweep_leftovers, config.store_dir, self._records)
        self._records = []
        self.hands.take_recorder(self.recorder)

    def _make_board(self) -> Board:
        from daemon.board.simulation import Simulation, open_world
        from daemon.board.transport import BoardSocket, InProcessBoard

        latched, alive = self.charge_point.latched, self.runner.alive
        board: Board
        if self._simulated:
            world = partial(open_world, self.config, self._seed, self._go_dark)
            board = InProcessBoard(world, self._deliver, latched, alive, self._loop.time)
        else:
            board = BoardSocket(self.config.board.socket, self._deliver, latched, alive)
        self.simulation = Simulation(board, self.store_watch.pretend_full, self._go_dark)
        self.hands.take_board(board)
        return board

    async def _later_parts(self) -> None:
        """Flight recorder, board, control socket."""
        await self._first_word()
        self._begin_record()
        board = self._make_board()
        from daemon.control.requests import ControlRequests
        from daemon.control.server import ControlSocket

        assert self.simulation is not None
        watchers, play = self.hands.watchers, self.simulation.do
        desk = ControlRequests(
            self.charge_point, host_clock.now, self._deliver, self._hall, self._notes, watchers, play
        )
        self._answered = desk.answered
        control = ControlSocket(self.config.control_socket, desk.looks, desk.acts, desk.follows)
        gc.freeze()
        gc.enable()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._for_ever(board.run))
            tasks.create_task(self._for_ever(control.run))

    def _go_dark(self, in_s: float) -> None:
        from daemon.board.simulation import dark

        self._loop.call_later(in_s, dark)

    def _no_board(self, order: Order) -> None:
        self._deliver(BoardDone(order.ref, False, "no board is attached"))

    @cached_property
    def _works(self) -> JobDispatcher:
        from daemon.jobs.dispatcher import JobDispatcher, jobs_of
        from daemon.recorder.support_bundle import BundleSources

        shown = BundleSources(self.config, self.charge_point, self._hall, self._notes, self.hands.recorded)
        return JobDispatcher(lambda: jobs_of(shown, lambda: self.simulation), shown, self._deliver)

    # --- running --------------------------------------------------------------------------------------------------

    async def run(self) -> int:
        """0: ended as asked; 1: a broken belief, a failed commit, or a part that died."""
        for sign in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(sign, self._asked_to_end)
        self._say_hello()
        code = 1
        parts = self._main, self.link.run, self._later_parts, self.store_watch.run, self.service.run
        try:
            async with asyncio.TaskGroup() as tasks:
                for part in parts:
                    tasks.create_task(self._for_ever(part))
                self.service.ready()
        except* Ended:
            code = 0
        except* Exception as group:
            code = self._broken(group)
        return code

    async def _for_ever(self, part: Callable[[], Awaitable[object]]) -> None:
        await part()
        raise AssertionError(f"{part.__qualname__} ended by itself")

    async def _main(self) -> None:
        restart = await self.runner.run()
        self._leaving = True
        self.service.stopping()
        await self.link.flush(LAST_WORDS_S)
        if restart.how == "HardReset":
            await self._reboot(restart.retries)
        self._say("ended", reason=restart.how)
        raise Ended(restart)

    async def _reboot(self, retries: int) -> None:
        """§9.1 ResetRetries; a unit that cannot be rebooted says so in its next life."""
        from daemon.jobs.protocol import JobRequest

        detail = ""
        for _ in range(retries + 1):
            answer = await self._works.jobs.do(JobRequest("reboot"))
            detail = answer.detail
            if answer.ok:
                self._say("reboot-hook", outcome="ran", detail=detail)
                return
        self._say("no-reboot-hook", detail=detail)
        if self.config.hooks.reboot:
            self._reset_failed.touch()

    def _broken(self, group: BaseExceptionGroup[Exception]) -> int:
        """A part died: say it with all that helps, end."""
        for error in _leaves(group):
            code = "commit-failed" if isinstance(error, StoreFailed) else "broken-belief"
            if isinstance(error, OSError):
                code = "part-failed"
            self._say(code, error=f"{type(error).__name__}: {error}")
            if code == "broken-belief":
                for line in traceback.format_exception(error):
                    print(*(single_line(part) for part in line.rstrip().splitlines()), sep="\n", file=sys.stderr)
        return 1

    def _asked_to_end(self, leave: Callable[[int], None] = os._exit) -> None:
        """SIGTERM, SIGINT; a second one does not wait."""
        if self._leaving:
            leave(0)
            return
        self._leaving = True
        self.service.stopping()
        last = threading.Timer(ENDS_WITHIN_S, leave, (0,))
        last.daemon = True
        last.start()
        self._deliver(ShutdownAsked(ends_charge=self._simulated))

    def _on_disk(self, work: Callable[[], StoreState]) -> Awaitable[StoreState]:
        return asyncio.wrap_future(self._thread.submit(work))

    # --- what the parts tell --------------------------------------------------------------------------------------

    def _deliver(self, event: Event) -> None:
        self.runner.deliver(event)
        if isinstance(event, BoardReady):
            self.store_watch.board_came()

    def _link_says(self, code: str, fields: dict[str, Any]) -> None:
        if code == "link-failed":
            self.hands.spoken.set()
        if code == "link-down" and not fields["stage"]:
            code = "link-closed"
        self._say(code, **fields)

    def _recorder_fails(self, error: str) -> None:
        self._loop.call_soon_threadsafe(lambda: self._say("recorder-failed", error=error))

    def _say(self, code: str, **fields: str | float | bool | None) -> None:
        self.hands.tell(host_clock.now(), Note(code, fields))

    def _say_hello(self) -> None:
        config = self.config
        board = "simulated" if self._simulated else config.board.socket
        self._say("started", version=__version__, station=config.station.id, product=config.product.name, board=board)
        if config.csms.security_profile < 2:
            self._say("insecure", profile=config.csms.security_profile)

    def _notes(self) -> list[dict[str, Any]]:
        """The newest notes; those from before UTC was known get it now."""
        utc = self.charge_point.context.clock.utc
        return [
            {**note, "utc": utc(note["mono"]) if note["utc"] is None else note["utc"]} for note in self._journal.newest
        ]

    def _hall(self) -> dict[str, Any]:
        """What the hall adds to the status."""
        return {
            "version": __version__,
            "station_id": self.config.station.id,
            "pid": os.getpid(),
            "uptime_s": round(self._loop.time() - self._began, 1),
            "link": self.link.state,
            "store": {"state": self.store_watch.state, "dir": str(self.config.store_dir)},
        }

    def _status_line(self) -> str:
        now = self.charge_point.status(host_clock.now())
        link = "connected" if now["linked"] else "not connected"
        return f"{now['status']}, {link}, {now['queue']} report(s) waiting"


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    leaves: list[BaseException] = []
    for error in group.exceptions:
        leaves += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return leaves
