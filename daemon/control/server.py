"""The server of the control socket: one JSON object a line, who may query and who may act.  It knows no OCPP.

`docs/control-socket.md` describes the protocol.  Every line is answered; no input raises.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

VERSION = 1
LINE_BYTES = 64 << 10
CLIENTS = 16
"""Connections at a time; one more gets an error and is closed."""
ANSWER_S = 60.0
"""Seconds until an action without an answer becomes an error (a self-test takes longest)."""
MODE = 0o660
"""Of the socket: owner and group may connect."""

Request = Mapping[str, Any]
ControlAnswer = dict[str, Any]
Query = Callable[[Request], ControlAnswer]
"""Answered at once, for everybody."""
Action = Callable[[Request], Awaitable[ControlAnswer]]
"""Changes something: for root and the daemon's own user."""
Subscription = Callable[[Request], AsyncIterator[ControlAnswer]]
"""Answers until the client goes away, for everybody."""


class AnotherAnswers(OSError):
    """A running daemon has this socket."""


class RequestRefused(Exception):
    """A request that cannot be answered, and why.  `usage`: the request itself is wrong, or names something missing."""

    def __init__(self, reason: str, usage: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.usage = usage


def error(reason: str, usage: bool = False) -> ControlAnswer:
    """A negative answer."""
    return {"ok": False, "error": reason, **({"usage": True} if usage else {})}


def request_of(line: bytes) -> Request:
    """The request in a line.  Raises RequestRefused."""
    try:
        request = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as wrong:
        raise RequestRefused(f"not valid JSON: {wrong}"[:200], usage=True) from None
    if not isinstance(request, dict):
        raise RequestRefused("a request must be a JSON object", usage=True)
    if request.get("v", VERSION) != VERSION:
        raise RequestRefused(f"only version {VERSION} is supported", usage=True)
    if not isinstance(request.get("do"), str):
        raise RequestRefused('"do" must name the request', usage=True)
    return request


def field(request: Request, name: str, kind: type, needed: bool = False) -> Any:
    """A field of a request, or None where it is absent.  Raises RequestRefused."""
    value = request.get(name)
    if value is None and not needed:
        return None
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        wanted = {int: "a whole number", str: "a text", bool: "true or false", list: "a list"}[kind]
        raise RequestRefused(f"{name!r} must be {wanted}", usage=True)
    return value


def uid_of(sock: socket.socket) -> int:
    """The user of the peer, from the kernel (SO_PEERCRED)."""
    _, uid, _ = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    return int(uid)


def may_act(uid: int) -> bool:
    """Root and the daemon's own user."""
    return uid in (0, os.geteuid())


def peer_may_act(sock: socket.socket) -> bool:
    """Whether the user at the other end may act."""
    return may_act(uid_of(sock))


class ControlSocket:
    """Serves until cancelled.  The requests by their names; `answer_s` bounds an action."""

    def __init__(
        self,
        path: Path,
        queries: Mapping[str, Query],
        actions: Mapping[str, Action],
        subscriptions: Mapping[str, Subscription],
        *,
        may_act: Callable[[socket.socket], bool] | None = None,
        answer_s: float = ANSWER_S,
    ) -> None:
        self._path = path
        self._queries = queries
        self._actions = actions
        self._subscriptions = subscriptions
        self._may_act = may_act or peer_may_act
        self._answer_s = answer_s
        self.clients = 0
        """Connections that are open."""

    async def run(self) -> None:
        """Raises OSError where the socket cannot be made, AnotherAnswers where it is a running daemon's."""
        sock = _listening(self._path)
        try:
            async with await asyncio.start_unix_server(self._serve, sock=sock, limit=LINE_BYTES) as server:
                await server.serve_forever()
        finally:
            sock.close()
            with suppress(OSError):
                self._path.unlink()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.clients += 1
        try:
            if self.clients > CLIENTS:
                await _write(writer, error(f"{CLIENTS} connections are open already"))
                return
            allowed = self._may_act(writer.get_extra_info("socket"))
            while line := await _read(reader, writer):
                await self._answer(line, allowed, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.clients -= 1
            writer.close()

    async def _answer(
        self, line: bytes, allowed: bool, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            request = request_of(line)
            if request["do"] in self._subscriptions:
                await _stream(self._subscriptions[request["do"]](request), reader, writer)
                return
            answer = await self.answer(request, allowed)
        except RequestRefused as refused:
            answer = error(refused.reason, refused.usage)
        await _write(writer, answer)

    async def answer(self, request: Request, allowed: bool) -> ControlAnswer:
        """Raises RequestRefused."""
        what = request["do"]
        if what in self._queries:
            return {"ok": True, **self._queries[what](request)}
        if what not in self._actions:
            known = ", ".join(sorted({*self._queries, *self._actions, *self._subscriptions}))
            raise RequestRefused(f"unknown request {what[:40]!r}; known are {known}", usage=True)
        if not allowed:
            raise RequestRefused("permission denied: only root and the daemon's own user may change anything")
        try:
            async with asyncio.timeout(self._answer_s):
                return await self._actions[what](request)
        except TimeoutError:
            raise RequestRefused(f"no answer within {self._answer_s:g} s") from None


async def _read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """The next line; empty: the end, or a line that is too long (that is answered)."""
    try:
        return await reader.readuntil(b"\n")
    except asyncio.LimitOverrunError:
        await _write(writer, error(f"a line has at most {LINE_BYTES} bytes", usage=True))
        return b""


async def _stream(
    answers: AsyncIterator[ControlAnswer], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Answer after answer, until the client sends anything more or goes away."""
    enough = asyncio.ensure_future(reader.read(1))
    try:
        while True:
            answer = asyncio.ensure_future(anext(answers))
            await asyncio.wait({enough, answer}, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                answer.cancel()
                await asyncio.wait({answer})
                return
            await _write(writer, {"ok": True, **answer.result()})
    finally:
        enough.cancel()


async def _write(writer: asyncio.StreamWriter, answer: ControlAnswer) -> None:
    writer.write(msgspec.json.encode({"v": VERSION, **answer}) + b"\n")
    await writer.drain()


def _listening(path: Path) -> socket.socket:
    """A socket left by a killed daemon is replaced, that of a running one is not."""
    if _answers(path):
        raise AnotherAnswers(f"another evsed answers at {path}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_socket():
            path.unlink()
        return _bound(path)
    except OSError as error:
        raise OSError(
            error.errno, f"[control] socket cannot be created: {error.strerror or error}", str(path)
        ) from error


def _bound(path: Path) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    old = os.umask(0o777 & ~MODE)  # not accessible to others, not even for a moment
    try:
        sock.bind(str(path))
    finally:
        os.umask(old)
    return sock


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True
