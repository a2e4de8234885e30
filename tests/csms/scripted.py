"""A Central System that does what it is told, well or badly: every answer, delay, lie and silence of the field by name.

Plain `websockets` and `json`, no validation: what a real back-office sends is not always OCPP.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import websockets
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

Payload = dict[str, Any]
Answer = Callable[["ScriptedCentralSystem", list[Any]], Awaitable[None]]
"""What to do with a CALL `[2, id, action, payload]`."""


def utc() -> str:
    """Now, as a timestamp of the wire."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# --- answers, one vice each -----------------------------------------------------------------------------------------


def conf(**payload: Any) -> Answer:
    """A CALLRESULT with exactly this payload."""

    async def answer(central: ScriptedCentralSystem, frame: list[Any]) -> None:
        await central.send([3, frame[1], payload])

    return answer


def error(code: str = "InternalError", description: str = "", details: Payload | None = None) -> Answer:
    """A CALLERROR."""

    async def answer(central: ScriptedCentralSystem, frame: list[Any]) -> None:
        await central.send([4, frame[1], code, description, details or {}])

    return answer


def silence() -> Answer:
    """No answer at all."""

    async def answer(central: ScriptedCentralSystem, frame: list[Any]) -> None:
        return None

    return answer


def late(seconds: float, then: Answer | None = None) -> Answer:
    """The answer, but so much later; the station may have given up by then."""

    async def answer(central: ScriptedCentralSystem, frame: list[Any]) -> None:
        async def afterwards() -> None:
            await asyncio.sleep(seconds)
            with contextlib.suppress(websockets.ConnectionClosed):
                await (then or central.normal)(central, frame)

        central.tasks.add(asyncio.ensure_future(afterwards()))

    return answer


def twice(then: Answer | None = None) -> Answer:
    """Two answers to one id."""

    async def answer(central: ScriptedCentralSystem, frame: list[Any]) -> None:
        await (then or central.normal)(central, frame)
        await (then or central.normal)(central, frame)

    return answer


def wrong_id(then: Answer | None = None) -> Answer:
    """First an answer to an id that nobody asked, then the right one."""

    async def answer(central: ScriptedCentralSystem, frame: list[Any]) -> None:
        await (then or central.normal)(central, [frame[0], "nobody-asked-this", *frame[2:]])
        await (then or central.normal)(central, frame)

    return answer


def raw(*texts: str | bytes, then: Answer | None = None) -> Answer:
    """These very frames instead of an answer (bytes: a binary frame), `{id}` filled in; then perhaps the answer."""

    async def answer(central: ScriptedCentralSystem, frame: list[Any]) -> None:
        assert central.connection is not None
        for text in texts:
            await central.connection.send(text.replace("{id}", frame[1]) if isinstance(text, str) else text)
        if then:
            await then(central, frame)

    return answer


def call_first(action: str, payload: Payload) -> Answer:
    """A CALL of ours while the station's is open, then the answer."""

    async def answer(central: ScriptedCentralSystem, frame: list[Any]) -> None:
        await central.send([2, f"first-{frame[1]}", action, payload])
        await central.normal(central, frame)

    return answer


def close(code: int = 1001) -> Answer:
    """The connection is closed instead of an answer."""

    async def answer(central: ScriptedCentralSystem, frame: list[Any]) -> None:
        assert central.connection is not None
        await central.connection.close(code)

    return answer


def drop() -> Answer:
    """The connection is torn off (RST) instead of an answer."""

    async def answer(central: ScriptedCentralSystem, frame: list[Any]) -> None:
        assert central.connection is not None
        central.connection.transport.abort()

    return answer


# --- the system -----------------------------------------------------------------------------------------------------


