"""The limits of a transfer: bytes, time, rate, room; and how it is aborted from outside.  Knows no protocol."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import msgspec


class Limits(msgspec.Struct, frozen=True):
    """Of one transfer: seconds and bytes, all above 0."""

    stall_s: float = 60.0
    """Without a single byte for so long it is given up."""
    connect_s: float = 20.0
    """For the look-up of the name, for one address, and for the TLS handshake."""
    whole_s: float = 3600.0
    """For the whole transfer."""
    firmware_bytes: int = 512 << 20
    upload_bytes: int = 64 << 20
    beside_bytes: int = 256 << 10
    """What a server may send besides the file: replies, header fields, interim responses, the frames of chunks …"""
    beside_share: int = 8
    """… and of what has passed this part more: the frames of small chunks grow with the file."""
    rate_bytes_s: float = float(4 << 20)
    """On average: charging and its messages come first."""
    spare_bytes: int = 16 << 20
    """Stays free on the store's file system."""


class TransferFailed(Exception):
    """Why a transfer failed: stage and cause, for one line of a log; in words of ours, never in the server's."""

    def __init__(self, stage: str, cause: str) -> None:
        super().__init__(f"{stage}: {cause}")


class Watch:
    """Watches one transfer's limits.  `cancel` and `cut` may be called from any thread: they shut its sockets at once.

    `most_bytes` bounds its size.  Every socket is held before it is connected, so none is without a deadline.
    """

    def __init__(self, limits: Limits, most_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits
        self.most_bytes = most_bytes
        self.bytes = 0
        self._beside = 0
        self._clock = clock
        self._began = clock()
        self._stop = threading.Event()
        self._why = ""
        self._lock = threading.Lock()
        self._held: list[socket.socket] = []
        self._alarm = threading.Timer(limits.whole_s, self.cut, (f"not finished within {limits.whole_s:g} s",))
        self._alarm.daemon = True

    def __enter__(self) -> Watch:
        self._alarm.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._alarm.cancel()
        with self._lock:
            for sock in self._held:
                sock.close()
            self._held.clear()

    @property
    def cancelled(self) -> bool:
        return self._why == "cancelled"

    @property
    def why(self) -> str:
        """Why it was aborted, or ""."""
        return self._why

    def cancel(self) -> None:
        """Abort it for good: its files are to be removed."""
        self.cut("cancelled")

    def cut(self, why: str) -> None:
        """Abort it now; it may be resumed later."""
        with self._lock:
            self._why = self._why or why
            self._stop.set()
            for sock in self._held:
                _shut(sock)

    def hold(self, sock: socket.socket) -> None:
        """Register a socket of this transfer, to be shut when it is aborted.  Raises OSError, TransferFailed."""
        twin = socket.socket(fileno=os.dup(sock.fileno()))  # works for TLS sockets, too, whose dup() raises
        with self._lock:
            self._held.append(twin)
        self.check()

    def check(self) -> None:
        """Raises TransferFailed where it was aborted."""
        if not self._why and self._clock() - self._began > self.limits.whole_s:
            self._why = f"not finished within {self.limits.whole_s:g} s"
        if self._why:
            raise TransferFailed("transfer", self._why)

    def expects(self, size: int) -> None:
        """The announced size, before the first byte.  Raises TransferFailed where it is too large."""
        if size > self.most_bytes:
            raise TransferFailed("transfer", f"{size} bytes are announced, at most {self.most_bytes} are allowed")

    def beside(self, size: int) -> None:
        """`size` more bytes came that are not of the file (a negative size: they were).  Raises TransferFailed."""
        self._beside += size
        self.check()
        allowed = self.limits.beside_bytes + self.bytes // self.limits.beside_share
        if self._beside > allowed:
            raise TransferFailed("transfer", f"more than {allowed} bytes besides the file")

    def passed(self, size: int) -> None:
        """`size` more bytes were transferred; waits where that was too fast.  Raises TransferFailed at a limit."""
        self.bytes += size
        self.check()
        if self.bytes > self.most_bytes:
            raise TransferFailed("transfer", f"more than {self.most_bytes} bytes")
        ahead_s = self.bytes / self.limits.rate_bytes_s - (self._clock() - self._began)
        if ahead_s > 0.05:
            self._stop.wait(ahead_s)
            self.check()


def _shut(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
