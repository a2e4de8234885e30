"""One client of the control socket: lines in, answers out, each within its time."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import msgspec

VERSION = 1
LINE_BYTES = 64 << 10

ControlAnswer = dict[str, Any]


class Times(msgspec.Struct, frozen=True):
    """Seconds that a client may take, and an action."""

    request_s: float = 5.0
    """From the first byte of a request to its end."""
    idle_s: float = 60.0
    """Without a request; a follower is not idle."""
    taking_s: float = 5.0
    """An answer that is not read; then the connection is cut."""
    following_s: float = 60.0
    """The same while following: `evsectl trace` may stand in a pager."""
    answer_s: float = 60.0
    """Until an action without an answer becomes an error (a self-test takes longest)."""


class Closed(Exception):
    """The connection is over.  `reason`: what the client is told before, "" where it knows."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


class Connection:
    """Give it an accepted socket, `open` it, and `close` it in any case."""

    def __init__(self, sock: socket.socket, times: Times) -> None:
        self._sock = sock
        self._times = times
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def open(self) -> None:
        """Raises OSError."""
        self._streams = await asyncio.open_unix_connection(sock=self._sock, limit=LINE_BYTES)

    @property
    def _reader(self) -> asyncio.StreamReader:
        assert self._streams is not None, "used before it was opened"
        return self._streams[0]

    async def line(self) -> bytes:
        """The next request.  Raises Closed."""
        try:
            async with asyncio.timeout(self._times.idle_s):
                first = await self._reader.read(1)
        except TimeoutError:
            raise Closed from None
        if first in (b"", b"\n"):
            if first:
                return first
            raise Closed
        try:
            async with asyncio.timeout(self._times.request_s):
                return first + await self._reader.readuntil(b"\n")
        except TimeoutError:
            raise Closed(f"the request did not end within {self._times.request_s:g} s") from None
        except asyncio.LimitOverrunError:
            raise Closed(f"a line has at most {LINE_BYTES} bytes") from None
        except asyncio.IncompleteReadError:
            raise Closed from None

    async def write(self, answer: ControlAnswer) -> None:
        """Raises Closed where the client does not take it in time."""
        await self._write(answer, self._times.taking_s)

    async def _write(self, answer: ControlAnswer, within_s: float) -> None:
        assert self._streams is not None, "used before it was opened"
        writer = self._streams[1]
        try:
            writer.write(msgspec.json.encode({"v": VERSION, **answer}) + b"\n")
            async with asyncio.timeout(within_s):
                await writer.drain()
        except TimeoutError:
            writer.transport.abort()
            raise Closed from None

    async def stream(self, answers: AsyncIterator[ControlAnswer]) -> None:
        """Answer after answer, until the client sends anything more or goes away.  Raises Closed."""
        enough = asyncio.ensure_future(self._reader.read(1))
        answer = asyncio.ensure_future(anext(answers))
        try:
            while True:
                await asyncio.wait({enough, answer}, return_when=asyncio.FIRST_COMPLETED)
                if not answer.done():
                    return
                await self._write(answer.result(), self._times.following_s)
                answer = asyncio.ensure_future(anext(answers))
        finally:
            enough.cancel()
            answer.cancel()
            await asyncio.wait({answer})  # only then may its generator be closed

    def close(self) -> None:
        """What was written still goes out, as far as the client takes it at once."""
        if self._streams is None:
            self._sock.close()
        else:
            self._streams[1].close()
