"""Accepts connections, also while there is no free file descriptor: nothing that comes ends it or keeps it busy."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Callable
from contextlib import suppress

import msgspec

from daemon.control.connection import VERSION

BACKLOG = 64
CRAMPED_PAUSE_S = 1.0
"""How soon accepting is tried again without a free descriptor."""
FREED_PAUSE_S = 0.05
"""The same after a connection was ended for it."""
CRAMPED_NOTE_S = 60.0
"""That there is none is noted once in so many seconds."""
CRAMPED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
OF_THE_CLIENT = (errno.ECONNABORTED, errno.EPROTO, errno.EPERM, errno.EINTR, errno.EAGAIN)
"""Errors of accept that concern one connection only."""


class Reserve:
    """One file descriptor, kept for the moment in which there is no other."""

    def __init__(self, path: str = os.devnull) -> None:
        self._path = path
        self._descriptor: int | None = None
        self.refill()

    def refill(self) -> None:
        """Keep one again, if there is one."""
        if self._descriptor is None:
            with suppress(OSError):
                self._descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)

    def release(self) -> bool:
        """One descriptor is free now; False: none was kept."""
        if self._descriptor is None:
            return False
        os.close(self._descriptor)
        self._descriptor = None
        return True


class Acceptor:
    """Where there is no descriptor, `may_act` is asked about who comes, and `free_one` to end a connection.

    `log` takes a code of the journal and its fields.
    """

    def __init__(
        self,
        sock: socket.socket,
        may_act: Callable[[socket.socket], bool],
        free_one: Callable[[], bool],
        log: Callable[..., None],
        pause_s: float = CRAMPED_PAUSE_S,
    ) -> None:
        self._sock = sock
        self._may_act = may_act
        self._free_one = free_one
        self._log = log
        self._pause_s = pause_s
        self._reserve = Reserve()
        self._noted_at = float("-inf")

    async def next(self) -> socket.socket:
        """The next connection.  Raises OSError where the listening socket itself is broken."""
        while True:
            self._reserve.refill()
            await self._somebody()
            try:
                return self._accept()
            except OSError as error:
                if error.errno in OF_THE_CLIENT:
                    continue
                if error.errno not in CRAMPED:
                    raise
                self._note_cramped(error)
            if self._reserve.release() and (client := self._from_reserve()) is not None:
                return client
            await asyncio.sleep(FREED_PAUSE_S if self._free_one() else self._pause_s)

    async def _somebody(self) -> None:
        """Returns when somebody waits: without a descriptor accept fails even where nobody does."""
        loop = asyncio.get_running_loop()
        waits = asyncio.Event()
        loop.add_reader(self._sock, waits.set)
        try:
            await waits.wait()
        finally:
            loop.remove_reader(self._sock)

    def _accept(self) -> socket.socket:
        client, _ = self._sock.accept()
        client.setblocking(False)
        return client

    def _from_reserve(self) -> socket.socket | None:
        """The first who may act of those that wait; the others are told why not."""
        with suppress(OSError):  # nobody waits any more
            for _ in range(BACKLOG):
                client = self._accept()
                if self._may_act(client):
                    return client
                turn_away(client, "evsed has no free file descriptor")
        return None

    def _note_cramped(self, failed: OSError) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._noted_at >= CRAMPED_NOTE_S:
            self._noted_at = now
            self._log("no-descriptors", where="control socket", error=failed.strerror)

    def close(self) -> None:
        self._sock.close()
        self._reserve.release()


def turn_away(client: socket.socket, reason: str) -> None:
    """One line, if the client takes it at once, and the end."""
    with client, suppress(OSError):
        client.send(msgspec.json.encode({"v": VERSION, "ok": False, "error": reason}) + b"\n")
