"""What the supervisor is told: READY, STATUS, WATCHDOG on proof of progress.  Without systemd-python: nothing."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from importlib import import_module

Notify = Callable[[str], object]

WITHOUT_SUPERVISOR_S = 60.0
"""How often progress is looked at where no watchdog waits for it."""


def choose(environ: Mapping[str, str] = os.environ, module: str = "systemd.daemon") -> Notify | None:
    """systemd's notification, where a supervisor listens and systemd-python is installed."""
    if "NOTIFY_SOCKET" not in environ:
        return None
    try:
        notify: Notify = import_module(module).notify
    except ImportError:
        return None
    return notify


def watchdog_s(environ: Mapping[str, str] = os.environ) -> float | None:
    """The supervisor's patience in seconds; None: there is no watchdog, or it is another process's."""
    try:
        if int(environ.get("WATCHDOG_PID", os.getpid())) != os.getpid():
            return None
        patience = int(environ["WATCHDOG_USEC"]) / 1e6
    except (KeyError, ValueError):
        return None
    return patience if patience > 0 else None


class Service:
    """Feeds the watchdog only while `alive` says that the main loop makes progress."""

    def __init__(
        self,
        notify: Notify | None,
        alive: Callable[[], bool],
        status: Callable[[], str],
        patience_s: float | None,
    ) -> None:
        self._notify = notify or (lambda _: None)
        self._alive = alive
        self._status = status
        self._period_s = patience_s / 4 if patience_s else WITHOUT_SUPERVISOR_S
        self._told = ""

    def ready(self) -> None:
        self._notify("READY=1")

    def stopping(self) -> None:
        self._notify("STOPPING=1")

    def beat(self) -> None:
        """One proof of progress, and the status where it changed."""
        if not self._alive():
            return
        self._notify("WATCHDOG=1")
        status = self._status()
        if status != self._told:
            self._told = status
            self._notify(f"STATUS={status}")

    async def run(self) -> None:
        while True:
            self.beat()
            await asyncio.sleep(self._period_s)
