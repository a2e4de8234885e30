"""Watches the store's free room and writability and reports changes to the contract machine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from ocpp16.events import Event, StoreChanged, StoreState

PROBE_S = 5.0
"""How often the free room is measured, in seconds."""
_DETAILS = {"ok": "recovered", "full": "too little free room", "unwritable": "nothing can be written"}

Log = Callable[..., None]
"""Logs a note of the daemon: its code and fields."""


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
        log: Log,
    ) -> None:
        self.state: StoreState = "ok"
        self._detail = ""
        self._store = store
        self._on_disk = on_disk
        self._deliver = deliver
        self._log = log

    async def run(self) -> None:
        """For ever.  Raises StoreFailed where the process must start afresh."""
        self.report(self._store.state)
        while True:
            await asyncio.sleep(PROBE_S)
            await self.probe()

    async def probe(self) -> None:
        """Measure once; a store that could not be opened is tried again."""
        work = self._store.retry if self.state == "unwritable" else self._store.probe
        self.report(await self._on_disk(work))

    def report(self, state: StoreState, detail: str = "") -> None:
        """Log the store's news and deliver a change of state."""
        news, self._store.news[:] = list(self._store.news), []
        for code, fields in news:
            self._log(code, **fields)
            detail = str(fields.get("detail") or fields.get("reason", detail))
        if state != self.state:
            self.state, self._detail = state, detail or _DETAILS[state]
            self._deliver(StoreChanged(state, self._detail))

    def pretend_full(self, on: bool) -> None:
        """`evsectl sim fault store-full`: report the watermark without any other effect."""
        self._store.pretend_full(on)
        self.report(self._store.state, "simulated by evsectl sim" if on else "")

    def board_attached(self) -> None:
        """A new board knows none of the unit's own faults: report the state again."""
        if self.state != "ok":
            self._deliver(StoreChanged(self.state, self._detail))
