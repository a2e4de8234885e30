"""Figures of the profiles beyond Core: limits at the pilot, composite schedules, long lists, and their memory."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from tests.bench.measure import Row, median, pss_mb
from tests.bench.processes import CALM, booted, daemon_pid
from tests.bench.wire import Wire
from tests.csms.scripted import utc
from tests.csms.station import Station

BIG = (
    'name = "big"\nconnectors = {connectors}\nlocal_list_max_length = 10000\nmax_profiles = 100\nmax_stack_level = 20\n'
)
ENTRIES = 100
REFLEX_MS = 20.0
"""One period of the simulated reflex."""


def big_station(wire: Wire, connectors: int = 1) -> Station:
    """A station of a product with room for much."""
    station = Station(wire.url, **CALM, LocalAuthListEnabled=True)
    file = station.home / "big.toml"
    file.write_text(BIG.format(connectors=connectors))
    station.product = str(file)
    station.write_config()
    return station


async def close(station: Station, wire: Wire) -> None:
    await station.__aexit__(None, None, None)
    wire.close()


def profile(number: int, level: int, limit: float, periods: int, purpose: str = "TxDefaultProfile") -> dict[str, Any]:
    """One that covers a day from now on, with so many periods."""
    spans = [{"startPeriod": n * (86400 // periods), "limit": limit + n % 2} for n in range(periods)]
    schedule = {
        "chargingRateUnit": "A",
        "startSchedule": utc(),
        "duration": 86400 - number,
        "chargingSchedulePeriod": spans,
    }
    return {
        "chargingProfileId": number,
        "stackLevel": level,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": schedule,
    }


def install(wire: Wire, connector: int, what: dict[str, Any]) -> float:
    return wire.call("SetChargingProfile", {"connectorId": connector, "csChargingProfiles": what})


# --- the pilot ------------------------------------------------------------------------------------------------------


async def pilot(runs: int = 7) -> list[Row]:
    """From SetChargingProfile to the lower limit at the pilot, as the control socket's status shows it."""
    wire = Wire()
    station = Station(wire.url, **CALM)
    times = []
    try:
        await station.start()
        booted(wire)
        wire.serve_action("StatusNotification", connectorId=1, status="Available")
        await station.ctl("sim", "plug")
        wire.serve_action("StatusNotification", connectorId=1, status="Preparing")
        wire.call("RemoteStartTransaction", {"idTag": "BENCH", "connectorId": 1})
        wire.serve_action("StatusNotification", connectorId=1, status="Charging")
        await asyncio.sleep(5.5)
        reader, writer = await asyncio.open_unix_connection(str(station.control), limit=1 << 22)
        for n in range(runs):
            limit = 30.0 - 2 * n
            began = time.monotonic()
            install(wire, 1, profile(1, 0, limit, 1))
            while f'"signalled_amps":{limit}' not in (await _status(reader, writer)):
                assert time.monotonic() - began < 5, "the limit has never reached the pilot"
            times.append((time.monotonic() - began) * 1000)
        writer.close()
    finally:
        await close(station, wire)
    found = median(times)
    return [
        Row(
            "SetChargingProfile to the pilot",
            "<= 50 ms + reflex",
            f"{found:.1f} ms",
            None,
            found <= 50 + REFLEX_MS,
            runs,
        )
    ]


async def _status(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
    writer.write(b'{"v": 1, "do": "status"}\n')
    return (await reader.readline()).decode().replace(" ", "")


# --- composite schedules --------------------------------------------------------------------------------------------


async def composite(runs: int = 21) -> list[Row]:
    """GetCompositeSchedule of 24 h over 10 profiles of 100 periods, over the wire."""
    wire = Wire()
    station = big_station(wire)
    try:
        await station.start()
        booted(wire)
        wire.serve_action("StatusNotification", connectorId=1, status="Available")
        for n in range(10):
            install(wire, 1, profile(n + 1, n, 10.0 + n, 100))
        found = median([wire.call("GetCompositeSchedule", {"connectorId": 1, "duration": 86400}) for _ in range(runs)])
    finally:
        await close(station, wire)
    ms = found * 1000
    return [Row("24 h of 10 profiles x 100 periods", "<= 5 ms", f"{ms:.2f} ms, with the wire", None, ms <= 5, runs)]


# --- lists ----------------------------------------------------------------------------------------------------------


def fill(wire: Wire, cards: int = 5000) -> list[float]:
    """Differentials of 100 cards each; milliseconds of each."""
    times = []
    for version in range(1, cards // ENTRIES + 1):
        entries = [
            {"idTag": f"CARD{version:04}{n:04}", "idTagInfo": {"status": "Accepted", "parentIdTag": "FLEET"}}
            for n in range(ENTRIES)
        ]
        update = {"listVersion": version, "updateType": "Differential", "localAuthorizationList": entries}
        times.append(wire.call("SendLocalList", update) * 1000)
    return times


async def lists(runs: int = 3) -> list[Row]:
    """SendLocalList of 100 entries, durable: the first ones and those that reach the 5,000th."""
    first, last = [], []
    for _ in range(runs):
        wire = Wire()
        station = big_station(wire)
        try:
            await station.start()
            booted(wire)
            wire.serve_action("StatusNotification", connectorId=1, status="Available")
            times = fill(wire)
            first.append(median(times[1:10]))
            last.append(median(times[-9:]))
        finally:
            await close(station, wire)
    early, late = median(first), median(last)
    return [
        Row("SendLocalList of 100, durable", "<= 10 ms", f"{early:.2f} ms", None, early <= 10, runs),
        Row("the 5,000th by differentials", "as the first", f"{late:.2f} ms", None, late <= 1.1 * early + 0.5, runs),
    ]


# --- memory ---------------------------------------------------------------------------------------------------------


async def memory(runs: int = 3) -> list[Row]:
    """What 5,000 cards and 80 profiles add to a station of 8 connectors, beside one of 1 connector with nothing."""
    grown = [await _loaded_mb() - await _empty_mb() for _ in range(runs)]
    found = median(grown)
    name = "5,000 cards, 8 connectors, 80 profiles"
    return [Row(name, "<= +8 MB", f"{found:+.1f} MB PSS", None, found <= 8, runs)]


async def _empty_mb() -> float:
    wire = Wire()
    station = big_station(wire)
    try:
        await station.start()
        booted(wire)
        wire.serve_action("StatusNotification", connectorId=1, status="Available")
        return pss_mb(daemon_pid(station))
    finally:
        await close(station, wire)


async def _loaded_mb() -> float:
    wire = Wire()
    station = big_station(wire, connectors=8)
    try:
        await station.start()
        booted(wire)
        wire.serve_action("StatusNotification", connectorId=8, status="Available")
        fill(wire)
        for n in range(80):
            install(wire, n % 8 + 1, profile(n + 1, n // 8, 10.0, 10))
        return pss_mb(daemon_pid(station))
    finally:
        await close(station, wire)
