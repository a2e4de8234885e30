"""The requests of the control socket: queries read the state, actions become events and wait for their replies."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any, Protocol

from daemon.control.connection import ControlAnswer
from daemon.control.server import Action, Answers, Query, Request, RequestRefused, Subscription, error, field
from daemon.step_executor import Watcher
from ocpp16.events import Event, Now, QueueAsked, ResetAsked, SelftestAsked, SettingAsked, StopAsked
from ocpp16.station.connection_keys import AT_THE_DESK
from ocpp16.step import Reply

TRACE_LINES = 1000
"""Lines that wait for a slow client of `trace`; more are dropped, and counted …"""
TRACE_CHARS = 1_000_000
"""… and the characters of their frames."""

Reconnect = Callable[[], Awaitable[tuple[bool, str]]]
"""Dials the Central System now; success and how it ended."""
Simulate = Callable[[list[str], int | None], Awaitable[tuple[bool, str]]]
"""Command words of `evsectl sim` and a connector to success and detail."""


class Views(Protocol):
    """What the contract machine shows (`ocpp16.views`)."""

    def status(self, now: Now) -> dict[str, object]: ...
    def why(self, now: Now, connector: int | None) -> list[dict[str, object]]: ...
    def queue(self) -> list[dict[str, object]]: ...
    def transaction_rows(self) -> list[dict[str, object]]: ...
    def configuration_rows(self) -> list[dict[str, object]]: ...
    def certificate_rows(self) -> list[dict[str, object]]: ...


class ControlRequests:
    """The station's side of the control socket.

    `daemon_status` adds link, store and version to the status; `notes` gives the log, oldest first; `watchers` are
    called with each frame and note; `answered` takes the contract machine's replies.  `utc`: that of a monotonic
    second, None while it is not known.
    """

    def __init__(
        self,
        views: Views,
        clock: Callable[[], Now],
        deliver: Callable[[Event], None],
        daemon_status: Callable[[], dict[str, Any]],
        notes: Callable[[], list[dict[str, Any]]],
        watchers: set[Watcher],
        simulate: Simulate,
        reconnect: Reconnect,
        utc: Callable[[float], float | None] = lambda mono: None,
    ) -> None:
        self._views = views
        self._clock = clock
        self._deliver = deliver
        self._daemon_status = daemon_status
        self._notes = notes
        self._watchers = watchers
        self._simulate = simulate
        self._utc = utc
        self._reconnect = reconnect
        self._refs = count(1)
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self.queries: dict[str, Query] = {
            "status": self._status,
            "why": self._why,
            "queue": lambda _: {"queue": self._views.queue()},
            "transactions": lambda _: {"transactions": self._views.transaction_rows()},
            "configuration": self._configuration,
            "certificates": lambda _: {"certificates": self._views.certificate_rows()},
            "log": self._log,
        }
        self.actions: dict[str, Action] = {
            "set": self._set,
            "stop": self._stop,
            "reset": self._reset,
            "park": self._park,
            "retry": self._retry,
            "selftest": self._selftest,
            "reconnect": self._dial,
            "sim": self._sim,
        }
        self.subscriptions: dict[str, Subscription] = {"trace": self._trace}

    # --- queries --------------------------------------------------------------------------------------------------

    def _status(self, request: Request) -> ControlAnswer:
        return {"status": {**self._views.status(self._clock()), **self._daemon_status()}}

    def _why(self, request: Request) -> ControlAnswer:
        return {"why": self._views.why(self._clock(), self._connector(request))}

    def _connector(self, request: Request) -> int | None:
        """The connector of the request, if any.  Raises RequestRefused where this station has none of that number."""
        connector: int | None = field(request, "connector", int)
        numbers = [row["connector"] for row in self._views.why(self._clock(), None)]
        if connector is not None and connector not in numbers:
            known = ", ".join(map(str, numbers))
            raise RequestRefused(f"there is no connector {connector}; there is {known}", usage=True)
        return connector

    def _configuration(self, request: Request) -> ControlAnswer:
        wanted = field(request, "key", str)
        return {"configuration": self._views.configuration_rows() if wanted is None else self._key(wanted)}

    def _key(self, name: str) -> list[dict[str, object]]:
        """The row of one configuration key, in any case.  Raises RequestRefused where there is none."""
        rows = [row for row in self._views.configuration_rows() if str(row["key"]).casefold() == name.casefold()]
        if not rows:
            raise RequestRefused(f"there is no key {name[:50]!r}", usage=True)
        return rows

    def _log(self, request: Request) -> ControlAnswer:
        last = field(request, "last", int)
        notes = self._notes()
        return {"log": notes if last is None else notes[-max(last, 0) :] if last > 0 else []}

    async def _trace(self, request: Request) -> Answers:
        """Frames and notes as they come, until the client goes away."""
        lines: asyncio.Queue[dict[str, Any]] = asyncio.Queue(TRACE_LINES)
        dropped = waiting = 0

        def watch(what: dict[str, Any]) -> None:
            nonlocal dropped, waiting
            if lines.full() or waiting >= TRACE_CHARS:
                dropped += 1
            else:
                waiting += len(what.get("frame", ""))
                lines.put_nowait(self._timed(what))

        self._watchers.add(watch)
        try:
            yield {"following": True}
            while True:
                line = await lines.get()
                waiting -= len(line.get("frame", ""))
                lost, dropped = dropped, 0
                yield {**line, **({"dropped": lost} if lost else {})}
        finally:
            self._watchers.discard(watch)

    def _timed(self, what: dict[str, Any]) -> dict[str, Any]:
        """A line of the trace with its UTC, as far as that is known now."""
        note = what.get("note")
        if note is None:
            return {**what, "utc": self._utc(what["mono"])}
        return what if note["utc"] is not None else {"note": {**note, "utc": self._utc(note["mono"])}}

    def _item(self, item: int) -> None:
        if item not in [row["item"] for row in self._views.queue()]:
            raise RequestRefused(f"there is no item {item} in the queue", usage=True)

    # --- actions --------------------------------------------------------------------------------------------------

    def answered(self, reply: Reply) -> None:
        """The contract machine's reply to an action."""
        waiting = self._waiting.pop(reply.ref, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(reply)

    async def _ask(self, event_of: Callable[[int], Event]) -> ControlAnswer:
        ref = next(self._refs)
        self._waiting[ref] = asyncio.get_running_loop().create_future()
        try:
            self._deliver(event_of(ref))
            reply = await self._waiting[ref]
        finally:
            self._waiting.pop(ref, None)
        return {"ok": True, "text": reply.text} if reply.ok else error(reply.text)

    async def _set(self, request: Request) -> ControlAnswer:
        key, value = field(request, "key", str, needed=True), field(request, "value", str, needed=True)
        if key.casefold() not in AT_THE_DESK:
            self._key(key)
        return await self._ask(lambda ref: SettingAsked(ref, key, value))

    async def _stop(self, request: Request) -> ControlAnswer:
        connector = self._connector(request)
        return await self._ask(lambda ref: StopAsked(ref, connector))

    async def _reset(self, request: Request) -> ControlAnswer:
        hard = field(request, "hard", bool)
        return await self._ask(lambda ref: ResetAsked(ref, "Hard" if hard else "Soft"))

    async def _park(self, request: Request) -> ControlAnswer:
        item = field(request, "item", int, needed=True)
        self._item(item)
        return await self._ask(lambda ref: QueueAsked(ref, "park", item))

    async def _retry(self, request: Request) -> ControlAnswer:
        item = field(request, "item", int)
        if item is not None:
            self._item(item)
        return await self._ask(lambda ref: QueueAsked(ref, "retry", item))

    async def _selftest(self, request: Request) -> ControlAnswer:
        clear = bool(field(request, "clear_latched", bool))
        return await self._ask(lambda ref: SelftestAsked(ref, clear))

    async def _dial(self, request: Request) -> ControlAnswer:
        ok, text = await self._reconnect()
        return {"ok": True, "text": text} if ok else error(text)

    async def _sim(self, request: Request) -> ControlAnswer:
        words, connector = field(request, "words", list, needed=True), self._connector(request)
        if not all(isinstance(word, str) for word in words):
            raise RequestRefused("'words' must be a list of strings", usage=True)
        ok, text = await self._simulate(words, connector)
        return {"ok": True, "text": text} if ok else error(text)
