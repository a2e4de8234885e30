"""Carries the moments of a step out: to board, disk thread, link, journal, control socket.  The order of the
moments is `moments` in `ocpp16/step.py`; here nothing is decided.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any, Protocol

from daemon.journal.catalogue import ERROR
from daemon.journal.journal import Journal
from daemon.journal.redaction import without_secrets
from ocpp16.events import Event, FrameReceived, Now
from ocpp16.step import Job, Link, Note, Order, Outlet, Reply, Write

if TYPE_CHECKING:
    from daemon.board.transport import Board
    from daemon.recorder.flight_recorder import FlightRecorder

LOGGED_BY_LINK = frozenset({"link-up", "link-down"})
"""Codes of the contract machine that the link has logged already, with more detail."""

Watcher = Callable[[dict[str, Any]], None]
"""Called with each frame and note, for those who follow live."""


class RecordStore(Protocol):
    """The part of the store that a step needs."""

    def commit(self, writes: Sequence[Write]) -> None: ...


class FrameLink(Protocol):
    """The part of the link that a step needs."""

    def want(self, link: Link) -> None: ...
    def send(self, text: str) -> bool: ...
    def settled(self) -> None: ...


class StepExecutor:
    """All disk work happens on one thread, `disk_thread`.

    `reply` passes answers to the control socket, `no_board` is called with an order that comes before the board,
    `job` starts or cancels long work.  Board and flight recorder are made after the first frame and given by
    `attach_board` and `attach_recorder`; until then levels and records wait here.
    """

    def __init__(
        self,
        link: FrameLink,
        store: RecordStore,
        disk_thread: Executor,
        journal: Journal,
        clock: Callable[[], Now],
        *,
        reply: Callable[[Reply], None],
        no_board: Callable[[Order], None],
        job: Callable[[Job], None],
    ) -> None:
        self._link = link
        self._store = store
        self._thread = disk_thread
        self._journal = journal
        self._clock = clock
        self._reply = reply
        self._no_board = no_board
        self._job = job
        self._board: Board | None = None
        self._levels: dict[int, Outlet] = {}
        self._recorder: FlightRecorder | None = None
        self._unrecorded: list[Callable[[FlightRecorder], None]] = []
        self._writing: Future[None] | None = None
        self.watchers: set[Watcher] = set()
        self.first_frame = asyncio.Event()
        """Set once our first frame was sent, or could not be."""

    # --- the moments ----------------------------------------------------------------------------------------------

    def attach_board(self, board: Board) -> None:
        """The board gets the levels that were wanted meanwhile."""
        self._board = board
        for outlet in self._levels.values():
            board.want(outlet)
        self._levels.clear()

    def offer(self, outlet: Outlet) -> None:
        if self._board is None:
            self._levels[outlet.connector] = outlet
        else:
            self._board.want(outlet)

    def withdraw_all(self) -> None:
        if self._board is not None:
            self._board.withdraw()

    def decided(self) -> None:
        assert self._board is not None  # BoardReady comes from a board
        self._board.decided()

    async def commit(self, writes: Sequence[Write]) -> None:
        """Waits for the disk without blocking the loop: leases and pings continue."""
        await asyncio.wrap_future(self._thread.submit(self._store.commit, writes))

    def frame(self, text: str) -> None:
        mono = self._clock().mono
        sent = self._link.send(text)
        self.first_frame.set()
        self._write_down(lambda recorder: recorder.sent(mono, text))
        if sent:
            self._show_frame(text, "station", mono)

    def link(self, link: Link) -> None:
        self._link.want(link)

    def note(self, now: Now, note: Note) -> None:
        if note.code in LOGGED_BY_LINK:
            return
        if note.code in ("boot-accepted", "link-proved"):
            self._link.settled()
        self.log(now, note)

    def order(self, order: Order) -> None:
        if self._board is None:
            self._no_board(order)
        else:
            self._board.order(order)

    def reply(self, reply: Reply) -> None:
        self._reply(reply)

    def job(self, job: Job) -> None:
        self._job(job)

    # --- journal, flight recorder, followers ----------------------------------------------------------------------

    def taken(self, now: Now, event: Event) -> None:
        """Before the step: the event goes to the flight recorder, a received frame to the followers."""
        self._write_down(lambda recorder: recorder.event(now, event))
        if isinstance(event, FrameReceived):
            self._show_frame(event.text, "central system", now.mono)
        self.record(now.mono)

    def log(self, now: Now, note: Note) -> None:
        """A note, the contract machine's or the daemon's own: to journal, flight recorder and followers."""
        priority = self._journal.note(note, now.mono, now.utc)
        self._write_down(lambda recorder: recorder.note(now, note))
        self._show({"note": self._journal.newest[-1]})
        if priority <= ERROR:
            self.record(now.mono, at_once=True)

    def attach_recorder(self, recorder: FlightRecorder) -> None:
        """The recorder, its snapshot written, gets what happened meanwhile."""
        self._recorder = recorder
        for write in self._unrecorded:
            write(recorder)
        self._unrecorded.clear()

    def _write_down(self, write: Callable[[FlightRecorder], None]) -> None:
        if self._recorder is None:
            self._unrecorded.append(write)
        else:
            write(self._recorder)

    def record(self, mono: float, at_once: bool = False) -> None:
        """Give what is due to the disk thread; one batch at a time."""
        recorder = self._recorder
        if recorder is None or not (self._writing is None or self._writing.done()):
            return
        if at_once or recorder.due(mono):
            self._writing = self._thread.submit(recorder.write, recorder.take())

    async def recorded(self) -> None:
        """Returns when everything recorded so far is on disk."""
        self.record(self._clock().mono, at_once=True)
        await asyncio.wrap_future(self._thread.submit(lambda: None))

    def _show_frame(self, text: str, sender: str, mono: float) -> None:
        if self.watchers:
            self._show({"frame": without_secrets(text), "from": sender, "mono": mono})

    def _show(self, what: dict[str, Any]) -> None:
        for watcher in tuple(self.watchers):
            watcher(what)
