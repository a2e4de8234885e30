"""The log's reader is gone, full, slow or closed; floods: the station answers, charges, ends."""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from pathlib import Path
from typing import Any, Literal

import pytest

from daemon.recorder.flight_recorder import FILES, RARE_FILES
from daemon.recorder.ring import read_lines
from tests.csms.scripted import ScriptedCentralSystem
from tests.csms.station import BIN
from tests.processes.bench import Bench

Reader = Literal["full pipe", "closed", "gone", "/dev/full", "slow"]
SMALL = 4096


class LoggedTo(Bench):
    """A station whose stderr is what the test says."""

    def __init__(self, url: str, reader: Reader) -> None:
        super().__init__(url, board="simulated")
        self.reader = reader
        self.readable = -1

    async def _spawn(self, *words: str) -> asyncio.subprocess.Process:
        program = [str(BIN / words[0]), *words[1:]]
        if self.reader == "closed":
            program = ["sh", "-c", 'exec "$0" "$@" 2>&-', *program]
        stderr = os.open("/dev/full", os.O_WRONLY) if self.reader == "/dev/full" else self._pipe()
        try:
            return await asyncio.create_subprocess_exec(
                *program, cwd=self.home, stdin=asyncio.subprocess.DEVNULL, stdout=stderr, stderr=stderr
            )
        finally:
            os.close(stderr)

    def _pipe(self) -> int:
        self.readable, writable = os.pipe()
        fcntl.fcntl(writable, fcntl.F_SETPIPE_SZ, SMALL)
        if self.reader == "full pipe":
            os.write(writable, b"x" * SMALL)
        elif self.reader == "gone":
            os.close(self.readable)
        elif self.reader == "slow":
            asyncio.get_running_loop().create_task(self._read_slowly())
        return writable

    async def _read_slowly(self) -> None:
        os.set_blocking(self.readable, False)
        while True:
            await asyncio.sleep(0.2)
            try:
                os.read(self.readable, 20)
            except BlockingIOError:
                continue


ORDERS: list[tuple[str, dict[str, Any]]] = [
    ("Foo", {}),
    ("ClearCache", {}),
    ("ChangeAvailability", {"connectorId": 1, "type": "Operative"}),
    ("TriggerMessage", {"requestedMessage": "Heartbeat"}),
]


@pytest.mark.parametrize("reader", ["full pipe", "closed", "gone", "/dev/full", "slow"])
async def test_point_1_the_log_is_not_waited_for(reader: Reader) -> None:
    """A session from the plug to the bill, the control socket within a second, SIGTERM within five."""
    async with ScriptedCentralSystem() as central, LoggedTo(central.url, reader) as bench:
        await central.wait("StatusNotification", connectorId=1, status="Available")
        await bench.charge("04A2B9C1D3")
        for number in range(200):  # a line each, no action more often than it is taken at once
            action, payload = ORDERS[number % len(ORDERS)]
            assert (await central.call(action, payload))[0] == (4 if action == "Foo" else 3)
        began = time.monotonic()
        assert (await bench.status())["linked"] and time.monotonic() - began < 1.0
        await bench.sim("unplug")
        await central.wait("StopTransaction")
        await bench.at_peace()
        assert bench.daemon is not None
        began = time.monotonic()
        bench.daemon.terminate()
        assert await bench.gone() == 0 and time.monotonic() - began < 5.0


def memory_kib(pid: int) -> int:
    """Resident memory of a process."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0])


async def test_points_9_and_17_a_flood_of_hostile_frames() -> None:
    """What ended the station and held it, as many as are read at once: it answers; evidence and memory stay.

    More are read slowly: `test_order_rates.py`.
    """
    hostile = [
        '[2,"{n}","Foo",{"idTag":"' + "z" * 3400 + '"}]',
        '[2,"{n}","Foo",{"a":' + "9" * 4300 + "}]",
        '[3,"{n}",{"idTagInfo":{"status":"Accepted","parentIdTag":"' + "z" * 3400 + '"}}]',
        '[2,"{n}","Foo",{' + ",".join(f'"idTag{k}":"{"z" * 2900}"' for k in range(20)) + "}]",
        "junk {n}",
        '[2,"{n}","GetConfiguration",{"key":["a"]}]',
    ]
    async with ScriptedCentralSystem() as central, Bench(central.url, board="simulated") as bench:
        await central.wait("StatusNotification", connectorId=1, status="Available")
        await bench.charge("04A2B9C1D3")
        assert bench.daemon is not None and central.connection is not None
        before = memory_kib(bench.daemon.pid)
        slowest = 0.0
        for number in range(120):
            await central.connection.send(hostile[number % len(hostile)].replace("{n}", str(number)))
            if number % 12 == 0:
                began = time.monotonic()
                assert (await bench.status())["linked"]
                slowest = max(slowest, time.monotonic() - began)
        assert (await central.call("GetConfiguration", {"key": ["HeartbeatInterval"]}, within=30))[0] == 3
        grown = memory_kib(bench.daemon.pid) - before
        await bench.sim("unplug")
        await central.wait("StopTransaction")
        await bench.end()
        lines = bench.log_text().splitlines()
        recorded = [line for name in reversed(FILES) for line in lines_of(bench.home / "store" / name)]
        rare = lines_of(bench.home / "store" / RARE_FILES[0])
        size = sum(path.stat().st_size for path in (bench.home / "store").glob("*.jsonl.gz"))
    print(f"slowest answer {slowest:.3f} s, {grown} KiB more, {len(lines)} lines of log, {size} bytes recorded")
    assert slowest < 2.0 and grown < 30_000 and len(lines) < 120 and size < 300_000
    assert recorded[0][0] == "snapshot"
    codes = [line[3] for line in rare if line[0] == "note"]
    assert {"transaction-began", "transaction-ended", "ended"} <= set(codes) and len(codes) < 120


def lines_of(file: Path) -> list[list[object]]:
    return list(read_lines(file)) if file.exists() else []
