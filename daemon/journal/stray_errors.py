"""What Python and its libraries would print by themselves: it becomes notes, with the limits of all others.

Without this a lack of descriptors prints a traceback per attempt, to a stderr that may block the main loop.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import PurePath
from types import TracebackType
from typing import Any, Protocol

Field = str | int | float | bool | None


class LogNote(Protocol):
    """`Journal.log`."""

    def __call__(self, code: str, **fields: Field) -> object: ...


def report(log: LogNote, where: str, error: BaseException | None) -> None:
    """One note; a lack of file descriptors has its own code."""
    code = "stray-error"
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        code = "no-descriptors"
    log(code, where=where, error=text_of(error))


def text_of(error: BaseException | None) -> str:
    """Kind and place of an error in one line; its own words where it is the system's: others may repeat any input."""
    if error is None:
        return "unknown"
    place = ""
    if error.__traceback__ is not None:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f" at {PurePath(frame.filename).name}:{frame.lineno}"
    words = f": {error.strerror}" if isinstance(error, OSError) and error.strerror else ""
    return f"{type(error).__name__}{words}{place}"


class _ToNotes(logging.Handler):
    """Warnings of libraries: where they come from, never their words."""

    def __init__(self, log: LogNote) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        where = f"{record.name} ({record.filename}:{record.lineno})"
        if error is None:
            self._log("stray-error", where=where, error=str(record.msg))
        else:
            report(self._log, where, error)


def capture(log: LogNote) -> Callable[[], None]:
    """Take over what the interpreter prints about errors that nobody caught, and what libraries log.

    Returns what gives it back: for tests.
    """
    before = sys.excepthook, sys.unraisablehook, threading.excepthook
    handler = _ToNotes(log)
    logging.getLogger().addHandler(handler)

    def uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        report(log, "at the end of the process", error)

    def unraisable(found: sys.UnraisableHookArgs) -> None:
        report(log, "while an object was removed", found.exc_value)

    def in_thread(found: threading.ExceptHookArgs) -> None:
        report(log, "in a thread", found.exc_value)

    sys.excepthook, sys.unraisablehook, threading.excepthook = uncaught, unraisable, in_thread

    def give_back() -> None:
        sys.excepthook, sys.unraisablehook, threading.excepthook = before
        logging.getLogger().removeHandler(handler)

    return give_back


def capture_loop(loop: asyncio.AbstractEventLoop, log: LogNote) -> None:
    """The same for what asyncio finds: exceptions of callbacks, of tasks that nobody awaits, of `accept`."""

    def found(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        report(log, str(context.get("message", "in a callback")), context.get("exception"))

    loop.set_exception_handler(found)
