"""What makes the loop punctual: real-time priority, locked memory, a frozen heap.  Each may be forbidden."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from typing import Final

from drivers.process.log import Log

PRIORITY: Final = 50
SWITCH_S: Final = 0.001
"""A thread that computes gives way to the loop after so long."""
LOCK_CURRENT_FUTURE_ON_FAULT: Final = 1 | 2 | 4
"""Of mlockall: what is used stays in memory; what is not used yet takes none."""


def become_real_time(log: Log, priority: int = PRIORITY) -> None:
    """Of the thread that calls: threads that are begun later do not inherit it."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(priority))
    except OSError as error:
        log("process", f"no real-time priority: {error.strerror}")


def lock_memory(log: Log, mlockall: Callable[[int], int] | None = None) -> None:
    """No page of this process may have to be read from a card while a contactor waits."""
    try:
        if mlockall is None:
            import ctypes  # imported late: only boards of parts need it

            mlockall = ctypes.CDLL(None, use_errno=True).mlockall
        if mlockall(LOCK_CURRENT_FUTURE_ON_FAULT) != 0:
            log("process", "memory is not locked: LimitMEMLOCK=infinity in evsed-board.service allows it")
    except (OSError, ImportError, AttributeError) as error:
        log("process", f"memory is not locked: {error}")


def freeze_heap() -> None:
    """What lives by now is never looked through again, and threads change places quickly."""
    sys.setswitchinterval(SWITCH_S)
    gc.collect()
    gc.freeze()
