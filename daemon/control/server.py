"""The server of the control socket: one JSON object a line, who may look and who may act.  It knows no OCPP.

`docs/control-socket.md` describes the protocol.  Every line is answered; no input raises, and no client holds the
station: not by many connections, not by half a request, not by answers that it does not read.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import stat
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any

import msgspec

from daemon.control.acceptor import BACKLOG, Acceptor, turn_away
from daemon.control.connection import VERSION, Closed, Connection, ControlAnswer, Times
from daemon.control.masking import masked_answer
from daemon.control.places import KEPT, PLACES, Place, Places
from daemon.control.presence import answers
from daemon.control.rights import ADMIN_GROUP, LOOK_GROUP, MODE, admit_groups, gid_of, may_act, peer_of

TIMES = Times()
LOOKING = 0.25
"""Share of the main loop's time that answers to those who only look may take."""
_KINDS = {stat.S_IFDIR: "a folder", stat.S_IFLNK: "a symbolic link", stat.S_IFIFO: "a FIFO"}
ENDING_S = 0.5
"""Connections that are being ended have so long; then they are cut."""

Request = Mapping[str, Any]
Query = Callable[[Request], ControlAnswer]
"""Answered at once, for everybody."""
Action = Callable[[Request], Awaitable[ControlAnswer]]
"""Changes something: for those who may act."""
Answers = AsyncGenerator[ControlAnswer, None]
Subscription = Callable[[Request], Answers]
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


