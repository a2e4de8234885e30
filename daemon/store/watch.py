"""Watches the store's room and writability, and tells the core; plays the watermark when a technician asks for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from ocpp16.events import Event, StoreChanged, StoreState

PROBE_S = 5.0
"""How often the room is looked at."""
_WORDS = {"ok": "all is well again", "full": "too little room", "unwritable": "nothing can be written"}

Say = Callable[..., None]
"""A note of the hall: its code and fields."""


class Watched(Protocol):
    """The part of the store that is watched."""

    news: list[tuple[str, dict[str, Any]]]

    @property
    def state(self) -> StoreState: ...
    def probe(self) -> StoreState: ...
    def retry(self) -> StoreState: ...
    def pretend_full(self, on: bool) -> None: ...


class StoreWatch:
    """`on_disk` runs a function on the thread that the store belongs to."""

    def __init__(
        self,
        store: Watched,
        on_disk: Callable[[Callable[[], StoreState]], Awaitable[StoreState]],
        deliver: Callable[[Event], None],
        say: Say,
    ) -> None:
        self.state: StoreState = "ok"
        self._detail = ""
        self._store = store
        self._on_disk = on_disk
        self._deliver = deliver
        self._say = say

    async def run(self) -> None:
        """For ever.  Raises StoreFailed where the process must start afresh."""
        self.look(self._store.state)
        while True:
            await asyncio.sleep(PROBE_S)
            await self.turn()

    async def turn(self) -> None:
        """One look at the room; what could not be opened is tried again."""
        ask = self._store.retry if self.state == "unwritable" else self._store.probe
        self.look(await self._on_disk(ask))

    def look(self, state: StoreState, detail: str = "") -> None:
        """Tell what is new."""
        news, self._store.news[:] = list(self._store.news), []
        for code, fields in news:
            self._say(code, **fields)
            detail = str(fields.get("reason", detail))
        if state != self.state:
            self.state, self._detail = state, detail or _WORDS[state]
            self._deliver(StoreChanged(state, self._detail))

    def pretend_full(self, on: bool) -> None:
        """`evsectl sim fault store-full`."""
        self._store.pretend_full(on)
        self.look(self._store.state, "played by evsectl sim" if on else "")

    def board_came(self) -> None:
        """A board begins without the unit's own faults: tell them again."""
        if self.state != "ok":
            self._deliver(StoreChanged(self.state, self._detail))
