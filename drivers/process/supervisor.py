"""The board process's door to systemd: READY, WATCHDOG and STOPPING; without systemd-python nothing is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from typing import Final, NamedTuple

LONGEST_SLEEP_S: Final = 60.0
"""The loop turns at least so often, watchdog or not."""


class Supervisor(NamedTuple):
    """Who watches over this process."""

    notify: Callable[[str], object]
    """Takes a line of sd_notify, e.g. "READY=1"."""
    patience_s: float
    """Without WATCHDOG=1 for so many seconds the process is killed."""


def supervisor_of(environ: Mapping[str, str]) -> Supervisor:
    """systemd's, where it listens and its library is installed; else one that takes everything and waits for long."""
    notify: Callable[[str], object] = str
    if "NOTIFY_SOCKET" in environ:
        with suppress(ImportError):
            notify = import_module("systemd.daemon").notify
    usec = environ.get("WATCHDOG_USEC", "")
    return Supervisor(notify, int(usec) / 1e6 if usec.isdecimal() and int(usec) else 3 * LONGEST_SLEEP_S)
