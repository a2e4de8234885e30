"""Floods at every inlet of running processes: `python -m tests.processes.floods --seconds 8` prints the table.

Memory, descriptors and lines of the journal before and after each, and how long an answer of the control socket takes.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from tests.csms.scripted import ScriptedCentralSystem
from tests.csms.station import resident_kb
from tests.processes.bench import Bench
from tests.processes.test_strange_board import StrangeBoard

Flood = Callable[[Bench, ScriptedCentralSystem, float], Awaitable[int]]


async def calls(bench: Bench, central: ScriptedCentralSystem, until: float) -> int:
    """Orders as fast as they are taken, nobody waits for an answer."""
    return await _frames(central, until, lambda n: [2, f"flood-{n}", "GetConfiguration", {}])


async def junk_frames(bench: Bench, central: ScriptedCentralSystem, until: float) -> int:
    """Frames of 60 kB with long tags."""
    return await _frames(central, until, lambda n: [2, f"x{n}", "Foo", {"idTag": "z" * 60_000}])


async def oversized_frames(bench: Bench, central: ScriptedCentralSystem, until: float) -> int:
    """Frames of 4 MB; each may end the connection."""
    return await _frames(central, until, lambda n: [2, f"x{n}", "Foo", {"a": "z" * 4_000_000}])


async def pings(bench: Bench, central: ScriptedCentralSystem, until: float) -> int:
    """WebSocket pings."""
    sent = 0
    while time.monotonic() < until:
        assert central.connection is not None
        with contextlib.suppress(Exception):
            await asyncio.wait_for(central.connection.ping(os.urandom(100)), 1)
            sent += 1
        await asyncio.sleep(0)
    return sent


async def cards(bench: Bench, central: ScriptedCentralSystem, until: float) -> int:
    """A card reader that repeats itself."""
    sent = 0
    while time.monotonic() < until:
        await asyncio.gather(*(bench.ask("sim", words=["tap", f"CARD-{sent + n}"]) for n in range(8)))
        sent += 8
    return sent


async def clients(bench: Bench, central: ScriptedCentralSystem, until: float) -> int:
    """Connections to the control socket: idle, half-written, junk, never read."""
    kept, sent = [], 0
    words = (b"", b'{"v": 1, "do"', b"\xff" * 70_000 + b"\n", b'{"v": 1, "do": "status"}\n' * 200)
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_unix_connection(str(bench.control))
            writer.write(words[sent % len(words)])
            kept.append(writer)
            sent += 1
        if len(kept) > 400:
            kept.pop(0).close()
        await asyncio.sleep(0.002)
    for writer in kept:
        writer.close()
    return sent


async def board_packets(bench: Bench, central: ScriptedCentralSystem, until: float) -> int:
    """A board that never stops talking."""
    assert bench.board_process is not None
    bench.board_process.kill()
    await bench.board_process.wait()
    (bench.home / "board.sock").unlink(missing_ok=True)
    board, sent = StrangeBoard(bench), 0
    await asyncio.wait_for(board.greet(), 15)
    while time.monotonic() < until + 5:
        try:
            board.say({"type": "meter", "connector": 1, "at": 1.0 + sent / 1e4, "wh": 0.0, "volts": [], "amps": []})
            board.say({"type": "nonsense", "n": sent})
            sent += 2
        except BlockingIOError:
            await asyncio.sleep(0.001)
        except OSError:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(board.greet(), 2)
    board.close()
    return sent


async def _frames(central: ScriptedCentralSystem, until: float, frame: Callable[[int], list[object]]) -> int:
    sent = 0
    while time.monotonic() < until:
        try:
            await asyncio.wait_for(central.send(frame(sent)), 1)
            sent += 1
        except Exception:  # held up, or the connection is gone: it will be there again
            await asyncio.sleep(0.05)
    return sent


FLOODS: tuple[Flood, ...] = (calls, junk_frames, oversized_frames, pings, cards, clients, board_packets)


class Row(NamedTuple):
    """kB, descriptors, lines, seconds."""

    flood: str
    sent: int
    kb: tuple[int, int]
    descriptors: tuple[int, int]
    lines: int
    answer_s: float
    afterwards: str


async def watch(pid: int, until: float) -> tuple[int, int]:
    """The most memory and descriptors."""
    kb, descriptors = 0, 0
    while time.monotonic() < until:
        kb, descriptors = max(kb, resident_kb(pid)), max(descriptors, len(os.listdir(f"/proc/{pid}/fd")))
        await asyncio.sleep(0.1)
    return kb, descriptors


async def play(flood: Flood, seconds: float) -> Row:
    async with ScriptedCentralSystem() as central, Bench(central.url) as bench:
        await bench.ready(20)
        await bench.at_peace(20)
        assert bench.daemon is not None
        pid = bench.daemon.pid
        before, lines = (resident_kb(pid), len(os.listdir(f"/proc/{pid}/fd"))), bench.log_text().count("\n")
        until = time.monotonic() + seconds
        watching = asyncio.ensure_future(watch(pid, until))
        sent = await flood(bench, central, until)
        kb, descriptors = await watching
        began = time.monotonic()
        answer = await bench.ask("status")
        took = time.monotonic() - began
        alive = "alive" if bench.daemon.returncode is None else f"ended {bench.daemon.returncode}"
        return Row(
            flood.__name__, sent, (before[0], kb), (before[1], descriptors), bench.log_text().count("\n") - lines,
            took, f"{alive}, {'answers' if answer else 'no answer'}",
        )  # fmt: skip


async def table(seconds: float) -> bool:
    """Print it; whether every station was alive and answered."""
    print("flood             sent    memory kB         descriptors  lines  answer s")
    sound = True
    for flood in FLOODS:
        row = await play(flood, seconds)
        kb, fds = f"{row.kb[0]} -> {row.kb[1]}", f"{row.descriptors[0]} -> {row.descriptors[1]}"
        print(f"{row.flood:16} {row.sent:6}  {kb:17} {fds:12} {row.lines:5}  {row.answer_s:.2f}  {row.afterwards}")
        sound = sound and row.afterwards == "alive, answers"
    return sound


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.processes.floods")
    parser.add_argument("--seconds", type=float, default=8.0)
    return 0 if asyncio.run(table(parser.parse_args().seconds)) else 1


if __name__ == "__main__":
    raise SystemExit(main())
