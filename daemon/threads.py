"""Work in threads that may hang on a name server or file server, and an end of the process that waits for none."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import NoReturn, TypeVar

T = TypeVar("T")


async def in_thread(work: Callable[[], T]) -> T:
    """The result of `work`, done in a thread that does not delay the end of the process.  Raises what `work` raises."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(how: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(lambda: None if done.done() else how())

    def run() -> None:
        try:
            result = work()
        except Exception as error:
            settle(partial(done.set_exception, error))
        else:
            settle(partial(done.set_result, result))

    threading.Thread(target=run, daemon=True).start()
    return await done


def leave(code: int) -> NoReturn:
    """End the process with that exit code; what must be durable has been written before.

    With other threads still running the interpreter's own shutdown is skipped: it would wait for them, or crash them.
    Raises SystemExit where there are none.
    """
    if threading.active_count() > 1:
        for stream in (sys.stdout, sys.stderr):
            with suppress(AttributeError, OSError, ValueError):  # closed at the start, or its reader is gone
                stream.flush()
        os._exit(code)
    sys.exit(code)
