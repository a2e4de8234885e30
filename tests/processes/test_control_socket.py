"""The control socket of a running station: whoever is connected, it ends; who may act gets in; a flood costs little."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.csms.scripted import ScriptedCentralSystem
from tests.csms.station import cpu_seconds, resident_kb
from tests.processes.bench import Bench, charges

CARD = "04A2B9C1D2E3F4"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: only root may become another user")
LOOKER = """
import os, socket, sys, time
os.setgroups([]); os.setgid({gid}); os.setuid(5555)
socks = []
for _ in range({count}):
    sock = socket.socket(socket.AF_UNIX); sock.connect({path!r}); socks.append(sock)
    try:
        sock.send({line!r})
    except BrokenPipeError:
        pass
print("there", flush=True)
if {hear}:
    print(socks[0].makefile().readline(), flush=True)
time.sleep(60)
"""


@contextlib.contextmanager
def lookers(bench: Bench, count: int, line: bytes, hear: bool = False) -> Iterator[subprocess.Popen[str]]:
    """Another user, of the socket's group, with so many connections that each have sent this."""
    os.chmod(bench.home, 0o711)
    script = LOOKER.format(gid=bench.control.stat().st_gid, count=count, path=str(bench.control), line=line, hear=hear)
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "there\n"
        try:
            yield process
        finally:
            process.kill()


class Peer:
    """A plain client that says what it is told to and reads only when asked."""

    def __init__(self, bench: Bench, line: bytes = b"") -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(bench.control))
        self.sock.send(line)

    async def answer(self, within_s: float = 8.0) -> Any:
        self.sock.settimeout(within_s)
        line = await asyncio.get_running_loop().run_in_executor(None, self.sock.makefile().readline)
        return json.loads(line) if line else None


PEERS = [b"", b"{", b'{"do":"status"}\n', b'{"do":"trace"}\n', b'{"do":"configuration"}\n' * 50, b'{"do":"selftest"}\n']


@pytest.mark.parametrize("end", ["SIGTERM", "reset", "hard reset"])
async def test_10_whoever_is_connected_the_station_ends(end: str) -> None:
    """Idle, half-written, following, not reading, acting: none of them holds it, and no traceback is printed."""
    async with ScriptedCentralSystem() as central, Bench(central.url, board="simulated") as bench:
        await bench.ready()
        await bench.at_peace()
        peers = [Peer(bench, line) for line in PEERS]
        await bench.status()
        asked = time.monotonic()
        if end == "SIGTERM":
            bench.signal(signal.SIGTERM)
        else:
            answer = await bench.ask("reset", hard=end == "hard reset")
            assert answer is not None and answer["ok"], "the answer comes before the end"
        assert await bench.gone() == 0
        assert time.monotonic() - asked < 5.0
        for peer in peers:
            peer.sock.close()
        assert "Traceback" not in bench.log_text() and "CancelledError" not in bench.log_text()
        assert not bench.control.exists()


@as_root
@pytest.mark.parametrize("line", [b"", b"{", b'{"do":"trace"}\n', b'{"do":"transactions"}\n' * 900])
async def test_13_lookers_never_lock_out_who_may_act(line: bytes) -> None:
    """Twenty of them, idle, half-written, following or greedy: evsectl of root is answered at once."""
    async with ScriptedCentralSystem() as central, Bench(central.url, board="simulated") as bench:
        await bench.ready()
        await bench.at_peace()
        with lookers(bench, 20, line):
            for _ in range(20):
                asked = time.monotonic()
                assert await bench.ask("status") is not None
                assert time.monotonic() - asked < 1.0
            await bench.ctl("config", "set", "HeartbeatInterval", "4711")
            rows = await bench.json("config", "get", "HeartbeatInterval")
            assert rows["configuration"][0]["value"] == "4711"


@as_root
async def test_13_a_looker_sees_no_card_number_and_may_not_act() -> None:
    """While a card charges: status, transactions, log and trace as another user of the group."""
    async with ScriptedCentralSystem() as central, Bench(central.url, board="simulated") as bench:
        await bench.ready()
        with lookers(bench, 1, b'{"do":"trace"}\n', hear=True) as process:
            await bench.charge(CARD)
            assert process.stdout is not None and "following" in process.stdout.readline()
        for what in ("status", "transactions", "why", "queue", "log", "configuration"):
            with lookers(bench, 1, b'{"do":"%s"}\n' % what.encode(), hear=True) as process:
                assert process.stdout is not None
                text = process.stdout.readline()
                assert json.loads(text)["ok"] and CARD not in text
                assert ("04..F4" in text) == (what in ("status", "transactions", "log"))
        with lookers(bench, 1, b'{"do":"stop"}\n', hear=True) as process:
            assert process.stdout is not None
            assert "evsed-admin" in json.loads(process.stdout.readline())["error"]
        assert charges(await bench.status()) and CARD in json.dumps(await bench.status())


async def test_8_without_descriptors_the_station_goes_on() -> None:
    """Its limit of open files reached: one line in the log, root is still answered, and all comes back by itself."""
    async with ScriptedCentralSystem() as central, Bench(central.url, board="simulated") as bench:
        await bench.ready()
        await bench.charge()
        assert bench.daemon is not None
        pid = bench.daemon.pid
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        highest = max(int(name) for name in os.listdir(f"/proc/{pid}/fd"))
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (highest + 1, before[1]))
        while len(os.listdir(f"/proc/{pid}/fd")) <= highest - 1:
            Peer(bench)  # fills the gaps below the limit
            await asyncio.sleep(0.05)
        crowd = [Peer(bench, b'{"do":"status"}\n') for _ in range(12)]
        used = cpu_seconds(pid)
        await asyncio.sleep(3)
        assert cpu_seconds(pid) - used < 1.0
        assert charges(await bench.status()), "who may act is served"
        assert bench.log_text().count("no file descriptors are left") <= 1
        assert bench.log_text().count("\n") < 100 and "Traceback" not in bench.log_text()
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        assert (await crowd[-1].answer())["ok"]
        await bench.at_peace()


async def test_8_half_requests_and_idle_connections_end() -> None:
    """Half a request ends after 5 s with its reason."""
    async with ScriptedCentralSystem() as central, Bench(central.url, board="simulated") as bench:
        await bench.ready()
        half, began = Peer(bench, b'{"do":"st'), time.monotonic()
        assert "did not end" in (await half.answer())["error"]
        assert 4.0 < time.monotonic() - began < 7.0


async def test_8_a_flood_of_requests_does_not_hold_the_station() -> None:
    """Ten clients that ask without a pause and do not read: bounded memory, and the charge goes on."""
    async with ScriptedCentralSystem() as central, Bench(central.url, board="simulated") as bench:
        await bench.ready()
        await bench.charge()
        assert bench.daemon is not None
        before = resident_kb(bench.daemon.pid)
        peers = [Peer(bench, b'{"do":"configuration"}\n' * 2000) for _ in range(10)]
        for _ in range(20):
            asked = time.monotonic()
            assert charges(await bench.status())
            assert time.monotonic() - asked < 1.0
            await asyncio.sleep(0.1)
        assert resident_kb(bench.daemon.pid) - before < 16_000
        await asyncio.sleep(4.5)
        for peer in peers:  # whoever does not read is cut
            with pytest.raises(BrokenPipeError):
                peer.sock.send(b"\n")
        assert "Traceback" not in bench.log_text()
