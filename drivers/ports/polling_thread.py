"""A thread that does the slow work of the devices at one port; it may hang without hurting the loop of the board."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, Protocol

BROKEN_PAUSE_S: Final = 1.0


class SlowDevice(Protocol):
    """A device whose work blocks.  What the loop asks of it is answered from what the last `poll` left behind."""

    def poll(self) -> float:
        """Do the next piece of work; may block for a second or two.  Seconds until the next piece."""


class PollingThread:
    """Serves the devices in the order in which they are due.

    log  is called, by the thread, with each internal error of a device; the device's last sample then grows old
    """

    def __init__(
        self,
        name: str,
        devices: Sequence[SlowDevice],
        log: Callable[[str], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._devices = list(devices)
        self._due = [0.0] * len(self._devices)
        self._log = log
        self._monotonic = monotonic
        self._stopped = threading.Event()

    def start(self) -> None:
        """It lives as long as the process, or until `stop`."""
        threading.Thread(target=self._run, name=self.name, daemon=True).start()

    def stop(self) -> None:
        """No work is begun any more; what has begun is not waited for."""
        self._stopped.set()

    def turn(self) -> float:
        """One piece of work of whoever has waited longest; seconds until the next is due."""
        first = min(range(len(self._due)), key=self._due.__getitem__)
        if self._due[first] <= self._monotonic():
            try:
                pause_s = self._devices[first].poll()
            except Exception as error:
                self._log(f"{self.name}: internal error: {type(error).__name__}: {error}")
                pause_s = BROKEN_PAUSE_S
            self._due[first] = self._monotonic() + pause_s
        return max(0.0, min(self._due) - self._monotonic())

    def _run(self) -> None:
        while self._devices and not self._stopped.is_set():
            self._stopped.wait(self.turn())
