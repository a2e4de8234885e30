"""Back-offices of the field: each weakness over a real socket; the session ends well, and their picture is right."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.frames import Opcode

from tests.csms.scripted import ScriptedCentralSystem, conf, error, late
from tests.csms.station import Station

QUICK = {"TransactionMessageRetryInterval": 1, "MeterValueSampleInterval": 1, "ConnectionTimeOut": 60}


class BackOffice(ScriptedCentralSystem):
    """Keeps books of what it accepted: the newest status of each connector, and its transactions."""

    def __init__(self, interval: int = 300, *, pongs: bool = True) -> None:
        super().__init__(interval)
        self.pongs = pongs
        self.forget()

    def forget(self) -> None:
        self.status: dict[int, str] = {}
        self.running: dict[int, dict[str, Any]] = {}
        self.bills: dict[int, dict[str, Any]] = {}
        self.stations: list[str] = []

    @staticmethod
    async def normal(central: ScriptedCentralSystem, frame: list[Any]) -> None:
        await ScriptedCentralSystem.normal(central, frame)
        assert isinstance(central, BackOffice)
        central._book(frame[2], frame[3])

    def _book(self, action: str, told: dict[str, Any]) -> None:
        match action:
            case "BootNotification":
                self.stations.append(told["chargePointModel"])
            case "StatusNotification":
                self.status[told["connectorId"]] = told["status"]
            case "StartTransaction":
                self.running[self.transaction] = told
            case "StopTransaction":
                start = self.running.pop(told["transactionId"], {})
                self.bills[told["transactionId"]] = {**start, **told}

    async def _serve(self, connection: ServerConnection) -> None:
        if not self.pongs:
            send = connection.protocol.send_frame
            connection.protocol.send_frame = (  # type: ignore[method-assign]
                lambda frame: None if frame.opcode is Opcode.PONG else send(frame)
            )
        await super()._serve(connection)

    async def is_right(self, bills: int = 1, within: float = 30.0) -> None:
        """The picture at the end: everything free, nothing running, so many bills."""

        def true() -> bool:
            return self.status == {0: "Available", 1: "Available"} and not self.running and len(self.bills) >= bills

        await self.until(true, within)
        assert len(self.bills) == bills and all(bill["meterStop"] >= bill["meterStart"] for bill in self.bills.values())

    async def order(self, unique: str, action: str, **payload: Any) -> dict[str, Any]:
        """A CALL under that very id."""
        since = len(self.got)
        await self.send([2, unique, action, payload])
        frame = await self.wait_frame(lambda frame: frame[0] in (3, 4) and frame[1] == unique, since=since)
        assert frame[0] == 3, frame
        return dict(frame[2])


@asynccontextmanager
async def station_at(central: BackOffice, **ocpp: object) -> AsyncIterator[Station]:
    async with Station(central.url, **{**QUICK, **ocpp}) as station:
        await central.until(lambda: central.status.get(1) == "Available", within=20)
        yield station


async def charge(central: BackOffice, station: Station, seconds: float = 2.0) -> None:
    """From the plug to the charging car."""
    await station.ctl("sim", "plug")
    await station.ctl("sim", "tap", "CARD")
    await central.until(lambda: bool(central.calls("StartTransaction")), within=20)
    await asyncio.sleep(seconds)


async def leave(station: Station) -> None:
    await station.ctl("sim", "tap", "CARD")
    await asyncio.sleep(1.0)
    await station.ctl("sim", "unplug")


async def test_one_that_forgets() -> None:
    """It restarts without memory of station and statuses, asks for a BootNotification, and learns all again."""
    async with BackOffice() as central, Station(central.url, product="socket-3p", **QUICK) as station:
        await central.until(lambda: central.status.get(1) == "Available", within=20)
        port = central.port
        await central.shut()
        central.forget()
        await central.listen(port)
        await central.until(lambda: len(central.connections) == 2)
        asked = await central.order("1", "TriggerMessage", requestedMessage="BootNotification")
        assert asked == {"status": "Accepted"}
        await central.until(lambda: central.stations == ["Demo"] and set(central.status) == {0, 1})
        await charge(central, station)
        await leave(station)
        await central.is_right()


async def test_one_that_restarts_and_counts_its_ids_anew() -> None:
    """`1` starts on the first connection and stops on the second: each is carried out."""
    async with BackOffice() as central, station_at(central) as station:
        await station.ctl("sim", "plug")
        assert await central.order("1", "RemoteStartTransaction", idTag="CARD") == {"status": "Accepted"}
        await central.until(lambda: central.status.get(1) == "Charging", within=20)
        port, number = central.port, central.transaction
        await central.shut()
        await central.listen(port)
        await central.until(lambda: len(central.connections) == 2)
        assert await central.order("1", "RemoteStopTransaction", transactionId=number) == {"status": "Accepted"}
        await central.wait("StopTransaction", transactionId=number)
        await station.ctl("sim", "unplug")
        await central.is_right()


async def test_one_that_answers_late() -> None:
    """Each answer comes after MessageTimeout: the boot counts, and no transaction is opened twice."""
    async with BackOffice() as central:
        for action in ("BootNotification", "StartTransaction", "StopTransaction"):
            central.always[action] = late(2.0)
        async with station_at(central, MessageTimeout=1, TransactionMessageRetryInterval=20) as station:
            assert len(central.calls("BootNotification")) == 1
            await charge(central, station, 5.0)
            await leave(station)
            await central.is_right()
            assert len(central.calls("StartTransaction")) == 1


async def test_one_that_refuses_for_a_while() -> None:
    """CALLERROR to everything: afterwards statuses and bills are as they are, and the journal has each refusal."""
    async with BackOffice() as central, station_at(central, TransactionMessageAttempts=20) as station:
        for action in ("StatusNotification", "StartTransaction", "MeterValues", "StopTransaction"):
            central.always[action] = error("InternalError", "database is locked")
        await charge(central, station)
        await leave(station)
        await asyncio.sleep(2.0)
        central.always.clear()
        await central.is_right()
        assert "StartTransaction refused with the CALLERROR InternalError" in station.log_text()
        assert "database is locked" not in station.log_text()  # words from outside may hold a secret


async def test_one_that_speaks_no_pings() -> None:
    """No pong ever comes: Heartbeats are answered, so that the connection stays."""
    async with BackOffice(pongs=False) as central, station_at(central, WebSocketPingInterval=2) as station:
        await asyncio.sleep(16.0)
        assert len(central.connections) == 1 and len(central.calls("Heartbeat")) >= 3
        await charge(central, station)
        await leave(station)
        await central.is_right()
        assert len(central.connections) == 1


@asynccontextmanager
async def proxy(port: int, idle_s: float) -> AsyncIterator[int]:
    """A port before another one that cuts a connection on which nothing moved for `idle_s`, as nginx and HAProxy do."""
    writers: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, before = await asyncio.open_connection("127.0.0.1", port)
        writers.update((writer, before))
        moved = asyncio.get_running_loop().time()

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            nonlocal moved
            while data := await source.read(65536):
                moved = asyncio.get_running_loop().time()
                sink.write(data)

        pumps = [asyncio.ensure_future(pump(reader, before)), asyncio.ensure_future(pump(behind, writer))]
        while not any(task.done() for task in pumps) and asyncio.get_running_loop().time() - moved < idle_s:
            await asyncio.sleep(0.05)
        for task in pumps:
            task.cancel()
        for sink in (writer, before):
            sink.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for writer in writers:
            with contextlib.suppress(OSError):
                writer.transport.abort()


@pytest.mark.parametrize(("idle_s", "ping_s", "stays"), [(6.0, 3, True), (2.0, 3600, False)])
async def test_one_behind_a_proxy(idle_s: float, ping_s: int, stays: bool) -> None:
    """Pings below the proxy's time-out keep the connection; above it the session ends well over several of them."""
    # A card that is presented while the proxy cuts is decided offline, so that the session does not hang on one moment.
    keys = {**QUICK, "WebSocketPingInterval": ping_s, "AllowOfflineTxForUnknownId": "true"}
    async with (
        BackOffice() as central,
        proxy(central.port, idle_s) as port,
        Station(f"ws://127.0.0.1:{port}/ocpp", **keys) as station,
    ):
        await central.until(lambda: central.status.get(1) == "Available", within=20)
        await asyncio.sleep(8.0)
        assert (len(central.connections) == 1) == stays
        await charge(central, station)
        await leave(station)
        await central.is_right()


@pytest.mark.parametrize("hours", [6, -6])
async def test_one_with_a_wrong_clock(hours: int) -> None:
    """Boot and heartbeats differ by six hours: a running transaction goes on in its own time."""
    boot = (datetime.now(UTC) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
    async with BackOffice(interval=3) as central:
        central.script("BootNotification", conf(status="Accepted", currentTime=boot, interval=3))
        async with station_at(central, MeterValueSampleInterval=1) as station:
            await charge(central, station, 0.0)
            asked = await central.order("h", "TriggerMessage", requestedMessage="Heartbeat")
            assert asked == {"status": "Accepted"}
            await asyncio.sleep(5.0)
            await leave(station)
            await central.is_right()
            (bill,) = central.bills.values()
            values = [told["meterValue"][0]["timestamp"] for told in central.calls("MeterValues")]
            times = [datetime.fromisoformat(text) for text in (*values, bill["timestamp"])]
            assert all(0.5 <= (later - sooner).total_seconds() <= 3 for sooner, later in pairwise(times[:-1]))
            began = datetime.fromisoformat(central.calls("StartTransaction")[0]["timestamp"])
            assert 4 <= (times[-1] - began).total_seconds() <= 20
