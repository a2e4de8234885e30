"""Figures of the real processes: start, CPU per CALL, response times, reconnecting, a minute of charging, memory."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.measure import Row, cpu_s, median, percentile, pss_mb, written_bytes
from tests.bench.wire import Wire
from tests.csms.scripted import ScriptedCentralSystem
from tests.csms.station import Station

BARE = "import asyncio, ssl, sqlite3, msgspec, websockets.asyncio.client"
ONE_KEY = {"key": ["HeartbeatInterval"]}
NO_CHANGE = {"connectorId": 1, "type": "Operative"}
CALM = {"AuthorizeRemoteTxRequests": False, "WebSocketPingInterval": 0, "MeterValueSampleInterval": 0}
ROOT = Path(__file__).parent.parent.parent


@contextmanager
def peer_at(wire: Wire) -> Iterator[subprocess.Popen[bytes]]:
    """The peer's process; ended afterwards."""
    words = [sys.executable, "-m", "tests.bench.peer", f"{wire.url}/PEER"]
    process = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def booted(wire: Wire) -> float:
    """Let a station in; when its BootNotification came."""
    wire.accept()
    return wire.serve_action("BootNotification")[0]


def daemon_pid(station: Station) -> int:
    assert station.daemon is not None
    return station.daemon.pid


# --- start ----------------------------------------------------------------------------------------------------------


async def start(runs: int = 9) -> list[Row]:
    """From exec to BootNotification on the wire, beside a bare interpreter with the same imports, and the peer."""
    wire = Wire()
    station = Station(wire.url, **CALM)
    ours, bare, peers = [], [], []
    try:
        await station.start()  # once to make the store and to warm the caches
        booted(wire)
        await station.end()
        for _ in range(runs):
            began = time.monotonic()
            subprocess.run([sys.executable, "-c", BARE], check=True)
            bare.append(time.monotonic() - began)
            began = time.monotonic()
            await station.start()
            ours.append(booted(wire) - began)
            await station.end()
            began = time.monotonic()
            with peer_at(wire):
                peers.append(booted(wire) - began)
                wire.hang_up()
    finally:
        await station.__aexit__(None, None, None)
        wire.close()
    own, base, peer = median(ours), median(bare), median(peers)
    measured = f"{own * 1000:.0f} ms = {own / base:.2f} x bare ({base * 1000:.0f} ms)"
    met = own <= 1.35 * base and own < peer
    return [Row("start to BootNotification", "<= 1.35 x bare, < peer", measured, f"{peer * 1000:.0f} ms", met, runs)]


# --- CALLs ----------------------------------------------------------------------------------------------------------


