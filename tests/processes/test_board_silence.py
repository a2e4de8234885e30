"""Points 2 and 8 between the real processes: a board that hangs, withholds, repeats itself, or says too much."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.csms.scripted import ScriptedCentralSystem
from tests.processes.bench import Bench, charges, first, flows
from tests.processes.test_strange_board import Alone, StrangeBoard

NOTICED_S = 10.0

Row = dict[str, Any]


@contextlib.asynccontextmanager
async def charging(**more: Any) -> AsyncIterator[tuple[ScriptedCentralSystem, Bench]]:
    """A transaction runs and current flows."""
    async with ScriptedCentralSystem() as central, Bench(central.url, **more) as bench:
        await bench.ready()
        await bench.charge(until=flows)
        yield central, bench


def meter_lost(status: Row) -> bool:
    return "meter-lost" in json.dumps(first(status))


async def test_point_2_a_board_that_hangs_while_it_charges() -> None:
    """SIGSTOP of evsed-board: lost within 10 s; SIGCONT: the same transaction goes on and is billed to the Wh."""
    async with charging() as (central, bench):
        assert bench.board_process is not None
        bench.board_process.send_signal(signal.SIGSTOP)
        began = time.monotonic()
        await bench.until(lambda s: s["board"] is None and s["status"] == "Faulted", NOTICED_S)
        assert time.monotonic() - began < NOTICED_S
        assert "the board does not answer: no ack for" in bench.log_text()
        bench.board_process.send_signal(signal.SIGCONT)
        await bench.until(flows, 15)
        await bench.sim("tap", "CARD-1")
        stop = await central.wait("StopTransaction")
        assert stop["meterStop"] == first(await bench.at_peace())["register_wh"]
        assert len(central.calls("StartTransaction")) == 1


@pytest.mark.parametrize("hangs_s", [4.5, 12.0])
async def test_point_2_a_board_that_hangs_ends_no_transaction(hangs_s: float) -> None:
    """Its readings stop as well, but that is no fault of its meter: shorter and longer than the lease, it goes on."""
    async with charging(lease_s=8.0) as (central, bench):
        assert bench.board_process is not None
        await asyncio.sleep(2.0)  # readings come every second
        bench.board_process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(hangs_s)
        bench.board_process.send_signal(signal.SIGCONT)
        await bench.until(lambda s: s["board"] is not None and flows(s), 30)
        assert "meter-lost" not in bench.log_text()
        assert central.calls("StopTransaction") == []


async def test_point_2_a_board_that_hangs_before_anybody_comes() -> None:
    """Stopped while evsed is away: its kernel still takes the connection, but nobody says hello."""
    async with ScriptedCentralSystem() as central, Bench(central.url) as bench:
        await bench.until(lambda s: s["board"] is not None)
        assert bench.board_process is not None
        bench.board_process.send_signal(signal.SIGSTOP)
        await bench.killed()
        await bench.start_daemon()
        await bench.until(lambda s: s["status"] == "Faulted" and "no hello within 1 s" in bench.log_text(), NOTICED_S)
        bench.board_process.send_signal(signal.SIGCONT)
        await bench.until(lambda s: s["board"] is not None and s["status"] == "Available", 10)


async def test_point_2_acks_that_are_withheld() -> None:
    """Everything else comes: the board is lost all the same, within 10 s."""
    async with charging(tapped=True) as (_, bench):
        assert bench.tap is not None
        bench.tap.change = lambda who, message: None if message["type"] == "ack" else message
        await bench.until(lambda s: s["board"] is None, NOTICED_S)
        assert "no ack for" in bench.log_text()


@pytest.mark.parametrize("how", ["withheld", "one time for ever"])
async def test_point_2_readings_that_do_not_come(how: str) -> None:
    """None at all, or a board whose clock stands: a fault of the meter within 5 s; it ends with the next true one."""
    stood = time.monotonic()

    def change(who: str, message: Row) -> Row | None:
        if message["type"] != "meter":
            return message
        return None if how == "withheld" else {**message, "at": stood}

    async with charging(tapped=True) as (_, bench):
        assert bench.tap is not None
        bench.tap.change = change
        await bench.until(meter_lost, 6.0)
        bench.tap.change = lambda who, message: message
        await bench.until(lambda s: not meter_lost(s), 12.0)


async def test_point_8_a_board_that_floods_ends_nothing() -> None:
    """As many packets as the socket takes, readings, cards and faults: evsed answers, does not grow, says so once."""
    async with ScriptedCentralSystem() as central:
        bench = Alone(central.url)
        board = StrangeBoard(bench)
        async with bench:
            await board.greet()
            await bench.until(lambda s: s["board"] == "strange")
            assert board._client is not None and bench.daemon is not None
            memory = _rss_kb(bench.daemon.pid)
            sent = _flood(os.dup(board._client.fileno()), 24.0)
            worst, at_least = 0.0, time.monotonic() + 4.0
            while (now := time.monotonic()) < at_least + 20.0:
                if now > at_least and "it sends more than" in bench.log_text():
                    break
                began = time.monotonic()
                assert (await bench.status())["linked"]
                worst = max(worst, time.monotonic() - began)
                await asyncio.sleep(0.05)
            assert sent[0] > 2000, sent
            assert worst < 1.5 and _rss_kb(bench.daemon.pid) < memory + 30_000
            assert bench.log_text().count("it sends more than") == 1
            assert bench.daemon.returncode is None
        board.close()


def _rss_kb(pid: int) -> int:
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0])


def _flood(fd: int, seconds: float) -> list[int]:
    """Send from a thread as fast as the other side takes it; the count grows."""
    sock = socket.socket(fileno=fd)
    sock.setblocking(True)
    count = [0]
    packets = [
        json.dumps({"type": "meter", "connector": 1, "at": 2.0, "wh": 1.0}).encode(),
        json.dumps({"type": "card", "connector": 1, "id_tag": "FLOOD", "at": 2.0}).encode(),
        json.dumps({"type": "fault", "connector": 1, "code": "rcd", "on": True, "at": 2.0}).encode(),
        json.dumps({"type": "fault", "connector": 1, "code": "rcd", "on": False, "at": 2.0}).encode(),
    ]

    def run() -> None:
        end = time.monotonic() + seconds
        sock.settimeout(1.0)
        with contextlib.suppress(OSError):
            while time.monotonic() < end:
                for packet in packets:
                    sock.send(packet)
                    count[0] += 1
        sock.detach()
        os.close(fd)

    threading.Thread(target=run, daemon=True).start()
    return count


async def test_point_2_a_stall_of_our_own_is_not_the_boards_silence() -> None:
    """SIGSTOP of evsed for longer than an ack may take, within the lease: the board is not lost, nothing clicks."""
    async with charging(tapped=True) as (_, bench):
        bench.signal(signal.SIGSTOP)
        await asyncio.sleep(8.0)
        bench.signal(signal.SIGCONT)
        await asyncio.sleep(3.0)
        assert charges(await bench.status())
        assert "does not answer" not in bench.log_text() and "meter-lost" not in bench.log_text()
        assert bench.tap is not None and bench.tap.unasked() == []
