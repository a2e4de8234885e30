"""Lines at the control socket, before the real desk with a real contract machine behind it."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from daemon.control.requests import ControlRequests
from daemon.control.server import ControlSocket, RequestRefused, request_of
from ocpp16 import events as ev
from tests.fuzz import mutate
from tests.fuzz.life import Life

LINES: list[dict[str, Any]] = [
    *({"v": 1, "do": word} for word in ("status", "why", "queue", "transactions", "configuration", "log", "retry")),
    {"do": "why", "connector": 1},
    {"do": "configuration", "key": "HeartbeatInterval"},
    {"do": "log", "last": 3},
    {"do": "set", "key": "MeterValueSampleInterval", "value": "10"},
    {"do": "set", "key": "MeterValuesSampledData", "value": "Voltage,Current.Import.L1"},
    {"do": "set", "key": "ConnectorPhaseRotation", "value": "0.RST,1.RST"},
    {"do": "stop", "connector": 1},
    {"do": "reset", "hard": False},
    {"do": "park", "item": 1},
    {"do": "retry", "item": 1},
    {"do": "selftest", "clear_latched": True},
    {"do": "sim", "words": ["fault", "rcd", "on"], "connector": 1},
    {"do": "sim", "words": ["tap", "04A2B9"]},
    {"do": "sim", "words": ["soc", "55"]},
    {"do": "reconnect"},
]
TEXTS = [json.dumps(line) for line in LINES]


class ControlLines:
    """`make` and `take` of the target `control`."""

    def __init__(self) -> None:
        self.fresh()

    def fresh(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.life = Life(1)
        self.desk = ControlRequests(
            self.life.station,
            lambda: ev.Now(self.life.mono, None),
            self._deliver,
            dict,
            list,
            set(),
            self._sim,
            self._dial,
        )
        desk = self.desk
        self.socket = ControlSocket(Path("unused"), desk.queries, desk.actions, desk.subscriptions)

    def _deliver(self, event: ev.Event) -> None:
        self.loop.call_soon(self._step, event)

    def _step(self, event: ev.Event) -> None:
        """What the hall does with an event: one step, its replies to who asked."""
        step = self.life.station.step(ev.Now(self.life.mono, None), event)
        for reply in step.replies:
            self.desk.answered(reply)
        if self.life.station.parts.shutdown.finished:
            self.fresh()

    @staticmethod
    async def _sim(words: list[str], connector: int | None) -> tuple[bool, str]:
        return False, " ".join(words)

    @staticmethod
    async def _dial() -> tuple[bool, str]:
        return True, "connected"

    @staticmethod
    def make(random: Random) -> bytes:
        if random.random() < 0.7:
            text = mutate.as_json(random, mutate.value(random, random.choice(LINES), LINES))
        else:
            text = mutate.text(random, random.choice(TEXTS), TEXTS)
        return text.encode(errors="replace")

    def take(self, line: bytes) -> None:
        with suppress(RequestRefused):
            self.loop.run_until_complete(self._answer(line))

    async def _answer(self, line: bytes) -> None:
        task = asyncio.ensure_future(self.socket.answer(request_of(line), True))
        for _ in range(6):
            await asyncio.sleep(0)
        if not task.done():  # it waits for the board
            task.cancel()
            return
        assert msgspec.json.encode(task.result())
