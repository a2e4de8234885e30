"""A lock on a file that lives as long as the board process does, however it ends: whoever waits for it sees the death.

The kernel itself gives it back, within a millisecond, also after SIGKILL; no message has to be sent for it.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from typing import Final

TRIES: Final = 20
PAUSE_S: Final = 0.05
"""Whoever looks whether we live holds it for a moment."""


def path_of(socket: str | os.PathLike[str]) -> str:
    """The file that belongs to a board socket."""
    return f"{os.fspath(socket)}.alive"


def hold(path: str, pause: Callable[[float], object] = time.sleep) -> int:
    """Take the lock for the life of this process; its descriptor.  OSError where that cannot be done."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    for left in reversed(range(TRIES)):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if not left:
                os.close(descriptor)
                raise OSError(f"{path}: another board process lives") from None
            pause(PAUSE_S)
    return descriptor


def lives(path: str) -> bool:
    """Whether a board process holds it now."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def wait_for_death(path: str) -> None:
    """Return when no board process holds it any more."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    finally:
        os.close(descriptor)
