"""Figures of the parts: decoding, simulated time, a long queue, the slowest hostile input."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ocpp.messages import _validate_payload as validate  # the package's own, without its thread
from ocpp.messages import unpack

from daemon.store.store import Store
from ocpp16.messages.types import Message
from ocpp16.records import Record
from ocpp16.rpc import frames, payload
from ocpp16.step import Save
from tests.bench.measure import Row, median, rss_mb
from tests.bench.wire import Wire
from tests.csms.station import Station
from tests.fuzz.targets import TARGETS, run
from tests.sim.central_system import CentralSystem
from tests.sim.world import Setup, World

PERIODS = [{"startPeriod": 900 * n, "limit": 6.0 + n, "numberPhases": 1} for n in range(8)]
PROFILE = {
    "chargingProfileId": 4711,
    "stackLevel": 2,
    "chargingProfilePurpose": "TxProfile",
    "chargingProfileKind": "Absolute",
    "validFrom": "2030-01-01T00:00:00.000Z",
    "validTo": "2030-12-31T00:00:00.000Z",
    "chargingSchedule": {
        "duration": 86400,
        "startSchedule": "2030-01-01T00:00:00.000Z",
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": PERIODS,
        "minChargingRate": 6.0,
    },
}
BIG = json.dumps(
    [
        2,
        "550e8400-e29b-41d4",
        "RemoteStartTransaction",
        {"connectorId": 1, "idTag": "04A2B9C1", "chargingProfile": PROFILE},
    ]
)


async def decoding(runs: int = 5) -> list[Row]:
    """Frame and payload of a message of the size of SetChargingProfile, decoded and validated."""

    def ours() -> None:
        call = frames.parse(BIG)
        assert isinstance(call, frames.Call)
        assert isinstance(payload.decode_request(call.action, call.payload), Message)

    def peers() -> None:
        validate(unpack(BIG), "1.6")

    def only_payload() -> None:
        assert isinstance(payload.decode_request("RemoteStartTransaction", text), Message)

    text = json.dumps(json.loads(BIG)[3]).encode()
    own, whole, peer = (
        _rate(what, runs, times) for what, times in ((only_payload, 20_000), (ours, 20_000), (peers, 200))
    )
    measured = f"{own:,.0f}/s ({whole:,.0f}/s with the frame)"
    return [
        Row(f"decode + validate, {len(text)} bytes", ">= 100,000/s", measured, f"{peer:,.0f}/s", own >= 100_000, runs)
    ]


def _rate(what: Callable[[], None], runs: int, times: int) -> float:
    rates = []
    for _ in range(runs):
        began = time.perf_counter()
        for _ in range(times):
            what()
        rates.append(times / (time.perf_counter() - began))
    return median(rates)


# --- simulated time -------------------------------------------------------------------------------------------------


async def simulated(runs: int = 5, days: int = 10) -> list[Row]:
    """Hours per second on one core: four one-hour charges a day, 60 s samples, prompt answers."""
    rates = []
    for seed in range(runs):
        began = time.process_time()
        world = World(Setup(seed=seed), CentralSystem())
        world.power_on()
        world.run(60)
        for _ in range(4 * days):
            for word in (("plug",), ("tap", "BENCH")):
                world.sim(*word)
                world.run(5)
            world.run(3600)
            world.sim("tap", "BENCH")
            world.run(30)
            world.sim("unplug")
            world.run(6 * 3600 - 3640)
        assert len(world.central.sessions) == 4 * days
        rates.append(24 * days / (time.process_time() - began))
    rate = median(rates)
    return [Row("simulated hours per second and core", ">= 500", f"{rate:,.0f}", None, rate >= 500, runs)]


# --- a long queue ---------------------------------------------------------------------------------------------------

MESSAGES = 10_000


def long_queue() -> list[Record]:
    """The records of a station that charged offline for 10,000 messages: Start, values, Stop."""
    settings = {"MeterValueSampleInterval": "1", "AllowOfflineTxForUnknownId": "true"}
    world = World(Setup(settings=settings, meter_period_s=1.0), CentralSystem())
    world.power_on()
    world.run(60)
    world.network(False)
    for word in (("plug",), ("tap", "BENCH")):
        world.sim(*word)
        world.run(5)
    world.run(MESSAGES - 10)
    world.sim("tap", "BENCH")
    world.run(60)
    return list(world.records.values())


async def queue(runs: int = 5) -> list[Row]:
    """10,000 messages that waited, delivered in order; memory meanwhile."""
    records = long_queue()
    rates, growth = [], []
    for _ in range(runs):
        rate, grown = await _deliver(records)
        rates.append(rate)
        growth.append(grown)
    rate, grown = median(rates), median(growth)
    measured = f"{rate:,.0f} msg/s, memory {grown:+.1f} MB"
    return [
        Row(
            f"{MESSAGES:,} queued messages in order",
            ">= 1,500 msg/s, flat",
            measured,
            None,
            rate >= 1500 and grown < 2,
            runs,
        )
    ]


async def _deliver(records: list[Record]) -> tuple[float, float]:
    wire = Wire()
    station = Station(wire.url, WebSocketPingInterval=0)
    try:
        store = Store.open(Path(station.home / "store"))
        store.commit([Save(record) for record in records])
        store.close()
        await station.start()
        wire.accept()
        began, _ = wire.serve_action("StartTransaction")
        assert station.daemon is not None
        before, stamps = rss_mb(station.daemon.pid), []

        def last(frame: list[Any]) -> bool:
            if frame[0] == 2 and frame[2] == "MeterValues":
                stamps.append(frame[3]["meterValue"][0]["timestamp"])
            return bool(frame[0] == 2 and frame[2] == "StopTransaction")

        ended, _ = wire.serve(last)
        assert stamps == sorted(stamps), "out of order"
        assert len(stamps) > MESSAGES - 20, f"only {len(stamps)} messages waited"
        grown = rss_mb(station.daemon.pid) - before
        return (len(stamps) + 1) / (ended - began), grown
    finally:
        await station.__aexit__(None, None, None)
        wire.close()


# --- hostile input --------------------------------------------------------------------------------------------------


async def hostile(runs: int = 5) -> list[Row]:
    """The slowest hostile input at any door, by CPU time of its thread."""
    await asyncio.sleep(0)
    slowest = max(
        (run(t, seed, 1000) for t in TARGETS for seed in range(runs) if t.name != "control"), key=lambda o: o.slowest_ms
    )
    return [
        Row("slowest hostile input", "<= 50 ms", f"{slowest.slowest_ms:.1f} ms", None, slowest.slowest_ms <= 50, runs)
    ]