class ControlSocket:
    """Serves until cancelled.  The requests by their names; `log` takes a code of the journal and its fields."""

    def __init__(
        self,
        path: Path,
        queries: Mapping[str, Query],
        actions: Mapping[str, Action],
        subscriptions: Mapping[str, Subscription],
        log: Callable[..., None] = lambda code, **fields: None,
        *,
        may_act: Callable[[socket.socket], bool] | None = None,
        times: Times = TIMES,
    ) -> None:
        self._path = path
        self._queries = queries
        self._actions = actions
        self._subscriptions = subscriptions
        self._log = log
        self._admins = gid_of(ADMIN_GROUP)
        self._may_act = may_act or self._peer_may_act
        self._times = times
        self._places = Places()
        self._tasks: set[asyncio.Task[None]] = set()
        self._looking = asyncio.Lock()
        self._look_at = float("-inf")
        self._made: os.stat_result | None = None

    @property
    def clients(self) -> int:
        """Connections that are open."""
        return len(self._places)

    def _peer_may_act(self, sock: socket.socket) -> bool:
        with suppress(OSError):
            return may_act(peer_of(sock), self._admins)
        return False

    async def run(self) -> None:
        """Raises OSError where the socket cannot be made, AnotherAnswers where it is a running daemon's."""
        acceptor = Acceptor(_listening(self._path), self._may_act, self._places.free_one, self._log)
        self._made = os.lstat(self._path)
        try:
            while True:
                self._admit(await acceptor.next())
        finally:
            acceptor.close()
            if self.is_reachable:
                self._path.unlink()
            self._made = None
            await self._end_all()

    @property
    def is_reachable(self) -> bool:
        """Whether the path leads to our socket: others may have deleted it, or put something in its place."""
        with suppress(OSError):
            return self._made is not None and os.path.samestat(os.lstat(self._path), self._made)
        return False

    async def _end_all(self) -> None:
        """Nobody who is connected holds the end of the station."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=ENDING_S)

    # --- connections ----------------------------------------------------------------------------------------------

    def _admit(self, client: socket.socket) -> None:
        connection = Connection(client, self._times)
        place = Place(self._may_act(client), lambda: task.cancel())
        if not self._places.take(place):
            connections = f"{PLACES if place.may_act else PLACES - KEPT} connections"
            turn_away(client, f"{connections} are open already, and none of them is idle")
            return
        task = asyncio.ensure_future(self._serve(connection, place))
        self._tasks.add(task)

        def over(task: asyncio.Task[None]) -> None:  # also where it was cancelled before it began
            self._tasks.discard(task)
            self._places.give_back(place)
            connection.close()

        task.add_done_callback(over)

    async def _serve(self, connection: Connection, place: Place) -> None:
        try:
            await connection.open()
            while True:
                self._places.rest(place)
                line = await connection.line()
                self._places.busy(place)
                await self._answer_line(line, connection, place)
                await asyncio.sleep(0)  # whoever sends one request after the other leaves others their turn
        except Closed as closed:
            if closed.reason:
                with suppress(Closed, OSError):
                    await connection.write(error(closed.reason, usage=True))
        except OSError:
            pass
        except Exception as failed:
            self._log("control-failed", error=f"{type(failed).__name__}: {failed}")
            with suppress(Closed, OSError):
                await connection.write(error("internal error; see evsectl log"))

    # --- requests -------------------------------------------------------------------------------------------------

    async def _answer_line(self, line: bytes, connection: Connection, place: Place) -> None:
        try:
            request = request_of(line)
            if request["do"] in self._subscriptions:
                await self._follow(request, connection, place)
                return
            answer = await self.answer(request, place.may_act)
        except RequestRefused as refused:
            answer = error(refused.reason, refused.usage)
        await connection.write(answer)

    async def _follow(self, request: Request, connection: Connection, place: Place) -> None:
        if not self._places.follow(place):
            raise RequestRefused(f"{PLACES - KEPT} connections follow already")
        async with aclosing(_shown(self._subscriptions[request["do"]](request), place.may_act)) as answers:
            await connection.stream(answers)

    async def answer(self, request: Request, allowed: bool) -> ControlAnswer:
        """Raises RequestRefused."""
        what = request["do"]
        if what in self._queries:
            return self._looked(request) if allowed else await self._look_in_turn(request)
        if what not in self._actions:
            known = ", ".join(sorted({*self._queries, *self._actions, *self._subscriptions}))
            raise RequestRefused(f"unknown request {what[:40]!r}; known are {known}", usage=True)
        if not allowed:
            raise RequestRefused(
                f"permission denied: only root, the daemon's own user and members of the group {ADMIN_GROUP} may act; "
                "try it with sudo"
            )
        try:
            async with asyncio.timeout(self._times.answer_s):
                return await self._actions[what](request)
        except TimeoutError:
            raise RequestRefused(f"no answer within {self._times.answer_s:g} s") from None

    def _looked(self, request: Request) -> ControlAnswer:
        return {"ok": True, **self._queries[request["do"]](request)}

    async def _look_in_turn(self, request: Request) -> ControlAnswer:
        """Masked, and all who only look together take a small share of the loop's time."""
        loop = asyncio.get_running_loop()
        async with self._looking:
            await asyncio.sleep(self._look_at - loop.time())
            began = loop.time()
            try:
                return masked_answer(self._looked(request))
            finally:
                took_s = loop.time() - began
                self._look_at = loop.time() + took_s * (1.0 / LOOKING - 1.0)


async def _shown(answers: Answers, allowed: bool) -> Answers:
    """What a follower gets."""
    async with aclosing(answers):
        async for answer in answers:
            yield {"ok": True, **(answer if allowed else masked_answer(answer))}


def _listening(path: Path) -> socket.socket:
    """A socket left by a killed daemon is replaced, that of a running one is not."""
    if answers(path):
        raise AnotherAnswers(f"another evsed answers at {path}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _clear(path)
        return _bound(path)
    except OSError as error:
        raise OSError(
            error.errno, f"[control] socket cannot be created: {error.strerror or error}", str(path)
        ) from error


def _clear(path: Path) -> None:
    """Remove a socket that a killed daemon left.  Raises OSError where anything else stands there: it is not ours."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise OSError(errno.EEXIST, f"{_KINDS.get(stat.S_IFMT(mode), 'a file')} is in its place; remove it")
    path.unlink()


def _bound(path: Path) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    old = os.umask(0o777 & ~MODE)  # not accessible to others, not even for a moment
    try:
        sock.bind(str(path))
    finally:
        os.umask(old)
    admit_groups(path, gid_of(LOOK_GROUP), gid_of(ADMIN_GROUP))
    sock.setblocking(False)
    sock.listen(BACKLOG)
    return sock
