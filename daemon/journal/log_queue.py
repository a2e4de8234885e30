"""The way of log lines to their reader: a bounded queue and a thread.  Nobody who logs waits, and nobody fails for it.

A reader that reads nothing, a full disk, a closed pipe cost lines, never a moment of the main loop: what finds no place
is counted, and the count is written when something can be written again.
"""

from __future__ import annotations

import os
import select
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress

Sink = Callable[[int, str, Mapping[str, str]], None]
"""Takes a priority, the line, and the fields of a structured journal.  May block and may raise."""
Line = tuple[int, str, Mapping[str, str]]

QUEUED_LINES = 500
"""Lines that may wait (each has at most some hundred characters)."""
CLOSE_S = 0.5
"""How long the end of the process waits for lines that are still queued."""


class LogQueue:
    """A Sink that never blocks or raises; `write` is called in a thread of its own.

    `lost_line` makes the line that says how many were lost.
    """

    def __init__(self, write: Sink, lost_line: Callable[[int], Line], most: int = QUEUED_LINES) -> None:
        self._write = write
        self._lost_line = lost_line
        self._most = most
        self._lines: deque[Line] = deque()
        self._changed = threading.Condition()
        self._writing = False
        self._thread: threading.Thread | None = None
        self._closed = False
        self.lost = 0
        """Lines that were not written and not yet told of."""

    def __call__(self, priority: int, text: str, fields: Mapping[str, str]) -> None:
        with self._changed:
            if len(self._lines) >= self._most:
                self.lost += 1
                return
            self._lines.append((priority, text, fields))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="log", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def close(self, within_s: float = CLOSE_S) -> None:
        """Wait until the queue is empty, at most so long; the thread ends where it can."""
        until = time.monotonic() + within_s
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            while self._lines or self._writing:
                if not self._changed.wait(until - time.monotonic()):
                    return
            thread = self._thread
        if thread is not None:
            thread.join(max(0.0, until - time.monotonic()))

    def _run(self) -> None:
        while (line := self._next()) is not None:
            lost = self.lost
            if lost and self._try(self._lost_line(lost)):
                with self._changed:
                    self.lost -= lost
            if not self._try(line):
                with self._changed:
                    self.lost += 1
            with self._changed:
                self._writing = False
                self._changed.notify_all()

    def _next(self) -> Line | None:
        with self._changed:
            while not self._lines:
                if self._closed:
                    return None
                self._changed.wait()
            self._writing = True
            return self._lines.popleft()

    def _try(self, line: Line) -> bool:
        try:
            self._write(*line)
        except Exception:  # whatever a journal does, the station goes on
            return False
        return True


def keep_standard_descriptors() -> None:
    """Open /dev/null where standard input, output or error is closed: else a socket or a database gets that number,
    and log lines."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            with suppress(OSError):
                os.open(os.devnull, os.O_RDWR)  # the lowest free number: this one


def to_descriptor(number: int, prefixes: bool = False) -> Sink:
    """Plain lines written past Python's own buffers, whose lock would keep the end of the process waiting;
    `prefixes`: each begins with `<N>`, the priority as systemd reads it from stderr."""

    def write(priority: int, text: str, _: Mapping[str, str]) -> None:
        data = (f"<{priority}>{text}\n" if prefixes else f"{text}\n").encode("ascii", "backslashreplace")
        while data:
            try:
                data = data[os.write(number, data) :]
            except BlockingIOError:  # somebody made the pipe non-blocking: wait here, it is our own thread
                select.select([], [number], [])

    return write


def standard_error() -> int:
    """The descriptor of standard error, also where Python has none."""
    try:
        return sys.stderr.fileno()
    except (AttributeError, OSError, ValueError):
        return 2