async def calls(runs: int = 5, batch: int = 330) -> list[Row]:
    """CPU per CALL answered, and the response time of GetConfiguration of one key.

    All batches together stay below the rates of docs/limits.md, or the figure would be that of the waiting.
    """
    wire = Wire()
    station = Station(wire.url, **CALM)
    try:
        await station.start()
        booted(wire)
        wire.serve_action("StatusNotification", connectorId=1)
        ours = [_batch(wire, daemon_pid(station), batch) for _ in range(runs)]
    finally:
        await station.__aexit__(None, None, None)
    with peer_at(wire) as process:
        booted(wire)
        peers = [_batch(wire, process.pid, batch // 3) for _ in range(runs)]
    wire.close()
    own, other = median([cpu for cpu, _ in ours]), median([cpu for cpu, _ in peers])
    own_ms, other_ms = sorted(t for _, ts in ours for t in ts), sorted(t for _, ts in peers for t in ts)
    mid, late = percentile(own_ms, 50), percentile(own_ms, 99)
    return [
        Row(
            "CPU per CALL answered",
            "<= 0.24 ms",
            f"{own:.3f} ms, {other / own:.1f} x less",
            f"{other:.3f} ms",
            own <= 0.24,
            runs,
        ),
        Row(
            "GetConfiguration of one key",
            "median <= 0.31, p99 <= 0.6 ms",
            f"{mid:.3f}, {late:.3f} ms",
            f"{percentile(other_ms, 50):.3f}, {percentile(other_ms, 99):.3f} ms",
            mid <= 0.31 and late <= 0.6,
            runs,
        ),
    ]


def _batch(wire: Wire, pid: int, count: int) -> tuple[float, list[float]]:
    """CPU milliseconds per CALL, and the response times of GetConfiguration in milliseconds."""
    for _ in range(30):
        wire.call("GetConfiguration", ONE_KEY)
    before = cpu_s(pid)
    times = []
    for number in range(count):
        if number % 33:
            times.append(wire.call("GetConfiguration", ONE_KEY) * 1000)
        else:
            wire.call("ChangeAvailability", NO_CHANGE)
    return (cpu_s(pid) - before) / count * 1000, times


# --- orders from afar -----------------------------------------------------------------------------------------------


async def remote(runs: int = 7) -> list[Row]:
    """RemoteStart to StartTransaction with its row on disk; RemoteStop to StopTransaction, the car resting already."""
    wire = Wire()
    station = Station(wire.url, **CALM)
    starts, stops = [], []
    try:
        await station.start()
        booted(wire)
        wire.serve_action("StatusNotification", connectorId=1, status="Available")
        for _ in range(runs):
            await station.ctl("sim", "plug")
            wire.serve_action("StatusNotification", connectorId=1, status="Preparing")
            starts.append(
                _order(wire, "RemoteStartTransaction", {"idTag": "BENCH", "connectorId": 1}, "StartTransaction")
            )
            wire.serve_action("StatusNotification", connectorId=1, status="Charging")
            await station.ctl("sim", "ev", "pause")
            wire.serve_action("StatusNotification", connectorId=1, status="SuspendedEV")
            stops.append(_order(wire, "RemoteStopTransaction", {"transactionId": wire.transaction}, "StopTransaction"))
            await station.ctl("sim", "unplug")
            wire.serve_action("StatusNotification", connectorId=1, status="Available")
    finally:
        await station.__aexit__(None, None, None)
    with peer_at(wire):
        booted(wire)
        order = {"idTag": "BENCH", "connectorId": 1}
        peer_starts = [_order(wire, "RemoteStartTransaction", order, "StartTransaction") for _ in range(runs)]
        stop = {"transactionId": wire.transaction}
        peer_stops = [_order(wire, "RemoteStopTransaction", stop, "StopTransaction") for _ in range(runs)]
    wire.close()
    begin, end = median(starts), median(stops)
    return [
        Row(
            "RemoteStart to StartTransaction",
            "<= 5 ms, durable",
            f"{begin:.2f} ms",
            f"{median(peer_starts):.2f} ms, nothing stored",
            begin <= 5,
            runs,
        ),
        Row(
            "RemoteStop to StopTransaction",
            "<= 10 ms beyond the car",
            f"{end:.2f} ms",
            f"{median(peer_stops):.2f} ms, nothing stored",
            end <= 10,
            runs,
        ),
    ]


def _order(wire: Wire, action: str, payload: dict[str, object], then: str) -> float:
    """Milliseconds from our CALL to the CALL that it brings about."""
    wire.count += 1
    began = wire.send([2, f"o{wire.count}", action, payload])
    came, _ = wire.serve_action(then)
    return (came - began) * 1000


# --- coming back ----------------------------------------------------------------------------------------------------


async def reconnect(runs: int = 5) -> list[Row]:
    """From the loss of the connection, the server being there again, to the next WebSocket."""
    wire = Wire()
    station = Station(wire.url, **CALM)
    ours = []
    try:
        await station.start()
        booted(wire)
        for _ in range(runs):
            await asyncio.sleep(1)
            wire.hang_up()
            began = time.monotonic()
            ours.append(wire.accept() - began)
    finally:
        await station.__aexit__(None, None, None)
        wire.close()
    return [Row("reconnect, first try", "<= 1.5 s", f"{median(ours):.2f} s", None, median(ours) <= 1.5, runs)]


# --- a minute of charging -------------------------------------------------------------------------------------------


async def minute(runs: int = 5) -> list[Row]:
    """Whole transactions of a minute, five stations side by side: bytes to disk, idle CPU, memory of both processes."""
    readings = await asyncio.gather(*(_one_minute() for _ in range(runs)))
    written, idle, memory = (median([reading[i] for reading in readings]) for i in range(3))
    wire = Wire()
    with peer_at(wire) as process:
        booted(wire)
        peer_memory = pss_mb(process.pid)
        before = cpu_s(process.pid)
        await asyncio.sleep(10)
        peer_idle = (cpu_s(process.pid) - before) / 10 * 100
    wire.close()
    return [
        Row(
            "written to disk per one-minute transaction",
            "<= 50 kB",
            f"{written / 1000:.1f} kB",
            None,
            written <= 50_000,
            runs,
        ),
        Row("both processes", "<= 45 MB PSS", f"{memory:.1f} MB", f"{peer_memory:.1f} MB", memory <= 45, runs),
        Row(
            "evsed while charging, 10 s samples",
            "<= 0.08 % CPU",
            f"{idle:.3f} %",
            f"{peer_idle:.3f} %, no charge",
            idle <= 0.08,
            runs,
        ),
    ]


async def _one_minute() -> tuple[float, float, float]:
    """Bytes written by evsed from plug to unplug; percent of a CPU over 40 s in the middle; MB of both processes."""
    async with (
        ScriptedCentralSystem(interval=86400) as central,
        Station(central.url, board="process", MeterValueSampleInterval=10) as station,
    ):
        await central.wait("StatusNotification", connectorId=1, status="Available")
        assert station.board_process is not None
        pid, before = daemon_pid(station), written_bytes(daemon_pid(station))
        await station.ctl("sim", "plug")
        await station.ctl("sim", "tap", "BENCH")
        await central.wait("StatusNotification", status="Charging")
        began = time.monotonic()
        await asyncio.sleep(10)
        used, at = cpu_s(pid), time.monotonic()
        await asyncio.sleep(40)
        idle = (cpu_s(pid) - used) / (time.monotonic() - at) * 100
        memory = pss_mb(pid) + pss_mb(station.board_process.pid)
        await asyncio.sleep(max(0.0, 60 - (time.monotonic() - began)))
        await station.ctl("sim", "tap", "BENCH")
        await central.wait("StopTransaction")
        await station.ctl("sim", "unplug")
        await central.wait("StatusNotification", since=len(central.got) - 3, status="Available")
        await asyncio.sleep(1.5)
        return written_bytes(pid) - before, idle, memory