class ScriptedCentralSystem:
    """Listens at a loopback port; answers by script where there is one, else as a good Central System does."""

    def __init__(self, interval: int = 300, tls: ssl.SSLContext | None = None) -> None:
        self.tls = tls
        self.authorizations: list[str | None] = []
        """The Authorization header of each upgrade request."""
        self.interval = interval
        self.scripts: dict[str, deque[Answer]] = defaultdict(deque)
        self.always: dict[str, Answer] = {}
        self.got: list[tuple[float, list[Any]]] = []
        """Every frame of the station with its monotonic time; text that is no JSON as `[text]`."""
        self.connection: ServerConnection | None = None
        self.connections: list[float] = []
        self.http: deque[HTTPStatus] = deque()
        """Status codes for the next handshakes, instead of 101."""
        self.subprotocols: list[str] | None = ["ocpp1.6"]
        self.tasks: set[asyncio.Future[None]] = set()
        self.transaction = 0
        self._news = asyncio.Event()
        self._server: Any = None

    async def __aenter__(self) -> ScriptedCentralSystem:
        await self.listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self.tasks:
            task.cancel()
        await self.shut()

    async def listen(self, port: int = 0) -> None:
        self._server = await serve(
            self._serve, "127.0.0.1", port, subprotocols=self.subprotocols, process_request=self._handshake,
            ping_interval=None, close_timeout=1, max_size=None, ssl=self.tls,
        )  # fmt: skip

    async def shut(self) -> None:
        """Stop listening and close what is open."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    @property
    def port(self) -> int:
        return int(next(iter(self._server.sockets)).getsockname()[1])

    @property
    def url(self) -> str:
        return f"{'wss' if self.tls else 'ws'}://127.0.0.1:{self.port}/ocpp"

    def _handshake(self, connection: ServerConnection, request: Request) -> Response | None:
        self.authorizations.append(request.headers.get("Authorization"))
        if self.http:
            return connection.respond(self.http.popleft(), "not now\n")
        return None

    async def _serve(self, connection: ServerConnection) -> None:
        self.connection = connection
        self.connections.append(time.monotonic())
        self._news.set()
        with contextlib.suppress(websockets.ConnectionClosed):
            async for text in connection:
                await self._hear(text)

    async def _hear(self, text: str | bytes) -> None:
        try:
            frame = json.loads(text)
        except ValueError:
            frame = [text]
        self.got.append((time.monotonic(), frame))
        self._news.set()
        if frame[0] == 2:
            action = frame[2]
            script = self.scripts[action]
            await (script.popleft() if script else self.always.get(action, self.normal))(self, frame)

    @staticmethod
    async def normal(central: ScriptedCentralSystem, frame: list[Any]) -> None:
        """The answer of a good Central System."""
        await central.send([3, frame[1], central.good_answer(frame[2])])

    def good_answer(self, action: str) -> Payload:
        match action:
            case "BootNotification":
                return {"status": "Accepted", "currentTime": utc(), "interval": self.interval}
            case "Heartbeat":
                return {"currentTime": utc()}
            case "Authorize":
                return {"idTagInfo": {"status": "Accepted"}}
            case "StartTransaction":
                self.transaction += 1
                return {"transactionId": self.transaction, "idTagInfo": {"status": "Accepted"}}
            case "DataTransfer":
                return {"status": "UnknownVendorId"}
        return {}

    def script(self, action: str, *answers: Answer) -> None:
        """The next answers to this action, in turn; afterwards good ones again."""
        self.scripts[action].extend(answers)

    async def send(self, frame: list[Any]) -> None:
        assert self.connection is not None
        await self.connection.send(json.dumps(frame))

    # --- what a test asks -------------------------------------------------------------------------------------------

    def calls(self, action: str, since: int = 0) -> list[Payload]:
        """Payloads of all such CALLs of the station."""
        return [frame[3] for _, frame in self.got[since:] if frame[0] == 2 and frame[2] == action]

    async def wait(self, action: str, *, since: int = 0, within: float = 15.0, **fields: Any) -> Payload:
        """The payload of the first such CALL of the station; AssertionError if none comes."""

        def wanted(frame: list[Any]) -> bool:
            return frame[0] == 2 and frame[2] == action and all(frame[3].get(k) == v for k, v in fields.items())

        found = await self.wait_frame(wanted, since=since, within=within)
        return dict(found[3])

    async def wait_frame(
        self, wanted: Callable[[list[Any]], bool], *, since: int = 0, within: float = 15.0
    ) -> list[Any]:
        """The first wanted frame of the station; AssertionError if none comes."""
        await self.until(lambda: any(wanted(frame) for _, frame in self.got[since:]), within)
        return next(frame for _, frame in self.got[since:] if wanted(frame))

    async def until(self, true: Callable[[], bool], within: float = 15.0) -> None:
        """Return as soon as it is true; AssertionError when the time is over."""
        deadline = time.monotonic() + within
        while not true():
            self._news.clear()
            left = deadline - time.monotonic()
            assert left > 0, "it did not happen; heard: " + "\n".join(json.dumps(frame) for _, frame in self.got[-30:])
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), min(left, 0.5))

    async def call(self, action: str, payload: Payload, within: float = 10.0) -> list[Any]:
        """Send a CALL; the frame that answers it."""
        key, since = f"c{len(self.got)}-{time.monotonic_ns()}", len(self.got)
        await self.send([2, key, action, payload])
        return await self.wait_frame(lambda frame: frame[0] in (3, 4) and frame[1] == key, since=since, within=within)
