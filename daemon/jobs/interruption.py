"""What interrupts a job of `evsed-job` from outside: `cancel` of evsed, the end of its connection, a signal."""

from __future__ import annotations

import os
import signal
import socket
import threading
from contextlib import suppress
from typing import BinaryIO

from daemon.jobs.protocol import CANCEL, LINE_BYTES
from daemon.transfers.limits import Watch


class Interruption:
    """Noted whenever it comes.  A transfer ends with any of them, a hook that runs only when evsed-job is stopped.

    A hook that has not begun does not begin any more.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watch: Watch | None = None
        self._cancelled = False
        self._why = ""
        self.stopped = False
        self.begun = False
        """Whether there is a job to end; without one the process ends at once."""

    @property
    def unwanted(self) -> str:
        """Why the job need not begin any more, or ""."""
        return self._why

    def cancel(self) -> None:
        """The job is not wanted any more: its files are to be removed."""
        self._note("cancelled", cancelled=True)

    def disconnected(self) -> None:
        """Who asked for it is gone; it may be asked for again."""
        self._note("evsed closed the connection")

    def stop(self) -> None:
        """evsed-job is to end."""
        self.stopped = True
        self._note("evsed-job was stopped")

    def _note(self, why: str, cancelled: bool = False) -> None:
        with self._lock:
            self._cancelled = self._cancelled or cancelled
            self._why = self._why or why
            watch = self._watch
        if watch is not None:
            self._tell(watch)

    def attach(self, watch: Watch) -> None:
        """A transfer begins: what has come, and what will come, interrupts it."""
        with self._lock:
            self._watch = watch
            noted = self._why
        if noted:
            self._tell(watch)

    def _tell(self, watch: Watch) -> None:
        if self._cancelled:
            watch.cancel()
        else:
            watch.cut(self._why)


def listen(source: BinaryIO, interruption: Interruption) -> None:
    """Reads the rest of the connection: `cancel`, or its end."""
    with suppress(OSError, ValueError):
        if source.readline(LINE_BYTES) == CANCEL:
            interruption.cancel()
            return
    interruption.disconnected()


def listened(source: BinaryIO, interruption: Interruption) -> None:
    """Runs `listen` in a thread beside the job."""
    threading.Thread(target=listen, args=(source, interruption), daemon=True).start()


def stopped_by_signals(interruption: Interruption) -> None:
    """SIGTERM, SIGINT and SIGHUP stop the job properly; without a job the process ends.

    A thread does it: a handler would run in the middle of anything, locks held.
    """
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    signal.set_wakeup_fd(theirs.detach())
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)

    def wait() -> None:
        ours.recv(1)
        if not interruption.begun:
            os._exit(1)
        interruption.stop()

    threading.Thread(target=wait, daemon=True).start()
