"""Behind nginx and HAProxy with their default time-outs: a quiet station stays connected, and a cut one ends well."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.csms.central_system import CentralSystem
from tests.csms.proxies import PROGRAMS, before, missing
from tests.csms.station import Station

QUIET_S = 66.0
"""Longer than the proxies' own patience: 60 s and 50 s."""

pytestmark = [
    pytest.mark.skipif(bool(missing()), reason=f"needs the packages {' and '.join(missing())}"),
    pytest.mark.long,
    pytest.mark.timeout(300),
]


@asynccontextmanager
async def silent_central_system() -> AsyncIterator[CentralSystem]:
    """One that sends no pings itself."""
    central = CentralSystem()
    central.ping_s = None
    async with central:
        yield central


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("ping_s", [10, 0], ids=["pings", "no pings"])
async def test_15_a_quiet_minute_behind_a_proxy(name: str, ping_s: int, tmp_path: Path) -> None:
    """With the ping interval of the products nobody cuts the connection; without pings the proxy does, the station is
    back by itself, and the transaction that ran meanwhile is billed whole and once."""
    async with silent_central_system() as central, before(name, central.port, tmp_path) as port:
        quiet = {"WebSocketPingInterval": ping_s, "HeartbeatInterval": 3600, "MeterValueSampleInterval": 0}
        async with Station(f"ws://127.0.0.1:{port}/ocpp", **quiet) as station:
            await central.wait("StatusNotification", connectorId=1, status="Available")
            assert central.path == "/ocpp/CP0001"
            await station.ctl("sim", "plug")
            await station.ctl("sim", "tap", "CARD-1")
            await central.wait("StatusNotification", connectorId=1, status="Charging")
            await asyncio.sleep(QUIET_S)
            link = (await station.json("status"))["link"]
            if ping_s:
                assert central.connections == 1 and link["connected"], link
            else:
                assert central.connections > 1, "the proxy's patience is shorter than this quiet"
            await station.ctl("sim", "tap", "CARD-1")
            stop = await central.wait("StopTransaction", within=30)
            (start,) = central.requests("StartTransaction")
            assert stop["meterStop"] > start["meterStart"] and len(central.requests("StopTransaction")) == 1
            assert central.refusals() == []


@pytest.mark.parametrize("name", PROGRAMS)
async def test_15_a_central_system_that_is_away_behind_a_proxy(name: str, tmp_path: Path) -> None:
    """The proxy answers 502 or 503: named as what it is, and the station is back once the Central System is."""
    async with CentralSystem() as central, before(name, central.port, tmp_path) as port:
        own = central.port
        await central.close()
        async with Station(f"ws://127.0.0.1:{port}/ocpp") as station:
            await station.ready()
            async with asyncio.timeout(20):
                while not (failure := (await station.json("status"))["link"]["last_failure"]):
                    await asyncio.sleep(0.2)
            assert failure["stage"] == "HTTP" and any(code in failure["cause"] for code in ("502", "503")), failure
            await central.listen(own)
            await central.wait("StatusNotification", connectorId=1, status="Available", within=30)
