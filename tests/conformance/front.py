"""The port that a station dials: reads what it sends first, then hands it to the plain or to the TLS server.

So the ClientHello is seen byte by byte, and an attempt without TLS is seen even where nothing answers it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from tests.conformance.client_hello import HANDSHAKE, ClientHello, Malformed, is_whole, parse

FIRST_S = 10.0
"""How long a client may take for its first message."""
MOST_FIRST = 65_536


@dataclass(frozen=True)
class Attempt:
    """One TCP connection of the station that said something."""

    tls: bool
    hello: ClientHello | None = None
    malformed: str = ""
    """Why what was sent is no ClientHello."""


class Front:
    """Listens on loopback; `hear` gets each attempt, also where its door (`open_plain`, `open_tls`) is shut."""

    def __init__(self, plain_port: Callable[[], int], tls_port: Callable[[], int]) -> None:
        self._plain_port, self._tls_port = plain_port, tls_port
        self.open_plain, self.open_tls = True, True
        self.attempts: list[Attempt] = []
        self.by_port: dict[int, Attempt] = {}
        """By the port from which it was handed on."""
        self.hear: Callable[[Attempt], None] = lambda attempt: None
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self) -> int:
        self._server = await asyncio.start_server(self._met, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()

    async def _met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            async with asyncio.timeout(FIRST_S):
                first, attempt = await self._first(reader)
            if attempt is None:
                return
            self.attempts.append(attempt)
            self.hear(attempt)
            if self.open_tls if attempt.tls else self.open_plain:
                await self._handed_on(first, attempt, reader, writer)
        except (OSError, TimeoutError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _first(self, reader: asyncio.StreamReader) -> tuple[bytes, Attempt | None]:
        """What comes first; None: nothing came."""
        first = await reader.read(MOST_FIRST)
        if not first or first[0] != HANDSHAKE:
            return first, Attempt(False) if first else None
        try:
            while not is_whole(first) and len(first) < MOST_FIRST:
                more = await reader.read(MOST_FIRST)
                if not more:
                    break
                first += more
            return first, Attempt(True, parse(first))
        except Malformed as malformed:
            return first, Attempt(True, malformed=str(malformed))

    async def _handed_on(
        self, first: bytes, attempt: Attempt, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        back, forth = await asyncio.open_connection(
            "127.0.0.1", (self._tls_port if attempt.tls else self._plain_port)()
        )
        self.by_port[forth.get_extra_info("sockname")[1]] = attempt
        try:
            forth.write(first)
            answers = asyncio.ensure_future(carried(back, writer))
            try:
                await carried(reader, forth)
                await answers
            finally:
                answers.cancel()
        finally:
            forth.close()


async def carried(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Bytes as they come, until one end has gone; then the other goes too."""
    with contextlib.suppress(OSError):
        while piece := await source.read(65_536):
            sink.write(piece)
            await sink.drain()
    sink.close()
