"""The judge's Central System: a real WebSocket, every payload held against the OCPP schemas, every frame written down.

It answers what it is told to answer.  What a case wants to see is `judge.py`'s affair.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import ocpp.v16
import websockets
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from tests.conformance.transcript import Payload, Transcript, utc

SCHEMAS = Path(ocpp.v16.__file__).parent / "schemas"
ANSWER_AFTER_S = 0.02
"""An answer takes this long, so that a second CALL that does not wait for it is seen."""
RESPONSE_S = 15.0
"""An answer of the station that takes longer is none."""

Answer = Payload | Callable[[Payload], Payload]


class Stopped(Exception):
    """The station did something that no case allows; the reason."""


@dataclass(frozen=True)
class Call:
    """A request of the station."""

    at: float
    action: str
    payload: Payload
    key: str


@dataclass(frozen=True)
class Reply:
    """An answer of the station: a payload, or the code of a CALLERROR."""

    action: str
    payload: Payload
    code: str = ""
    took_s: float = 0.0

    @property
    def status(self) -> str:
        return str(self.payload.get("status", self.code))


@cache
def validator(name: str) -> Any:
    """Of `Reset` (a request) or `ResetResponse`."""
    path = SCHEMAS / f"{name}.json"
    if not path.exists():
        return None
    schema = json.loads(path.read_text("utf-8-sig"), parse_float=Decimal)
    return jsonschema.validators.validator_for(schema)(schema)


def schema_faults(name: str, payload: Any) -> list[str]:
    """What the schema has against a payload; JSON numbers as Decimal."""
    judge = validator(name)
    if judge is None:
        return [f"there is no such message: {name}"]
    return [f"{name}{error.json_path[1:]}: {error.message}" for error in judge.iter_errors(payload)]


class CentralSystem:
    """Listens on loopback; `calls` are the station's requests in order, `next_call` hands them out one by one."""

    def __init__(self, transcript: Transcript, interval: int = 300) -> None:
        self.transcript = transcript
        self.interval = interval
        self.cards: dict[str, Payload] = {}
        """idTagInfo of cards that are not simply Accepted."""
        self.scripts: dict[str, deque[Answer]] = {}
        self.calls: list[Call] = []
        self.read = 0
        """How many of `calls` a case has looked at."""
        self.transaction = 0
        """The id given last."""
        self.faults: list[str] = []
        """What no case allows: schema, order of CALLs, ids."""
        self.booted = False
        self.path = ""
        """The path of the newest connection."""
        self.linked = asyncio.Event()
        self.connections = 0
        self.measured: list[tuple[str, float]] = []
        self._waiting: dict[str, tuple[str, float, asyncio.Future[Reply]]] = {}
        self._open: str | None = None
        self._keys: set[str] = set()
        self._news = asyncio.Event()
        self._connection: ServerConnection | None = None
        self._servers: list[Any] = []
        self._next = 0
        self.port = 0
        self.tls: ssl.SSLContext | None = None
        """With it, `tls_port` is served as well."""
        self.tls_port = 0
        self.admit: Callable[[ServerConnection, Request], Response | None] | None = None
        """Looks at each upgrade request; its answer is sent instead of the upgrade."""

    def forget(self, transcript: Transcript, interval: int = 300) -> None:
        """A new case with the same line: nothing of the last one counts."""
        self.transcript, self.interval, self.read, self.transaction = transcript, interval, 0, 0
        for kept in (self.cards, self.scripts, self.calls, self.faults, self.measured, self._keys):
            kept.clear()

    # --- the line -----------------------------------------------------------------------------------------------------

    async def listen(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.port = await self._listen(host, port or self.port, None)
        if self.tls is not None:
            self.tls_port = await self._listen(host, self.tls_port, self.tls)

    async def _listen(self, host: str, port: int, tls: ssl.SSLContext | None) -> int:
        server = await serve(
            self._serve, host, port, subprotocols=["ocpp1.6"], ssl=tls,  # type: ignore[list-item]
            process_request=self._look, ping_interval=None, close_timeout=0.2, max_size=None,
        )  # fmt: skip
        self._servers.append(server)
        return int(next(iter(server.sockets)).getsockname()[1])

    def _look(self, connection: ServerConnection, request: Request) -> Response | None:
        return self.admit(connection, request) if self.admit else None

    @property
    def listening(self) -> bool:
        return bool(self._servers)

    async def shut(self) -> None:
        """Nobody listens any more; what was open is torn off."""
        servers, self._servers = self._servers, []
        self.cut()
        for server in servers:
            server.close()
            await server.wait_closed()

    def cut(self) -> None:
        """What is open is torn off; who comes again is heard."""
        if self._connection is not None:
            self._connection.transport.abort()

    async def _serve(self, connection: ServerConnection) -> None:
        self._connection, self._open = connection, None
        self.path = connection.request.path if connection.request else ""
        self.connections += 1
        self.transcript.add("link", "up", None)
        self.linked.set()
        try:
            async for text in connection:
                await self._hear(connection, text)
        except websockets.ConnectionClosed:
            pass
        finally:
            if self._connection is connection:
                self.linked.clear()
                self._connection = None
                self.transcript.add("link", "down", None)
            self._news.set()

    async def _hear(self, connection: ServerConnection, text: str | bytes) -> None:
        try:
            frame = json.loads(text, parse_float=Decimal)
            kind, key = frame[0], frame[1]
            assert kind in (2, 3, 4) and isinstance(key, str) and len(key) <= 36
        except (ValueError, AssertionError, IndexError, KeyError, TypeError):
            self.transcript.add("CP?", str(text)[:300])
            self.faults.append(f"no OCPP-J frame: {text[:200]!r}")
            return
        if kind == 2:
            await self._asked(connection, key, frame[2], plain(frame[3]), frame[3])
        else:
            self._answered(kind, key, frame)
        self._news.set()

    # --- the station asks ---------------------------------------------------------------------------------------------

    async def _asked(self, connection: ServerConnection, key: str, action: str, payload: Payload, exact: Any) -> None:
        self.transcript.add("CP>", action, payload)
        self.faults += schema_faults(action, exact)
        if self._open is not None:
            self.faults.append(f"{action} is sent while {self._open} waits for its answer")
        if key in self._keys:
            self.faults.append(f"{action} uses the message id {key} again")
        self._keys.add(key)
        self.calls.append(Call(time.monotonic(), action, payload, key))
        self._open = action
        answer = self.answer_to(action, payload)
        asyncio.get_running_loop().call_later(ANSWER_AFTER_S, self._spawn_answer, connection, key, action, answer)

    def _spawn_answer(self, connection: ServerConnection, key: str, action: str, answer: Payload) -> None:
        self.transcript.add("CS=", action, answer)
        if action == "BootNotification":
            self.booted = answer["status"] == "Accepted"
        self._open = None
        task = asyncio.ensure_future(self._send(connection, [3, key, answer]))
        task.add_done_callback(lambda done: done.exception())

    async def _send(self, connection: ServerConnection, frame: list[Any]) -> None:
        with contextlib.suppress(websockets.ConnectionClosed):
            await connection.send(json.dumps(frame))

    def answer_to(self, action: str, payload: Payload) -> Payload:
        """By script where there is one, else as a Central System that accepts."""
        script = self.scripts.get(action)
        if script:
            answer = script.popleft()
            return answer(payload) if callable(answer) else answer
        match action:
            case "BootNotification":
                return {"status": "Accepted", "currentTime": utc(), "interval": self.interval}
            case "Heartbeat":
                return {"currentTime": utc()}
            case "Authorize":
                return {"idTagInfo": self.tag_info(payload.get("idTag", ""))}
            case "StartTransaction":
                self.transaction += 1
                info = self.tag_info(payload.get("idTag", ""))
                return {"transactionId": self.transaction, "idTagInfo": info}
            case "StopTransaction":
                return {"idTagInfo": self.tag_info(payload["idTag"])} if "idTag" in payload else {}
            case "DataTransfer":
                return {"status": "UnknownVendorId"}
            case "SignCertificate":
                return {"status": "Accepted"}
        return {}

    def tag_info(self, id_tag: str) -> Payload:
        return self.cards.get(id_tag, {"status": "Accepted"})

    def script(self, action: str, *answers: Answer) -> None:
        """The next answers to this action, in turn."""
        self.scripts.setdefault(action, deque()).extend(answers)

    async def next_call(self, within: float) -> Call | None:
        """The next request of the station that nobody has looked at; None: none came."""
        deadline = time.monotonic() + within
        while self.read >= len(self.calls):
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), min(left, 1.0))
        self.read += 1
        return self.calls[self.read - 1]

    # --- the station is asked -----------------------------------------------------------------------------------------

    async def call(self, action: str, payload: Payload) -> Reply:
        """Ask; Stopped where no answer comes, or one that is no OCPP."""
        connection = self._connection
        if connection is None:
            raise Stopped(f"{action} cannot be sent: the station is not connected")
        self._next += 1
        key, began = f"cs-{self._next}", time.monotonic()
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[key] = (action, began, future)
        self.transcript.add("CS>", action, payload)
        await self._send(connection, [2, key, action, payload])
        try:
            return await asyncio.wait_for(future, RESPONSE_S)
        except TimeoutError:
            raise Stopped(f"{action} was not answered within {RESPONSE_S:g} s") from None
        finally:
            self._waiting.pop(key, None)

    def _answered(self, kind: int, key: str, frame: list[Any]) -> None:
        action, began, future = self._waiting.pop(key, ("", 0.0, None))
        if future is None:
            self.transcript.add("CP=", "?", plain(frame))
            self.faults.append(f"an answer to nothing, or a second one: {frame[1]}")
            return
        took = time.monotonic() - began
        self.measured.append((action, took))
        if kind == 3:
            self.transcript.add("CP=", action, plain(frame[2]))
            self.faults += schema_faults(f"{action}Response", frame[2])
            reply = Reply(action, plain(frame[2]), took_s=took)
        else:
            self.transcript.add("CP=", action, plain(frame[2:]))
            reply = Reply(action, {}, str(frame[2]), took)
        if not future.done():
            future.set_result(reply)


def plain(value: Any) -> Any:
    """Decimals as floats, for reading."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value
