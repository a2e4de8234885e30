"""The log of the board process: a bounded queue, and a thread that writes its lines.  Nobody waits for a reader.

The reflex loop calls `line`, which never blocks and never raises: neither a full pipe, nor a full disk, nor a reader
that is gone may delay a contactor.  What finds no room is dropped and counted; the count is told when that is possible.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Final

from drivers.process.journald import Send, sender

WAITING: Final = 500
"""Lines that may wait to be written; more are dropped."""
KIND_LINES: Final = 20
KIND_S: Final = 10.0
"""Of one kind at most so many lines in so many seconds: a flood of one kind does not hide the others."""
LONGEST: Final = 500
RETRY_MS: Final = 1000

Log = Callable[[str, str], None]
"""Takes the kind of a line and its text."""


class _Kind:
    __slots__ = ("left_out", "lines", "since")

    def __init__(self, now: float) -> None:
        self.since = now
        self.lines = self.left_out = 0


class LineLog:
    """`fd`: where the lines go.  Descriptor 2 is written to directly, since `sys.stderr` may be gone or buffered.

    `send`: takes each line with its kind to journald; what it does not take goes to `fd`.
    """

    def __init__(self, fd: int = 2, monotonic: Callable[[], float] = time.monotonic, send: Send | None = None) -> None:
        self._fd = fd
        self._send = send or sender(os.environ, fd)
        self._monotonic = monotonic
        self._waiting: SimpleQueue[tuple[str, str] | threading.Event] = SimpleQueue()
        self._kinds: dict[str, _Kind] = {}
        self._dropped = 0
        """Only counted by who logs; `_failed` and `_told` only by the thread: no lock is needed."""
        self._failed = self._told = 0
        self._torn = False
        """The last line was written in part."""
        threading.Thread(target=self._run, name="log", daemon=True).start()

    # --- who logs ---------------------------------------------------------------------------------------------------

    def line(self, kind: str, text: str) -> None:
        """One line, now or never."""
        now = self._monotonic()
        for name, each in self._kinds.items():
            if each.left_out and now >= each.since + KIND_S:
                self._put("left out", f"{each.left_out} more lines about {name} were left out")
                each.left_out = 0
        its = self._kinds.get(kind)
        if its is None or now >= its.since + KIND_S:
            its = self._kinds[kind] = _Kind(now)
        its.lines += 1
        if its.lines > KIND_LINES:
            its.left_out += 1
        else:
            self._put(kind, text)

    def _put(self, kind: str, text: str) -> None:
        if self._waiting.qsize() >= WAITING:
            self._dropped += 1
        else:
            self._waiting.put((kind, "".join(c if c.isprintable() else "?" for c in text[:LONGEST])))

    def flush(self, within_s: float) -> bool:
        """Wait until everything so far is written, but not for longer; whether it is."""
        written = threading.Event()
        self._waiting.put(written)
        return written.wait(within_s)

    # --- the thread -------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            item = self._waiting.get()
            if isinstance(item, threading.Event):
                self._tell_lost()
                item.set()
            elif not (self._tell_lost() and self._write(*item)):
                self._failed += 1

    def _tell_lost(self) -> bool:
        """How many lines were lost so far; whether something can be written."""
        lost = self._dropped + self._failed
        if lost == self._told:
            return True
        if not self._write("lost", f"{lost - self._told} lines were lost"):
            return False
        self._told = lost
        return True

    def _write(self, kind: str, text: str) -> bool:
        if self._send is not None:
            with suppress(OSError):
                self._send(kind, text)
                return True
        head = "\n" if self._torn else ""
        data = memoryview(f"{head}evsed-board: {text}\n".encode("ascii", "backslashreplace"))
        self._torn = False
        while data:
            try:
                data = data[os.write(self._fd, data) :]
                self._torn = bool(data)
            except BlockingIOError:  # somebody has set it so: it is waited for here, where nobody waits for us
                poll = select.poll()
                poll.register(self._fd, select.POLLOUT)
                with suppress(OSError):
                    poll.poll(RETRY_MS)
            except OSError:
                return False
        return True


def reserve_standard_descriptors() -> None:
    """Where 0, 1 or 2 are closed, nothing of ours may get their number: lines of the log would go into it."""
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is this one
