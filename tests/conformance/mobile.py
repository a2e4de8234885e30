"""A simulated mobile link: bytes between station and Central System, 300 ± 200 ms late each way, with stalls."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable

from tests.conformance.wire import CentralSystem

MEAN_S, SPREAD_S = 0.3, 0.2
STALL_EVERY, STALL_S = 12, 2.0
"""One packet in so many waits so much longer, and all behind it."""


class MobileLink:
    """A TCP relay in front of the Central System; order is kept, as TCP keeps it."""

    def __init__(
        self, central: CentralSystem, seed: int = 1, delay: Callable[[random.Random], float] | None = None
    ) -> None:
        self._central = central
        self._dice = random.Random(seed)
        self.delay = delay or late
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self, host: str = "127.0.0.1", port: int = 0) -> int:
        self._server = await asyncio.start_server(self._relay, host, port)
        return int(self._server.sockets[0].getsockname()[1])

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            back, forth = await asyncio.open_connection("127.0.0.1", self._central.port)
        except OSError:
            writer.close()
            return
        for source, sink in ((reader, forth), (back, writer)):
            task = asyncio.ensure_future(self._carry(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Each piece leaves when its time has come, never before the one ahead of it."""
        loop, queue = asyncio.get_running_loop(), asyncio.Queue[tuple[float, bytes]]()
        sender = asyncio.ensure_future(self._send(queue, sink))
        free_at = 0.0
        try:
            with contextlib.suppress(OSError):
                while piece := await source.read(65536):
                    free_at = max(free_at, loop.time() + self.delay(self._dice))
                    queue.put_nowait((free_at, piece))
            queue.put_nowait((free_at, b""))
            await sender
        finally:
            sender.cancel()
            sink.close()

    @staticmethod
    async def _send(queue: asyncio.Queue[tuple[float, bytes]], sink: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while True:
            at, piece = await queue.get()
            await asyncio.sleep(max(0.0, at - loop.time()))
            if not piece:
                return
            with contextlib.suppress(OSError):
                sink.write(piece)
                await sink.drain()


def at_once(dice: random.Random) -> float:
    return 0.0


def late(dice: random.Random) -> float:
    stall = STALL_S if dice.randrange(STALL_EVERY) == 0 else 0.0
    return MEAN_S + dice.uniform(-SPREAD_S, SPREAD_S) + stall
