"""The path to the Central System dies: without a word, or with the server; the transaction does not notice."""

from __future__ import annotations

import asyncio
import contextlib
import time

from tests.csms.scripted import ScriptedCentralSystem
from tests.processes.bench import Bench, charges, first, flows

PING_S = 2
NOTICED_S = PING_S + 10.0
"""The interval, and ten seconds of silence …"""
BUSY_S = 8.0
"""… and what both processes and this one may be late on a machine with many times more work than processors.  A link
that did not ping as often as it was told to would still not be noticed: its next interval is longer."""


class Path:
    """A wire between the two, which can swallow everything: no reset, no end, just silence."""

    def __init__(self, port: int) -> None:
        self.to = port
        self.connections = 0
        self.lost = 0
        """Connections of before the path died: they hang for ever."""
        self.alive = asyncio.Event()
        self.alive.set()
        self.tasks: set[asyncio.Future[None]] = set()

    async def __aenter__(self) -> Path:
        self.server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self.tasks:
            task.cancel()
        self.server.close()

    def die(self) -> None:
        self.lost = self.connections
        self.alive.clear()

    def come_back(self) -> None:
        """For new connections, those that were dialled meanwhile as well."""
        self.alive.set()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        there = await asyncio.open_connection("127.0.0.1", self.to)
        for source, sink in ((reader, there[1]), (there[0], writer)):
            self.tasks.add(asyncio.ensure_future(self._one_way(number, source, sink)))

    async def _one_way(self, number: int, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65536):
                await self.alive.wait()
                while number <= self.lost:  # what was under way is lost with the path
                    await asyncio.sleep(3600)
                sink.write(data)
        sink.close()


async def test_a_dead_path_without_a_reset() -> None:
    """Nothing comes any more and nobody says so: noticed within the ping interval + 10 s, and dialled anew."""
    async with ScriptedCentralSystem() as central, Path(central.port) as path:
        url = central.url.replace(str(central.port), str(path.port))
        async with Bench(url, board="simulated", WebSocketPingInterval=PING_S) as bench:
            await bench.ready()
            await bench.charge()
            await bench.at_peace()
            path.die()
            died = time.monotonic()
            await bench.until(lambda s: not s["linked"], NOTICED_S + BUSY_S)
            noticed = time.monotonic() - died
            assert noticed < NOTICED_S + BUSY_S, noticed
            assert charges(await bench.status())
            path.come_back()
            await bench.until(lambda s: s["linked"])
            await bench.sim("tap", "CARD-1")
            stop = await central.wait("StopTransaction")
            assert stop["meterStop"] == first(await bench.at_peace())["register_wh"]
            assert len(central.calls("BootNotification")) == 1, "the same unit, the same life"


async def test_back_at_once_after_the_server() -> None:
    """The server restarts: the first try comes within 1.5 s of its return, and the transaction goes on."""
    async with ScriptedCentralSystem() as central, Bench(central.url, board="simulated") as bench:
        await bench.ready()
        await bench.charge()
        await bench.at_peace()
        port = central.port
        for _ in range(2):
            connections = len(central.connections)
            await central.shut()
            returned = time.monotonic()
            await central.listen(port)
            await central.until(lambda before=connections: len(central.connections) > before)  # type: ignore[misc]
            assert central.connections[-1] - returned <= 1.5
            await bench.at_peace()
        await bench.sim("tap", "CARD-1")
        await central.wait("StopTransaction")
        assert len(central.calls("StartTransaction")) == 1


async def test_charging_through_an_outage() -> None:
    """Away while a session begins, runs and ends: afterwards all is told in order, as it was."""
    async with ScriptedCentralSystem() as central, Bench(central.url, board="simulated") as bench:
        await bench.ready()
        await bench.charge()  # the card is known from here on
        await bench.sim("tap", "CARD-1")
        await central.wait("StopTransaction")
        await bench.at_peace()
        port, heard = central.port, len(central.got)
        await central.shut()
        await bench.sim("tap", "CARD-1")
        await bench.until(lambda s: flows(s) and first(s)["transaction"]["energy_wh"] > 0)
        await bench.sim("tap", "CARD-1")
        await bench.until(lambda s: first(s)["transaction"] is None)
        await central.listen(port)
        stop = await central.wait("StopTransaction", since=heard, transactionId=2)
        told = [frame[2] for _, frame in central.got[heard:] if frame[0] == 2 and frame[2] != "StatusNotification"]
        assert told[0] == "StartTransaction" and told[-1] == "StopTransaction" and set(told[1:-1]) == {"MeterValues"}
        assert stop["meterStop"] == first(await bench.at_peace())["register_wh"]
