"""A Central System that gives orders without a pause: taken at a bounded rate, none refused, and the station serves."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

from tests.csms.scripted import ScriptedCentralSystem
from tests.csms.station import resident_kb
from tests.processes.bench import Bench

FLOOD_S = 8.0
PER_S = 100
BURST, ORDERS_PER_S = 60, 2.0
"""The rate of one action, as docs/limits.md states it."""


async def test_12_a_flood_of_orders_is_taken_at_its_rate() -> None:
    """100 ChangeConfiguration a second: about 60 and 2 a second are carried out, in order; ping and evsectl go on."""
    async with ScriptedCentralSystem() as central, Bench(central.url, board="simulated") as bench:
        await bench.ready()
        await bench.at_peace()
        assert central.connection is not None
        heard, began, pongs, sent = len(central.got), time.monotonic(), 0, 0
        while time.monotonic() - began < FLOOD_S:
            for _ in range(PER_S // 10):
                frame = [2, f"f{sent}", "ChangeConfiguration", {"key": "HeartbeatInterval", "value": str(100 + sent)}]
                await asyncio.wait_for(central.connection.send(json.dumps(frame)), 1)
                sent += 1
                if sent == 100:  # further ones are still read ahead
                    await asyncio.wait_for(await central.connection.ping(), 1)
                    pongs += 1
            await asyncio.sleep(0.1)
        answers = [frame for _, frame in central.got[heard:] if frame[0] == 3 and str(frame[1]).startswith("f")]
        status, took_s = await bench.status(), time.monotonic() - began
        assert pongs == 1 and status["linked"]
        assert BURST <= len(answers) <= BURST + ORDERS_PER_S * took_s + 2
        assert [frame[1] for frame in answers] == [f"f{number}" for number in range(len(answers))]
        assert all(frame[2] == {"status": "Accepted"} for frame in answers)
        assert bench.log_text().count("read more slowly") == 1
        asked = time.monotonic()
        await bench.charge()  # an answer to our own CALL does not wait behind the orders
        assert time.monotonic() - asked < 5.0


async def test_12_beyond_what_is_read_ahead_the_connection_is_not_read() -> None:
    """A flood that never pauses fills the Central System's own buffers, not our memory; the station stays connected."""
    async with ScriptedCentralSystem() as central, Bench(central.url, board="simulated") as bench:
        await bench.ready()
        await bench.at_peace()
        assert central.connection is not None and bench.daemon is not None
        before, text = resident_kb(bench.daemon.pid), json.dumps([2, "x", "DataTransfer", {"vendorId": "x" * 200}])
        sending = asyncio.ensure_future(flood(central.connection, text))
        await asyncio.sleep(5)
        assert not sending.done() and (await bench.status())["link"]["held_frames"] <= 1_100
        assert resident_kb(bench.daemon.pid) - before < 8_000
        sending.cancel()
        await asyncio.wait([sending])


async def flood(connection: Any, text: str) -> None:
    while True:
        await connection.send(text)
