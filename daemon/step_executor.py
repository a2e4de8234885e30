"""What carries the moments of a step out: board, disk thread, link, journal, control socket.  It decides nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any, Protocol

from daemon.journal.catalogue import ERROR
from daemon.journal.journal import Journal
from daemon.journal.redaction import without_secrets
from ocpp16.events import Event, Now
from ocpp16.step import Job, Link, Note, Order, Outlet, Reply, Write

if TYPE_CHECKING:
    from daemon.board.transport import Board
    from daemon.recorder.flight_recorder import FlightRecorder

TOLD_BY_LINK = frozenset({"link-up", "link-down"})
"""Codes of the core that the link has told already, with more."""

Watcher = Callable[[dict[str, Any]], None]
"""Who follows the story live is told each frame and note."""


class Disk(Protocol):
    """The part of the store that a step needs."""

    def commit(self, writes: Sequence[Write]) -> None: ...


class Wire(Protocol):
    """The part of the link that a step needs."""

    def want(self, link: Link) -> None: ...
    def send(self, text: str) -> bool: ...
    def settled(self) -> None: ...


class StepExecutor:
    """The hands of the running station.  All disk work happens on one thread: `disk_thread`."""

    def __init__(
        self,
        link: Wire,
        disk: Disk,
        disk_thread: Executor,
        journal: Journal,
        replies: Callable[[Reply], None],
        clock: Callable[[], Now],
        no_board: Callable[[Order], None],
        jobs: Callable[[Job], None] = lambda job: None,
    ) -> None:
        self._board: Board | None = None
        self._levels: dict[int, Outlet] = {}
        self._link = link
        self._disk = disk
        self._thread = disk_thread
        self._journal = journal
        self._no_board = no_board
        """Told an order that came before the board."""
        self._jobs = jobs
        self._recorder: FlightRecorder | None = None
        self._unwritten: list[Callable[[FlightRecorder], None]] = []
        self._replies = replies
        self._clock = clock
        self._writing: Future[None] | None = None
        self.watchers: set[Watcher] = set()
        self.spoken = asyncio.Event()
        """Our first frame is out."""

    # --- the moments ----------------------------------------------------------------------------------------------

    def take_board(self, board: Board) -> None:
        """The board is made after the first word: it is told the levels that were wanted meanwhile."""
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
        assert self._board is not None  # somebody said BoardReady
        self._board.decided()

    async def commit(self, writes: Sequence[Write]) -> None:
        """Waits for the disk without holding up the loop: leases and pings go on."""
        await asyncio.wrap_future(self._thread.submit(self._disk.commit, writes))

    def frame(self, text: str) -> None:
        mono = self._clock().mono
        sent = self._link.send(text)
        self.spoken.set()
        self._write_down(lambda recorder: recorder.sent(mono, text))
        if sent:
            self._show({"frame": text, "from": "station", "mono": mono})

    def link(self, link: Link) -> None:
        self._link.want(link)

    def note(self, now: Now, note: Note) -> None:
        if note.code in TOLD_BY_LINK:
            return
        if note.code in ("boot-accepted", "link-proved"):
            self._link.settled()
        self.tell(now, note)

    def order(self, order: Order) -> None:
        if self._board is None:
            self._no_board(order)
        else:
            self._board.order(order)

    def reply(self, reply: Reply) -> None:
        self._replies(reply)

    def job(self, job: Job) -> None:
        self._jobs(job)

    # --- the record -----------------------------------------------------------------------------------------------

    def took(self, now: Now, event: Event) -> None:
        self._write_down(lambda recorder: recorder.event(now, event))
        if self.watchers and (text := getattr(event, "text", None)) is not None:
            self._show({"frame": text, "from": "central system", "mono": now.mono})
        self.record(now.mono)

    def tell(self, now: Now, note: Note) -> None:
        """A note, the core's or the hall's own: journal, flight recorder, and who follows."""
        priority = self._journal.note(note, now.mono, now.utc)
        self._write_down(lambda recorder: recorder.note(now, note))
        self._show({"note": self._journal.newest[-1]})
        if priority <= ERROR:
            self.record(now.mono, at_once=True)

    def take_recorder(self, recorder: FlightRecorder) -> None:
        """Made after the first word too, with the snapshot in it: what happened meanwhile follows."""
        self._recorder = recorder
        for write in self._unwritten:
            write(recorder)
        self._unwritten.clear()

    def _write_down(self, write: Callable[[FlightRecorder], None]) -> None:
        if self._recorder is None:
            self._unwritten.append(write)
        else:
            write(self._recorder)

    def record(self, mono: float, at_once: bool = False) -> None:
        """Hand what is due to the disk thread; one batch at a time."""
        recorder = self._recorder
        if recorder is None or not (self._writing is None or self._writing.done()):
            return
        if at_once or recorder.due(mono):
            self._writing = self._thread.submit(recorder.write, recorder.take())

    async def recorded(self) -> None:
        """What the recorder holds is on the disk by now."""
        self.record(self._clock().mono, at_once=True)
        await asyncio.wrap_future(self._thread.submit(lambda: None))

    def _show(self, what: dict[str, Any]) -> None:
        if self.watchers and "frame" in what:
            what = {**what, "frame": without_secrets(what["frame"])}
        for watcher in tuple(self.watchers):
            watcher(what)
