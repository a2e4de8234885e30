"""The control socket: one JSON object a line, who may look and who may act.  It knows no OCPP and decides nothing.

`docs/control-socket.md` is its page.  Whatever comes in is answered; nothing that comes in raises.
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
"""Connections at a time; one more is told so and closed."""
ANSWER_S = 60.0
"""Nobody waits longer for an answer (a self-test is the longest)."""
MODE = 0o660

Request = Mapping[str, Any]
ControlAnswer = dict[str, Any]
Look = Callable[[Request], ControlAnswer]
Act = Callable[[Request], Awaitable[ControlAnswer]]
Follow = Callable[[Request], AsyncIterator[ControlAnswer]]


class AnotherAnswers(OSError):
    """A living daemon has this socket."""


class RequestRefused(Exception):
    """A request that cannot be answered: the reason, for the asker.  `usage`: what he asked for is not there."""

    def __init__(self, reason: str, usage: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.usage = usage


def error(reason: str, usage: bool = False) -> ControlAnswer:
    """An answer that says no."""
    return {"ok": False, "error": reason, **({"usage": True} if usage else {})}


def request_of(line: bytes) -> Request:
    """The request in a line.  Raises RequestRefused."""
    try:
        request = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as wrong:
        raise RequestRefused(f"not a line of JSON: {wrong}"[:200], usage=True) from None
    if not isinstance(request, dict):
        raise RequestRefused("a request is a JSON object", usage=True)
    if request.get("v", VERSION) != VERSION:
        raise RequestRefused(f"version {VERSION} is spoken here", usage=True)
    if not isinstance(request.get("do"), str):
        raise RequestRefused('"do" must name what is wanted', usage=True)
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
    """SO_PEERCRED: the kernel's word about who is there."""
    _, uid, _ = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    return int(uid)


def may_act(uid: int) -> bool:
    """Root and the daemon's own user."""
    return uid in (0, os.geteuid())


def peer_may_act(sock: socket.socket) -> bool:
    """Whether who is at the other end may act."""
    return may_act(uid_of(sock))


class ControlSocket:
    """Serves until cancelled."""

    def __init__(
        self,
        path: Path,
        looks: Mapping[str, Look],
        acts: Mapping[str, Act],
        follows: Mapping[str, Follow],
        *,
        may_act: Callable[[socket.socket], bool] | None = None,
        answer_s: float = ANSWER_S,
    ) -> None:
        self._path = path
        self._looks = looks
        self._acts = acts
        self._follows = follows
        self._may_act = may_act or peer_may_act
        self._answer_s = answer_s
        self.clients = 0
        """Connections that are open."""

    async def run(self) -> None:
        """Raises OSError where the socket cannot be made, AnotherAnswers where it is a living daemon's."""
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
            if request["do"] in self._follows:
                await _follow(self._follows[request["do"]](request), reader, writer)
                return
            answer = await self.answer(request, allowed)
        except RequestRefused as refused:
            answer = error(refused.reason, refused.usage)
        await _write(writer, answer)

    async def answer(self, request: Request, allowed: bool) -> ControlAnswer:
        """Raises RequestRefused."""
        what = request["do"]
        if what in self._looks:
            return {"ok": True, **self._looks[what](request)}
        if what not in self._acts:
            known = ", ".join(sorted({*self._looks, *self._acts, *self._follows}))
            raise RequestRefused(f"{what[:40]!r} is not known; known are {known}", usage=True)
        if not allowed:
            raise RequestRefused("you may look, but only root and the daemon's own user may act")
        try:
            async with asyncio.timeout(self._answer_s):
                return await self._acts[what](request)
        except TimeoutError:
            raise RequestRefused(f"no answer within {self._answer_s:g} s") from None


async def _read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """The next line; empty: the end, or a line that is too long (that is said)."""
    try:
        return await reader.readuntil(b"\n")
    except asyncio.LimitOverrunError:
        await _write(writer, error(f"a line has at most {LINE_BYTES} bytes", usage=True))
        return b""


async def _follow(
    answers: AsyncIterator[ControlAnswer], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Answer after answer, until the asker says anything more or goes away."""
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
    """A socket left by a killed daemon is taken over, that of a living one is not."""
    if _answers(path):
        raise AnotherAnswers(f"another evsed answers at {path}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_socket():
            path.unlink()
        return _bound(path)
    except OSError as error:
        raise OSError(
            error.errno, f"[control] socket cannot be made there: {error.strerror or error}", str(path)
        ) from error


def _bound(path: Path) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    old = os.umask(0o777 & ~MODE)  # never wider than it shall be, not even for a moment
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
