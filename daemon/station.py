"""The running station: all parts made and wired, one task each; any task that ends, ends the process."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
import time
import traceback
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from daemon import __version__, host_clock, supervisor
from daemon.config.model import Config
from daemon.csms.connection_files import ConnectionFiles
from daemon.csms.limits import ConnectionLimits
from daemon.csms.link import CentralSystemLink
from daemon.csms.link_security import LinkSecurity, certificate_settings, credentials_of
from daemon.csms.tls_judgement import Moment, moment_of
from daemon.filesystem import open_regular
from daemon.journal.catalogue import ERROR
from daemon.journal.journal import Journal, LoggedNote
from daemon.runner import Runner
from daemon.security.certificate_jobs import CertificateJobs
from daemon.security.security_log import SecurityLog
from daemon.security.shown_log import shown
from daemon.step_executor import StepExecutor
from daemon.store.store import Store, StoreFailed
from daemon.store.watch import StoreWatch
from ocpp16.charge_point import ChargePoint
from ocpp16.events import BoardDone, BoardReady, Event, FaultChanged, JobDone, ShutdownAsked, Started, StoreState
from ocpp16.step import CERTIFICATE_JOBS, Job, KeepSet, Note, Order, Reply, Restart, SweepSets

if TYPE_CHECKING:
    from daemon.board.simulation import Simulation
    from daemon.board.transport import Board
    from daemon.control.requests import ControlRequests
    from daemon.jobs.dispatcher import JobDispatcher
    from daemon.recorder.flight_recorder import FlightRecorder

FLUSH_S = 5.0
"""How long the last frames may take to reach the Central System."""
SHUTDOWN_S = 4.5
"""SIGTERM: after so many seconds the process ends, whatever hangs."""
RESET_FAILED = "reset-failed"
"""A mark for the next start, in the store's folder: the unit could not be rebooted."""
FIRST_FRAME_S = 0.3
"""So long the other parts wait for BootNotification to be sent."""


class Ended(Exception):
    """Not an error: the main loop ended with this `Restart`."""

    def __init__(self, restart: Restart) -> None:
        self.restart = restart


