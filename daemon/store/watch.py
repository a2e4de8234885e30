"""Watches the store's free room and writability and reports changes to the contract machine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Protocol

from ocpp16.events import Event, StoreChanged, StoreState

SUSPECT_S = 1.0
"""How often the kernel is asked about errors of the file system, in seconds: one call, which reaches no medium."""
PROBE_EVERY = 5
"""At every so many of these turns (5 s) files and free room are looked after: a few calls, nothing is written."""
WRITE_EVERY = 60
"""A write is tried at every so many looks (5 minutes), if nothing was written meanwhile: 1 kB of log each, on an idle
station 288 a day, on the medium (pages of 4 kB) 1.2 MB a day."""
_DETAILS = {"ok": "recovered", "full": "too little free room", "unwritable": "nothing can be written"}

Log = Callable[..., None]
"""Logs a note of the daemon: its code and fields."""


class Watched(Protocol):
    """The part of the store that is watched."""

    news: list[tuple[str, dict[str, Any]]]

    @property
    def state(self) -> StoreState: ...
    @property
    def detail(self) -> str: ...
    def has_new_errors(self) -> bool: ...
    def is_suspect(self) -> bool: ...
    def probe(self, try_write: bool = False) -> StoreState: ...
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
        self._turns = self._looks = 0
        self._store = store
        self._on_disk = on_disk
        self._deliver = deliver
        self._log = log

    async def run(self) -> None:
        """For ever.  Raises StoreFailed where the process must start afresh."""
        self.report(self._store.state)
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(SUSPECT_S - loop.time() % SUSPECT_S)  # at full seconds, when others wake, too
            await self.turn()

    async def turn(self) -> None:
        """Once a second: ask the kernel, and at every fifth turn look."""
        self._turns += 1
        await (self.suspect() if self._turns % PROBE_EVERY else self.probe())

    async def probe(self) -> None:
        """Look once; a store that could not be opened or written is tried again, at every look."""
        self._looks += 1
        look = partial(self._look, try_write=self._looks % WRITE_EVERY == 0)
        self.report(await self._on_disk(self._store.retry if self.state == "unwritable" else look))

    async def suspect(self) -> None:
        """Between two looks: where the kernel found errors of the file system, a write is tried at once."""
        if self.state != "unwritable" and self._store.has_new_errors():
            self.report(await self._on_disk(self._look_if_suspect))

    def _look(self, try_write: bool) -> StoreState:
        return self._store.probe(self._store.is_suspect() or try_write)

    def _look_if_suspect(self) -> StoreState:
        return self._store.probe(try_write=True) if self._store.is_suspect() else self._store.state

    def report(self, state: StoreState, detail: str = "") -> None:
        """Log the store's news and deliver a change of state."""
        while self._store.news:  # one by one: a commit may add to them meanwhile
            code, fields = self._store.news.pop(0)
            self._log(code, **fields)
        if state != self.state:
            self.state, self._detail = state, detail or self._store.detail or _DETAILS[state]
            self._deliver(StoreChanged(state, self._detail))

    def pretend_full(self, on: bool) -> None:
        """`evsectl sim fault store-full`: report the watermark without any other effect."""
        self._store.pretend_full(on)
        self.report(self._store.state, "simulated by evsectl sim" if on else "")

    def board_attached(self) -> None:
        """A new board knows none of the unit's own faults: report the state again."""
        if self.state != "ok":
            self._deliver(StoreChanged(self.state, self._detail))
