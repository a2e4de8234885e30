"""The control socket is kept: made again where its path is obstructed, or does not lead to it any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

LOOK_S = 10.0
"""How often the path is looked at, and an obstructed one tried again."""


class Served(Protocol):
    """A socket that is served until cancelled."""

    @property
    def is_reachable(self) -> bool: ...
    async def run(self) -> None: ...


class KeptSocket:
    """`obstructed` is called with the reason when the socket cannot be made, and with "" once it is there again."""

    def __init__(self, control: Served, obstructed: Callable[[str], None], look_s: float = LOOK_S) -> None:
        self._control = control
        self._obstructed = obstructed
        self._look_s = look_s
        self._why = ""

    async def run(self) -> None:
        """Until cancelled: the station works without it."""
        while True:
            serving = asyncio.ensure_future(self._control.run())
            try:
                await self._watch(serving)
            finally:
                serving.cancel()
                await asyncio.wait({serving})

    async def _watch(self, serving: asyncio.Future[None]) -> None:
        """Returns when it must be made again."""
        await asyncio.sleep(0)  # it is made at once, or not at all
        while not serving.done():
            self._report("")
            await asyncio.wait({serving}, timeout=self._look_s)
            if not serving.done() and not self._control.is_reachable:
                return
        error = serving.exception()
        if not isinstance(error, OSError):
            raise error or AssertionError("the control socket ended by itself")
        self._report(_text(error))
        await asyncio.sleep(self._look_s)

    def _report(self, why: str) -> None:
        if why != self._why:
            self._why = why
            self._obstructed(why)


def _text(error: OSError) -> str:
    return f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")
