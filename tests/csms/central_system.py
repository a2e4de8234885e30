"""A Central System on the independent package `ocpp`, schema validation on: for `make run`, referee, benchmark.

It accepts what is not forbidden it, remembers every frame, and tells whoever listens.  It knows nothing of evsed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import websockets
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call, call_result
from ocpp.v16.enums import Action
from websockets.asyncio.server import ServerConnection, serve

from tests.csms.scripted import utc

logging.getLogger("ocpp").setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class Heard:
    """One frame at the Central System.  `request`: the CALL that an answer belongs to."""

    at: float
    to_station: bool
    frame: list[Any]
    request: list[Any] | None = None

    @property
    def action(self) -> str:
        """The action of a CALL, or of the CALL that this answers."""
        source = self.frame if self.frame[0] == 2 else self.request
        return str(source[2]) if source else ""

    @property
    def payload(self) -> dict[str, Any]:
        """The payload of a CALL or CALLRESULT; empty for a CALLERROR."""
        return dict(self.frame[3] if self.frame[0] == 2 else self.frame[2] if self.frame[0] == 3 else {})

    @property
    def is_call(self) -> bool:
        return self.frame[0] == 2

    def matches(self, action: str, fields: dict[str, Any]) -> bool:
        return self.action == action and all(self.payload.get(k) == v for k, v in fields.items())


@dataclass
class Policy:
    """What this Central System answers where more than one answer is right."""

    boot: list[dict[str, Any]] = field(default_factory=list)
    """Answers to the next BootNotifications; afterwards Accepted."""
    interval: int = 300
    cards: dict[str, dict[str, Any]] = field(default_factory=dict)
    """idTagInfo of cards that are not simply Accepted."""
    next_transaction: int = 1


class Ears:
    """The connection as the package `ocpp` wants it, with every frame remembered."""

    def __init__(self, connection: ServerConnection, hear: Callable[[bool, str], None]) -> None:
        self.connection, self.hear = connection, hear

    async def recv(self) -> str:
        text = await self.connection.recv()
        assert isinstance(text, str), "OCPP-J is text"
        self.hear(False, text)
        return text

    async def send(self, text: str) -> None:
        self.hear(True, text)
        await self.connection.send(text)


class Desk(ChargePoint):  # type: ignore[misc]
    """One station's desk at the Central System: the package's own base class, every request of a station answered."""

    def __init__(self, name: str, ears: Ears, policy: Policy) -> None:
        super().__init__(name, ears, response_timeout=15)
        self.policy = policy

    def tag_info(self, id_tag: str) -> dict[str, Any]:
        return self.policy.cards.get(id_tag, {"status": "Accepted"})

    @on(Action.boot_notification)
    def on_boot(self, **_: Any) -> call_result.BootNotification:
        answer = self.policy.boot.pop(0) if self.policy.boot else {}
        words = {"current_time": utc(), "interval": self.policy.interval, "status": "Accepted"}
        return call_result.BootNotification(**{**words, **answer})

    @on(Action.heartbeat)
    def on_heartbeat(self, **_: Any) -> call_result.Heartbeat:
        return call_result.Heartbeat(current_time=utc())

    @on(Action.status_notification)
    def on_status(self, **_: Any) -> call_result.StatusNotification:
        return call_result.StatusNotification()

    @on(Action.authorize)
    def on_authorize(self, id_tag: str, **_: Any) -> call_result.Authorize:
        return call_result.Authorize(id_tag_info=self.tag_info(id_tag))

    @on(Action.start_transaction)
    def on_start(self, id_tag: str, **_: Any) -> call_result.StartTransaction:
        number = self.policy.next_transaction
        self.policy.next_transaction += 1
        return call_result.StartTransaction(transaction_id=number, id_tag_info=self.tag_info(id_tag))

    @on(Action.meter_values)
    def on_meter_values(self, **_: Any) -> call_result.MeterValues:
        return call_result.MeterValues()

    @on(Action.stop_transaction)
    def on_stop(self, id_tag: str | None = None, **_: Any) -> call_result.StopTransaction:
        return call_result.StopTransaction(id_tag_info=self.tag_info(id_tag) if id_tag else None)

    @on(Action.data_transfer)
    def on_data_transfer(self, **_: Any) -> call_result.DataTransfer:
        return call_result.DataTransfer(status="UnknownVendorId")

    @on(Action.firmware_status_notification)
    def on_firmware(self, **_: Any) -> call_result.FirmwareStatusNotification:
        return call_result.FirmwareStatusNotification()

    @on(Action.diagnostics_status_notification)
    def on_diagnostics(self, **_: Any) -> call_result.DiagnosticsStatusNotification:
        return call_result.DiagnosticsStatusNotification()


class CentralSystem:
    """The whole Central System at one loopback port: `async with CentralSystem() as central: ...`."""

    def __init__(self, policy: Policy | None = None, listener: Callable[[Heard], None] | None = None) -> None:
        self.policy = policy or Policy()
        self.listener = listener
        self.heard: list[Heard] = []
        self.desk: Desk | None = None
        self.path = ""
        self.ping_s: float | None = 20.0
        """How often it pings; None: never.  Set it before it listens."""
        self.connections = 0
        self._news = asyncio.Event()
        self._open: dict[str, list[Any]] = {}
        self._server: Any = None

    async def __aenter__(self) -> CentralSystem:
        await self.listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def listen(self, port: int = 0, address: str = "127.0.0.1") -> None:
        """Serve, at a free port or at the one given (to come back where it was)."""
        self._server = await serve(
            self._serve,
            address,
            port,
            subprotocols=["ocpp1.6"],  # type: ignore[list-item]
            ping_interval=self.ping_s,
        )

    async def close(self) -> None:
        self._server.close()
        await self._server.wait_closed()

    @property
    def port(self) -> int:
        return int(next(iter(self._server.sockets)).getsockname()[1])

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ocpp"

    async def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.path = connection.request.path
        self.connections += 1
        self.desk = Desk(self.path.rsplit("/", 1)[-1], Ears(connection, self._hear), self.policy)
        self._news.set()
        with contextlib.suppress(websockets.ConnectionClosed):
            await self.desk.start()

    def _hear(self, to_station: bool, text: str) -> None:
        frame = json.loads(text)
        request = None
        if frame[0] == 2:
            self._open[frame[1]] = frame
        else:
            request = self._open.pop(frame[1], None)
        heard = Heard(time.monotonic(), to_station, frame, request)
        self.heard.append(heard)
        self._news.set()
        if self.listener:
            self.listener(heard)

    # --- what a test asks -------------------------------------------------------------------------------------------

    async def wait(self, action: str, *, since: int = 0, within: float = 15.0, **fields: Any) -> dict[str, Any]:
        """The payload of the first such request of the station from frame `since` on; AssertionError if none comes."""
        found = await self.wait_heard(
            lambda h: not h.to_station and h.is_call and h.matches(action, fields), since, within
        )
        assert found, f"no {action} {fields} within {within} s; heard: {self.story(since)}"
        return found.payload

    async def wait_heard(self, wanted: Callable[[Heard], bool], since: int, within: float) -> Heard | None:
        """The first frame from `since` on that is wanted; None when the time is over."""
        deadline = time.monotonic() + within
        while True:
            self._news.clear()
            if found := next((h for h in self.heard[since:] if wanted(h)), None):
                return found
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), max(0.0, deadline - time.monotonic()))
                continue
            return None

    async def ask(self, request: Any) -> Any:
        """Send a request (an object of `ocpp.v16.call`); its validated answer, or the CALLERROR as an exception."""
        assert self.desk is not None, "no station is connected"
        return await self.desk.call(request, suppress=False)

    async def ask_raw(self, action: str, payload: dict[str, Any]) -> list[Any]:
        """Send a CALL as it stands, valid or not; the frame that answers it."""
        assert self.desk is not None, "no station is connected"
        key, since = f"raw-{len(self.heard)}", len(self.heard)
        await self.desk._connection.send(json.dumps([2, key, action, payload]))
        found = await self.wait_heard(lambda h: not h.to_station and not h.is_call and h.frame[1] == key, since, 10)
        assert found, f"{action} was not answered"
        return found.frame

    def requests(self, action: str, since: int = 0) -> list[dict[str, Any]]:
        """Payloads of all such requests of the station."""
        return [h.payload for h in self.heard[since:] if not h.to_station and h.is_call and h.action == action]

    def refusals(self) -> list[list[Any]]:
        """Every CALLERROR that the package sent because it found the station's message wrong."""
        return [[h.action, *h.frame[2:]] for h in self.heard if h.to_station and h.frame[0] == 4]

    def story(self, since: int = 0) -> str:
        arrows = {True: "<-", False: "->"}
        return "\n".join(f"{arrows[h.to_station]} {h.action} {json.dumps(h.frame)}" for h in self.heard[since:])


@contextlib.asynccontextmanager
async def central_system(policy: Policy | None = None) -> AsyncIterator[CentralSystem]:
    """A Central System for the length of a test."""
    async with CentralSystem(policy) as central:
        yield central


__all__ = ["CentralSystem", "Desk", "Heard", "Policy", "call", "central_system", "utc"]
