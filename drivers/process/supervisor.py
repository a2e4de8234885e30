"""The board process's door to systemd (sd_notify): READY, WATCHDOG and STOPPING.  It never waits and never raises.

The protocol is one datagram; systemd's own library would wait where its socket is full, and this is the reflex loop.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

LONGEST_SLEEP_S: Final = 60.0
"""The loop turns at least so often, watchdog or not."""
ALIVE: Final = "WATCHDOG=1"


class Notifier:
    """Sends lines to the socket of NOTIFY_SOCKET; one that cannot leave now leaves with the next one."""

    def __init__(self, address: str) -> None:
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        self._owed: list[str] = []

    def __call__(self, line: str) -> None:
        lines = [*self._owed, line]
        try:
            self._socket.sendto("\n".join(lines).encode(), self._address)
            self._owed = []
        except OSError:
            self._owed = [owed for owed in lines if owed != ALIVE]  # the next sign of life replaces this one


class Supervisor(NamedTuple):
    """Who watches over this process."""

    notify: Callable[[str], object]
    """Takes a line of sd_notify, e.g. "READY=1"."""
    patience_s: float
    """Without WATCHDOG=1 for so many seconds the process is killed."""


def supervisor_of(environ: Mapping[str, str]) -> Supervisor:
    """systemd's, where it listens; else one that takes everything and waits for long."""
    address = environ.get("NOTIFY_SOCKET", "")
    notify: Callable[[str], object] = Notifier(address) if address.startswith(("/", "@")) else str
    usec = environ.get("WATCHDOG_USEC", "")
    return Supervisor(notify, int(usec) / 1e6 if usec.isdecimal() and int(usec) else 3 * LONGEST_SLEEP_S)
