"""What is answered at the control socket: looks are functions of the state, acts become events and wait for replies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count
from typing import Any, Protocol

from daemon.control.server import ControlAnswer, Request, RequestRefused, error, field
from daemon.step_executor import Watcher
from ocpp16.events import Event, Now, QueueAsked, ResetAsked, SelftestAsked, SettingAsked, StopAsked
from ocpp16.step import Reply

FOLLOWED = 1000
"""Lines that wait for a slow follower; more are dropped, and counted."""

Sim = Callable[[list[str], int | None], Awaitable[tuple[bool, str]]]


class Views(Protocol):
    """What the contract machine shows."""

    def status(self, now: Now) -> dict[str, object]: ...
    def why(self, now: Now, connector: int | None) -> list[dict[str, object]]: ...
    def queue(self) -> list[dict[str, object]]: ...
    def transaction_rows(self) -> list[dict[str, object]]: ...
    def configuration_rows(self) -> list[dict[str, object]]: ...


class ControlRequests:
    """The station's side of the control socket."""

    def __init__(
        self,
        views: Views,
        clock: Callable[[], Now],
        deliver: Callable[[Event], None],
        hall: Callable[[], dict[str, Any]],
        notes: Callable[[], list[dict[str, Any]]],
        watchers: set[Watcher],
        sim: Sim,
    ) -> None:
        self._views = views
        self._clock = clock
        self._deliver = deliver
        self._hall = hall
        """What the hall knows besides: link, store, version."""
        self._notes = notes
        self._watchers = watchers
        self._sim = sim
        self._refs = count(1)
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self.looks = {
            "status": self._status,
            "why": self._why,
            "queue": lambda _: {"queue": self._views.queue()},
            "transactions": lambda _: {"transactions": self._views.transaction_rows()},
            "configuration": self._configuration,
            "log": self._log,
        }
        self.acts = {
            "set": self._set,
            "stop": self._stop,
            "reset": self._reset,
            "park": self._park,
            "retry": self._retry,
            "selftest": self._selftest,
            "sim": self._play,
        }
        self.follows = {"trace": self._trace}

    # --- looks ----------------------------------------------------------------------------------------------------

    def _status(self, request: Request) -> ControlAnswer:
        return {"status": {**self._views.status(self._clock()), **self._hall()}}

    def _why(self, request: Request) -> ControlAnswer:
        return {"why": self._views.why(self._clock(), self._connector(request))}

    def _connector(self, request: Request) -> int | None:
        """The one that is meant, if any; RequestRefused where this station has none of that number."""
        connector: int | None = field(request, "connector", int)
        numbers = [row["connector"] for row in self._views.why(self._clock(), None)]
        if connector is not None and connector not in numbers:
            raise RequestRefused(
                f"there is no connector {connector}; there is {', '.join(map(str, numbers))}", usage=True
            )
        return connector

    def _configuration(self, request: Request) -> ControlAnswer:
        wanted = field(request, "key", str)
        return {"configuration": self._views.configuration_rows() if wanted is None else self._key(wanted)}

    def _key(self, name: str) -> list[dict[str, object]]:
        """The row of one configuration key; RequestRefused where there is none."""
        rows = [row for row in self._views.configuration_rows() if str(row["key"]).casefold() == name.casefold()]
        if not rows:
            raise RequestRefused(f"there is no key {name[:50]!r}", usage=True)
        return rows

    def _log(self, request: Request) -> ControlAnswer:
        last = field(request, "last", int)
        notes = self._notes()
        return {"log": notes if last is None else notes[-max(last, 0) :] if last > 0 else []}

    async def _trace(self, request: Request) -> AsyncIterator[ControlAnswer]:
        """Frames and notes as they come, until the asker goes away."""
        lines: asyncio.Queue[dict[str, Any]] = asyncio.Queue(FOLLOWED)
        dropped = 0

        def watch(what: dict[str, Any]) -> None:
            nonlocal dropped
            if lines.full():
                dropped += 1
            else:
                lines.put_nowait(what)

        self._watchers.add(watch)
        try:
            yield {"following": True}
            while True:
                line = await lines.get()
                lost, dropped = dropped, 0
                yield {**line, **({"dropped": lost} if lost else {})}
        finally:
            self._watchers.discard(watch)

    def _item(self, item: int) -> None:
        if item not in [row["item"] for row in self._views.queue()]:
            raise RequestRefused(f"there is no item {item} in the queue", usage=True)

    # --- acts -----------------------------------------------------------------------------------------------------

    def answered(self, reply: Reply) -> None:
        """The core's reply to an act."""
        waiting = self._waiting.pop(reply.ref, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(reply)

    async def _asked(self, event_of: Callable[[int], Event]) -> ControlAnswer:
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
        self._key(key)
        return await self._asked(lambda ref: SettingAsked(ref, key, value))

    async def _stop(self, request: Request) -> ControlAnswer:
        connector = self._connector(request)
        return await self._asked(lambda ref: StopAsked(ref, connector))

    async def _reset(self, request: Request) -> ControlAnswer:
        hard = field(request, "hard", bool)
        return await self._asked(lambda ref: ResetAsked(ref, "Hard" if hard else "Soft"))

    async def _park(self, request: Request) -> ControlAnswer:
        item = field(request, "item", int, needed=True)
        self._item(item)
        return await self._asked(lambda ref: QueueAsked(ref, "park", item))

    async def _retry(self, request: Request) -> ControlAnswer:
        item = field(request, "item", int)
        if item is not None:
            self._item(item)
        return await self._asked(lambda ref: QueueAsked(ref, "retry", item))

    async def _selftest(self, request: Request) -> ControlAnswer:
        clear = bool(field(request, "clear_latched", bool))
        return await self._asked(lambda ref: SelftestAsked(ref, clear))

    async def _play(self, request: Request) -> ControlAnswer:
        words, connector = field(request, "words", list, needed=True), self._connector(request)
        if not all(isinstance(word, str) for word in words):
            raise RequestRefused("'words' must be a list of texts", usage=True)
        ok, text = await self._sim(words, connector)
        return {"ok": True, "text": text} if ok else error(text)