class Station:
    """Made inside a running loop; `run` returns the exit code.

    What is not needed for the first frame (flight recorder, board, control socket, jobs) is imported and made after it.
    """

    def __init__(self, config: Config, store: Store, disk_thread: ThreadPoolExecutor, journal: Journal) -> None:
        self.config, self._thread, self._journal = config, disk_thread, journal
        self._loop, self._simulated = asyncio.get_running_loop(), config.board.kind == "simulated"
        self._began, self._leaving = self._loop.time(), False
        self._records, self._boot_id = store.load(), host_clock.boot_id()
        self._seed = int.from_bytes(os.urandom(8), "big")
        self.charge_point = self._made_charge_point()
        self.connection_files = ConnectionFiles(config, self._certificate_moment)
        self._security = LinkSecurity(credentials_of(config), self._certificate_moment)
        self.link = CentralSystemLink(
            config.csms.url,
            config.station.id,
            self._seed,
            self._deliver,
            ConnectionLimits(config.product.frame_bytes, float(config.csms.reconnect_max_s)),
            self._log_link,
            hall_crowded=lambda: self.runner.crowded,
            security=self._security,
            connection_of=self.connection_files.connection,
        )
        self._security_log = SecurityLog(config.store_dir, self._security_log_failed)
        self.executor = StepExecutor(
            self.link,
            store,
            disk_thread,
            journal,
            host_clock.now,
            reply=self._reply,
            no_board=self._refuse_order,
            job=self._take_job,
            security_entry=self._security_log.append,
        )
        self._reset_failed = config.store_dir / RESET_FAILED
        self.runner = Runner(self.charge_point, self.executor, host_clock.now, self._started())
        self.store_watch = StoreWatch(store, self._on_disk, self._deliver, self._log)
        self.supervisor = supervisor.SupervisorNotifier(
            supervisor.choose(), self.runner.alive, self._status_line, supervisor.watchdog_s()
        )
        self._certificates = self._certificate_jobs()
        self.recorder: FlightRecorder | None = None
        self.simulation: Simulation | None = None
        self._requests: ControlRequests | None = None

    def _made_charge_point(self) -> ChargePoint:
        config, seed, build_utc = self.config, self._seed, host_clock.BUILD_UTC
        return ChargePoint(
            config.product,
            config.identity,
            config.ocpp,
            self._records,
            seed,
            self._boot_id,
            build_utc,
            config.station.free_vend,
        )

    def _certificate_jobs(self) -> CertificateJobs:
        """The key store; what it answers becomes an event."""
        return CertificateJobs(
            self.config.store_dir,
            certificate_settings(self.config),
            self._deliver,
            self.connection_files.use,
            lambda *wanted: self._dispatcher.make_key(*wanted),
            encrypted=lambda: self._security.credentials.profile >= 2,
            floor_utc=lambda: self._certificate_moment().utc,
            credentials=os.environ.get("CREDENTIALS_DIRECTORY", ""),
        )

    def _certificate_moment(self) -> Moment:
        """The host's clock where it is synchronised, else the Central System's, else a time known to be past."""
        clock, now = self.charge_point.parts.context.clock, host_clock.now()
        utc = now.utc if now.utc is not None else clock.utc(now.mono)
        return moment_of(utc, time.time(), max(host_clock.BUILD_UTC, clock.floor_utc))

    def _started(self) -> Started:
        """With what the local file says of the connection, and which connection sets are whole."""
        files = self.connection_files
        return replace(self._reset_mark(), local_set=files.local_set(), readable_sets=files.readable())

    def _reset_mark(self) -> Started:
        """A mark that cannot be removed counts again at each start, and that is said."""
        try:
            self._reset_failed.unlink()
        except (FileNotFoundError, NotADirectoryError):
            return Started(log_last=self._security_log.last)
        except OSError as error:
            self._log("mark-kept", path=str(self._reset_failed), error=error.strerror)
            return Started(self._reset_failed.is_file(), self._security_log.last)
        return Started(True, self._security_log.last)

    def _mark_reset_failed(self) -> None:
        try:
            os.close(open_regular(self._reset_failed, os.O_WRONLY | os.O_CREAT))
        except OSError as error:
            self._log("mark-kept", path=str(self._reset_failed), error=error.strerror)

    # --- made after the first frame -------------------------------------------------------------------------------

    async def _first_frame(self) -> None:
        """Returns when BootNotification was sent or cannot be sent, after FIRST_FRAME_S at the latest."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FIRST_FRAME_S):
                await self.executor.first_frame.wait()

    def _make_recorder(self) -> None:
        from daemon.recorder.flight_recorder import FlightRecorder, unit_key
        from daemon.transfers.files import sweep_leftovers

        config = self.config
        self.recorder = FlightRecorder(config.store_dir, unit_key(config.store_dir), self._recorder_failed)
        self.recorder.snapshot(
            self._records,
            self._seed,
            self._boot_id,
            host_clock.BUILD_UTC,
            config.product,
            config.identity,
            config.ocpp,
            config.station.free_vend,
        )
        self._thread.submit(sweep_leftovers, config.store_dir, self._records)
        if config.product.security_extension:
            self._certificates.read_configured(self._records)
        self._records = []
        self.executor.attach_recorder(self.recorder)

    def _make_board(self) -> tuple[Board, Simulation]:
        from daemon.board.simulation import Simulation, open_world
        from daemon.board.transport import BoardSocket, InProcessBoard

        latched, alive = self.charge_point.latched, self.runner.alive
        board: Board
        if self._simulated:
            world = partial(open_world, self.config, self._seed, self._go_dark)
            board = InProcessBoard(world, self._deliver, latched, alive, self._loop.time)
        else:
            settings, crowded = self.config.board, lambda: self.runner.crowded
            board = BoardSocket(settings.socket, self._deliver, latched, alive, crowded, self._log, settings.users)
        self.simulation = Simulation(board, self.store_watch.pretend_full, self._go_dark)
        self.executor.attach_board(board)
        return board, self.simulation

    async def _run_later_parts(self) -> None:
        """Flight recorder, board, control socket."""
        await self._first_frame()
        self._make_recorder()
        board, simulation = self._make_board()
        from daemon.control.kept_socket import KeptSocket
        from daemon.control.requests import ControlRequests
        from daemon.control.server import ControlSocket

        self._requests = requests = ControlRequests(
            self.charge_point,
            host_clock.now,
            self._deliver,
            self._daemon_status,
            self._notes,
            self.executor.watchers,
            simulation.do,
            self.link.redial,
            self.charge_point.parts.context.clock.utc,
        )
        queries = {**requests.queries, "security_log": lambda asked: shown(self.config.store_dir, asked.get("last"))}
        control = ControlSocket(
            self.config.control_socket, queries, requests.actions, requests.subscriptions, self._log
        )
        gc.freeze()
        gc.enable()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._for_ever(board.run))
            tasks.create_task(self._for_ever(KeptSocket(control, self._control_obstructed).run))

    def _go_dark(self, in_s: float) -> None:
        from daemon.board.simulation import dark

        self._loop.call_later(in_s, dark)

    @cached_property
    def _dispatcher(self) -> JobDispatcher:
        from daemon.jobs.dispatcher import JobDispatcher, jobs_of
        from daemon.recorder.support_bundle import BundleSources

        sources = BundleSources(
            self.config, self.charge_point, self._daemon_status, self._logged, self.executor.recorded
        )
        return JobDispatcher(lambda: jobs_of(sources, lambda: self.simulation), sources, self._deliver)

    # --- running --------------------------------------------------------------------------------------------------

    async def run(self) -> int:
        """0: ended as requested; 1: an internal error, a failed commit, or a part that failed."""
        self._journal.know_transactions(self._records)
        for sign in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(sign, self._request_end)
        self._log_start()
        code = 1
        parts = self._main, self.link.run, self._run_later_parts, self.store_watch.run, self.supervisor.run
        try:
            async with asyncio.TaskGroup() as tasks:
                for part in parts:
                    tasks.create_task(self._for_ever(part))
                self.supervisor.ready()
        except* Ended:
            code = 0
        except* Exception as group:
            code = self._failed(group)
        return code

    async def _for_ever(self, part: Callable[[], Awaitable[object]]) -> None:
        await part()
        raise AssertionError(f"{part.__qualname__} ended by itself")

    async def _main(self) -> None:
        restart = await self.runner.run()
        self._leaving = True
        self.supervisor.stopping()
        await self.link.flush(FLUSH_S)
        if restart.how == "HardReset":
            await self._reboot(restart.retries)
        self._log("ended", reason=restart.how)
        raise Ended(restart)

    async def _reboot(self, retries: int) -> None:
        """A unit that cannot be rebooted reports it after the next start."""
        answer = await self._dispatcher.reboot(retries)
        if answer.ok:
            self._log("reboot-hook", outcome="ran", detail=answer.detail)
            return
        self._log("no-reboot-hook", detail=answer.detail)
        if self.config.hooks.reboot:
            self._mark_reset_failed()

    def _failed(self, group: BaseExceptionGroup[Exception]) -> int:
        """A part failed: log it with its traceback where the error is ours; the exit code."""
        for error in _leaves(group):
            code = "commit-failed" if isinstance(error, StoreFailed) else "internal-error"
            if isinstance(error, OSError):
                code = "part-failed"
            self._log(code, error=f"{type(error).__name__}: {error}")
            if code == "internal-error":
                texts = traceback.format_exception(error)
                self._journal.lines(ERROR, [line for text in texts for line in text.rstrip().splitlines()])
        return 1

    def _request_end(self, leave: Callable[[int], None] = os._exit) -> None:
        """SIGTERM, SIGINT; a second one does not wait."""
        if self._leaving:
            leave(0)
            return
        self._leaving = True
        self.supervisor.stopping()
        deadline = threading.Timer(SHUTDOWN_S, leave, (0,))
        deadline.daemon = True
        deadline.start()
        self._deliver(ShutdownAsked(ends_charge=self._simulated))

    def _on_disk(self, work: Callable[[], StoreState]) -> Awaitable[StoreState]:
        return asyncio.wrap_future(self._thread.submit(work))

    # --- called by the parts --------------------------------------------------------------------------------------

    def _deliver(self, event: Event) -> None:
        self.runner.deliver(event)
        if isinstance(event, BoardReady):
            self.store_watch.board_attached()

    def _reply(self, reply: Reply) -> None:
        if self._requests is not None:
            self._requests.answered(reply)

    def _refuse_order(self, order: Order) -> None:
        self._deliver(BoardDone(order.ref, False, "no board is attached"))

    def _take_job(self, job: Job) -> None:
        if isinstance(job, CERTIFICATE_JOBS):
            self._certificates.take(job)
        elif isinstance(job, SweepSets):
            self._thread.submit(self.connection_files.sweep, job.kept)
        elif isinstance(job, KeepSet):
            self._keep_set(job)
        else:
            self._dispatcher.take(job)

    def _keep_set(self, job: KeepSet) -> None:
        """A connection set becomes durable in the thread of the disk, before any row names it."""

        def kept(done: asyncio.Future[str]) -> None:
            self._deliver(JobDone(job.ref, not done.result(), done.result()))

        asyncio.wrap_future(self._thread.submit(self.connection_files.keep, job)).add_done_callback(kept)

    def _control_obstructed(self, why: str) -> None:
        self._deliver(FaultChanged(None, "control-socket", bool(why), detail=why))

    def _log_link(self, code: str, fields: dict[str, Any]) -> None:
        if code == "link-failed":
            self.executor.first_frame.set()  # it cannot be sent: the other parts need not wait
        if code == "link-down" and not fields["stage"]:
            code = "link-closed"
        self._log(code, **fields)

    def _recorder_failed(self, error: str) -> None:
        self._loop.call_soon_threadsafe(lambda: self._log("recorder-failed", error=error))

    def _security_log_failed(self, error: str) -> None:
        self._loop.call_soon_threadsafe(lambda: self._log("security-log-failed", error=error))

    def _log(self, code: str, **fields: str | float | bool | None) -> None:
        self.executor.log(host_clock.now(), Note(code, fields))

    def _log_start(self) -> None:
        config = self.config
        board = "simulated" if self._simulated else config.board.socket
        self._log("started", version=__version__, station=config.station.id, product=config.product.name, board=board)
        if config.csms.security_profile < 2:
            self._log("insecure", profile=config.csms.security_profile)
        for warning in config.warnings:
            self._log("file-exposed", file=warning.file, key=warning.key, what=warning.what)
        for doubt in config.doubts:
            self._log("config-doubtful", file=doubt.file, key=doubt.key, what=doubt.what)

    def _logged(self) -> list[LoggedNote]:
        """The newest notes; those from before UTC was known get it now."""
        utc = self.charge_point.parts.context.clock.utc
        return [
            replace(logged, utc=utc(logged.mono)) if logged.utc is None else logged for logged in self._journal.newest
        ]

    def _notes(self) -> list[dict[str, Any]]:
        """The same for the control socket: card numbers masked, as they are in the journal."""
        return [logged.row() for logged in self._logged()]

    def _daemon_status(self) -> dict[str, Any]:
        """What the daemon adds to the status of the contract machine."""
        return {
            "version": __version__,
            "station_id": self.config.station.id,
            "pid": os.getpid(),
            "uptime_s": round(self._loop.time() - self._began, 1),
            "link": self.link.state,
            "store": {"state": self.store_watch.state, "dir": str(self.config.store_dir)},
        }

    def _status_line(self) -> str:
        status = self.charge_point.status(host_clock.now())
        return f"{status['headline']}; {status['queue']} transaction message(s) queued"


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    leaves: list[BaseException] = []
    for error in group.exceptions:
        leaves += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return leaves
