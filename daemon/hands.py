"""What carries the moments of a step out: board, disk thread, link, journal, control socket.  It decides nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from typing import Any, Protocol

from daemon.board_carrier import Board
from daemon.flight_recorder import FlightRecorder
from daemon.journal import Journal
from daemon.note_texts import ERROR
from daemon.pseudonyms import without_secrets
from ocpp16.events import Event, Now
from ocpp16.step import Job, Link, Note, Order, Outlet, Reply, Write

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


class StationHands:
    """The hands of the running station.  All disk work happens on one thread: `disk_thread`."""

    def __init__(
        self,
        board: Board,
        link: Wire,
        disk: Disk,
        disk_thread: Executor,
        journal: Journal,
        recorder: FlightRecorder,
        replies: Callable[[Reply], None],
        clock: Callable[[], Now],
    ) -> None:
        self._board = board
        self._link = link
        self._disk = disk
        self._thread = disk_thread
        self._journal = journal
        self._recorder = recorder
        self._replies = replies
        self._clock = clock
        self._writing: Future[None] | None = None
        self.watchers: set[Watcher] = set()

    # --- the moments ----------------------------------------------------------------------------------------------

    def offer(self, outlet: Outlet) -> None:
        self._board.want(outlet)

    def withdraw_all(self) -> None:
        self._board.withdraw()

    def decided(self) -> None:
        self._board.decided()

    async def commit(self, writes: Sequence[Write]) -> None:
        """Waits for the disk without holding up the loop: leases and pings go on."""
        await asyncio.wrap_future(self._thread.submit(self._disk.commit, writes))

    def frame(self, text: str) -> None:
        mono = self._clock().mono
        self._recorder.sent(mono, text)
        if self._link.send(text):
            self._show({"frame": text, "from": "station", "mono": mono})

    def link(self, link: Link) -> None:
        self._link.want(link)

    def note(self, now: Now, note: Note) -> None:
        if note.code in TOLD_BY_LINK:
            return
        if note.code == "boot-accepted":
            self._link.settled()
        self.tell(now, note)

    def order(self, order: Order) -> None:
        self._board.order(order)

    def reply(self, reply: Reply) -> None:
        self._replies(reply)

    def job(self, job: Job) -> None:
        raise AssertionError(f"a job that nobody does: {type(job).__name__}")

    # --- the record -----------------------------------------------------------------------------------------------

    def took(self, now: Now, event: Event) -> None:
        self._recorder.event(now, event)
        if self.watchers and (text := getattr(event, "text", None)) is not None:
            self._show({"frame": text, "from": "central system", "mono": now.mono})
        self.record(now.mono)

    def tell(self, now: Now, note: Note) -> None:
        """A note, the core's or the hall's own: journal, flight recorder, and who follows."""
        priority = self._journal.note(note, now.mono, now.utc)
        self._recorder.note(now, note)
        self._show({"note": self._journal.newest[-1]})
        if priority <= ERROR:
            self.record(now.mono, at_once=True)

    def record(self, mono: float, at_once: bool = False) -> None:
        """Hand what is due to the disk thread; one batch at a time."""
        if (self._writing is None or self._writing.done()) and (at_once or self._recorder.due(mono)):
            self._writing = self._thread.submit(self._recorder.write, self._recorder.take())

    def _show(self, what: dict[str, Any]) -> None:
        if self.watchers and "frame" in what:
            what = {**what, "frame": without_secrets(what["frame"])}
        for watcher in tuple(self.watchers):
            watcher(what)
