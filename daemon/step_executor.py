"""Carries the moments of a step out: to board, disk thread, link, journal, control socket.  The order of the
moments is `moments` in `ocpp16/step.py`; here nothing is decided.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from daemon.journal.catalogue import ERROR
from daemon.journal.journal import Journal, priority_of
from daemon.journal.redaction import in_full
from daemon.journal.seen_frame import FrameReader, SeenFrame
from daemon.journal.stray_errors import text_of
from ocpp16.events import Event, FrameReceived, Now
from ocpp16.rpc.session import ReceivedFrame
from ocpp16.step import Job, Link, Note, Order, Outlet, Reply, Write

if TYPE_CHECKING:
    from daemon.board.transport import Board
    from daemon.recorder.flight_recorder import FlightRecorder

LOGGED_BY_LINK = frozenset({"link-up", "link-down"})
"""Codes of the contract machine that the link has logged already, with more detail."""

UNRECORDED = 2000
"""Lines that wait for the flight recorder to be made, some tenths of a second after the start."""

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
    `job` starts or cancels long work, `security_entry` writes into the security log, on `disk_thread`.

    Board and flight recorder are made after the first frame and given by
    `attach_board` and `attach_recorder`; until then levels and records wait here.

    Journal, flight recorder and followers are bystanders: what fails in them is logged once and stops nothing.
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
        security_entry: Callable[[Mapping[str, Any]], None] | None = None,
    ) -> None:
        self._link = link
        self._store = store
        self._thread = disk_thread
        self._journal = journal
        self._clock = clock
        self._reply = reply
        self._no_board = no_board
        self._job = job
        self._security_entry = security_entry
        self._board: Board | None = None
        self._levels: dict[int, Outlet] = {}
        self._recorder: FlightRecorder | None = None
        self._unrecorded: list[Callable[[FlightRecorder], None]] = []
        self._frames = FrameReader()
        self._failed: set[str] = set()
        self.bystander_failures = 0
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
        with self._guarded("the record of a sent frame"):
            seen = self._frames.sent(text)
            self._write_down(lambda recorder: recorder.sent(mono, seen))
            if sent:
                self._show_frame(seen, "station", mono)

    def link(self, link: Link) -> None:
        self._link.want(link)

    def note(self, now: Now, note: Note) -> None:
        if note.code in LOGGED_BY_LINK:
            return
        if note.code in ("boot-accepted", "link-proved"):
            self._link.settled()
        if note.code == "security-event" and self._security_entry is not None:
            self._thread.submit(self._security_entry, note.fields)
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

    def taken(self, now: Now, event: Event, received: ReceivedFrame | None) -> None:
        """After the step, before its moments: to the flight recorder, a frame to the followers too.

        `received`: how the contract machine understood the frame; nobody here reads its text.
        """
        with self._guarded("the record of an event"):
            if isinstance(event, FrameReceived):
                seen = self._frames.received(received, len(event.text))
                self._write_down(lambda recorder: recorder.received(now, seen))
                self._show_frame(seen, "central system", now.mono)
            else:
                self._write_down(lambda recorder: recorder.event(now, event))
        self.record(now.mono)

    def log(self, now: Now, note: Note) -> None:
        """A note, the contract machine's or the daemon's own: to journal, flight recorder and followers."""
        logged = self._journal.note(note, now.mono, now.utc)
        with self._guarded("the record of a note"):
            self._write_down(lambda recorder: recorder.note(now, note))
            if logged is not None and self.watchers:
                self._show({"note": logged.row()})
        if priority_of(note.code) <= ERROR and logged is not None:
            self.record(now.mono, at_once=True)

    @contextmanager
    def _guarded(self, what: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self.bystander_failures += 1
            if what not in self._failed:
                self._failed.add(what)
                self._journal.log("bystander-failed", part=what, error=text_of(error))

    def attach_recorder(self, recorder: FlightRecorder) -> None:
        """The recorder, its snapshot written, gets what happened meanwhile."""
        self._recorder = recorder
        waiting, self._unrecorded = self._unrecorded, []
        for write in waiting:
            with self._guarded("the record of the start"):
                write(recorder)

    def _write_down(self, write: Callable[[FlightRecorder], None]) -> None:
        if self._recorder is not None:
            write(self._recorder)
        elif len(self._unrecorded) < UNRECORDED:
            self._unrecorded.append(write)

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

    def _show_frame(self, frame: SeenFrame, sender: str, mono: float) -> None:
        if self.watchers:
            self._show({"frame": frame.text(in_full), "from": sender, "mono": mono})

    def _show(self, what: dict[str, Any]) -> None:
        for watcher in tuple(self.watchers):
            watcher(what)
