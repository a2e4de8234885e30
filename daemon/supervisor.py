"""Notifications to systemd (sd_notify): READY, STATUS, STOPPING, and WATCHDOG on proof of progress.

Without systemd or systemd-python nothing is sent.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from importlib import import_module

Notify = Callable[[str], object]

WITHOUT_WATCHDOG_S = 60.0
"""How often the status is refreshed where there is no watchdog."""


def choose(environ: Mapping[str, str] = os.environ, module: str = "systemd.daemon") -> Notify | None:
    """systemd's `notify`, where NOTIFY_SOCKET is set and systemd-python is installed; else None."""
    if "NOTIFY_SOCKET" not in environ:
        return None
    try:
        notify: Notify = import_module(module).notify
    except ImportError:
        return None
    return notify


def watchdog_s(environ: Mapping[str, str] = os.environ) -> float | None:
    """The watchdog's time in seconds (WATCHDOG_USEC); None: there is no watchdog, or it is another process's."""
    try:
        if int(environ.get("WATCHDOG_PID", os.getpid())) != os.getpid():
            return None
        timeout = int(environ["WATCHDOG_USEC"]) / 1e6
    except (KeyError, ValueError):
        return None
    return timeout if timeout > 0 else None


class SupervisorNotifier:
    """Feeds the watchdog only while `alive` is true: four times in `timeout_s` seconds.

    `status` gives the line that `systemctl status` shows.
    """

    def __init__(
        self,
        notify: Notify | None,
        alive: Callable[[], bool],
        status: Callable[[], str],
        timeout_s: float | None,
    ) -> None:
        self._notify = notify or (lambda _: None)
        self._alive = alive
        self._status = status
        self._period_s = timeout_s / 4 if timeout_s else WITHOUT_WATCHDOG_S
        self._last_status = ""

    def ready(self) -> None:
        self._notify("READY=1")

    def stopping(self) -> None:
        self._notify("STOPPING=1")

    def beat(self) -> None:
        """One proof of progress, and the status if it changed."""
        if not self._alive():
            return
        self._notify("WATCHDOG=1")
        status = self._status()
        if status != self._last_status:
            self._last_status = status
            self._notify(f"STATUS={status}")

    async def run(self) -> None:
        """For ever."""
        while True:
            self.beat()
            await asyncio.sleep(self._period_s)
