"""Campaign: both processes with each kind of log that nobody reads, while a lease lapses; the contactor opens in time.

`python -m tests.processes.log_and_lease --trials 200 [--of evsed]` prints a line a kind, and latest opening.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from tests.csms.scripted import ScriptedCentralSystem
from tests.csms.station import BIN
from tests.processes.bench import Bench, charges, flows

LEASE_S = 1.0
DAEMON_LEASE_S = 2.0
VEHICLE_S = 6.0
"""What a vehicle has after the lease (Table A.6): this one stops drawing much earlier."""
LATE_S = 0.5
"""What two loaded cores may add."""

Message = dict[str, Any]


class Log(NamedTuple):
    """Where stderr of the process goes, and what is closed at the end."""

    fd: int | None
    end: Callable[[], None]


def _closed() -> Log:
    return Log(None, lambda: None)


def _full_disk() -> Log:
    fd = os.open("/dev/full", os.O_WRONLY)
    return Log(fd, lambda: os.close(fd))


def _no_reader() -> Log:
    ours, theirs = os.pipe()
    os.close(ours)
    return Log(theirs, lambda: os.close(theirs))


def _full_pipe(non_blocking: bool = False) -> Log:
    """Full to the last byte from the beginning on, and nobody reads."""
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    with suppress(BlockingIOError):
        while True:
            os.write(theirs, b"x" * 4096)
    with suppress(BlockingIOError):
        while True:
            os.write(theirs, b"x")
    os.set_blocking(theirs, not non_blocking)

    def end() -> None:
        os.close(ours)
        os.close(theirs)

    return Log(theirs, end)


def _slow_reader() -> Log:
    """A full pipe of which a byte is read now and then."""
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    with suppress(BlockingIOError):
        while True:
            os.write(theirs, b"x")
    os.set_blocking(theirs, True)
    over = threading.Event()

    def read() -> None:
        while not over.wait(0.05):
            os.read(ours, 1)
        os.close(ours)

    threading.Thread(target=read, daemon=True).start()

    def end() -> None:
        over.set()
        os.close(theirs)

    return Log(theirs, end)


LOGS: dict[str, Callable[[], Log]] = {
    "closed": _closed,
    "full disk": _full_disk,
    "no reader": _no_reader,
    "full pipe": _full_pipe,
    "full pipe, not blocking": lambda: _full_pipe(non_blocking=True),
    "slow reader": _slow_reader,
}


class Board:
    """The process, and a client that charges, stops renewing, and comes back only to look."""

    def __init__(self, folder: Path, log: Log) -> None:
        self.path = folder / "board.sock"
        config = folder / "board.toml"
        config.write_text(f'socket = "{self.path}"\nlease_s = {LEASE_S}\n[simulated]\nstate_dir = "{folder}"\n')
        words = [sys.executable, "-m", "drivers.process.board_process", "--config", str(config)]
        if log.fd is None:
            words = ["/bin/sh", "-c", 'exec "$@" 2>&-', "sh", *words]
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=log.fd)
        self.client = self.connected()
        self.seq = 0

    def connected(self) -> socket.socket:
        deadline = time.monotonic() + 10.0
        while True:
            client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            client.settimeout(10.0)
            try:
                client.connect(str(self.path))
                client.send(b'{"type":"hello","version":2}')
                if json.loads(client.recv(2048))["type"] == "hello":
                    return client
            except OSError:
                pass
            client.close()
            assert time.monotonic() < deadline, "the board does not take a client"
            time.sleep(0.02)

    def say(self, **message: Any) -> None:
        self.seq += 1
        self.client.send(json.dumps({**message, "seq": self.seq}).encode())

    def offer(self) -> None:
        self.say(type="offer", connector=1, amps=16.0, lease_s=LEASE_S, transaction=True)

    def until(self, wanted: Callable[[Message], bool], within_s: float) -> Message | None:
        deadline = time.monotonic() + within_s
        while (left := deadline - time.monotonic()) > 0:
            self.client.settimeout(left)
            try:
                message: Message = json.loads(self.client.recv(2048))
            except OSError:
                return None
            if wanted(message):
                return message
        return None


def _opens(board: Board, dice: random.Random) -> float:
    """Charge, renew for a while, say no more; seconds from the lapse of the lease to the open contactor."""
    board.say(type="do", what="sim", words=["plug"])
    for _ in range(40):
        board.offer()
        if board.until(lambda m: m["type"] == "contactor" and m["closed"], LEASE_S / 4):
            break
    else:
        raise AssertionError("the contactor did not close")
    for _ in range(dice.randrange(4)):
        time.sleep(dice.uniform(0.0, LEASE_S / 3))
        board.offer()
    if dice.random() < 0.5:  # lines about every fault, while the lease lapses
        for _ in range(20):
            for how in ("on", "off"):
                board.say(type="do", what="sim", words=["fault", "reader-lost", how])
        board.offer()
    lapses = time.monotonic() + LEASE_S
    if dice.random() < 0.5:
        board.client.close()
        time.sleep(dice.uniform(0.0, LEASE_S))
        board.client = board.connected()
    opened = board.until(lambda m: m["type"] == "contactor" and not m["closed"], LEASE_S + VEHICLE_S + 5.0)
    assert opened is not None, "the contactor did not open"
    return float(opened["at"]) - lapses


def trial(kind: str, seed: int) -> float:
    """One life of a board with such a log; seconds from the lapse of its lease to the open contactor."""
    with tempfile.TemporaryDirectory(prefix="evsed-") as folder:
        log = LOGS[kind]()
        board = Board(Path(folder), log)
        try:
            took_s = _opens(board, random.Random(seed))
            assert board.process.poll() is None, f"the board process ended with {board.process.returncode}"
            board.process.terminate()
            assert board.process.wait(9.0) == 0, "it did not end as asked"
            return took_s
        finally:
            board.process.kill()
            board.process.wait()
            board.client.close()
            log.end()


class LoggedBench(Bench):
    """Both processes; stderr of `evsed` goes where it is told."""

    def __init__(self, url: str, log: Log) -> None:
        self.stderr = log
        super().__init__(url, lease_s=DAEMON_LEASE_S)

    async def _spawn(self, *words: str) -> asyncio.subprocess.Process:
        if words[0] != "evsed":
            return await super()._spawn(*words)
        command = [str(BIN / words[0]), *words[1:]]
        if self.stderr.fd is None:
            command = ["/bin/sh", "-c", 'exec "$@" 2>&-', "sh", *command]
        null = asyncio.subprocess.DEVNULL
        return await asyncio.create_subprocess_exec(*command, stdin=null, stdout=null, stderr=self.stderr.fd)


async def _daemon_trial(kind: str, dice: random.Random) -> float:
    log = LOGS[kind]()
    try:
        async with ScriptedCentralSystem() as central, LoggedBench(central.url, log) as bench:
            await bench.ready()
            await bench.charge(until=flows)
            for number in range(60):  # lines and lines
                assert (await bench.ask("sim", words=["tap", f"NOBODY-{number}"])) is not None
            await asyncio.sleep(dice.uniform(DAEMON_LEASE_S, 1.5 * DAEMON_LEASE_S))
            assert charges(await bench.status()), "the lease was not renewed"
            assert bench.daemon is not None
            how = dice.choice((signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP))
            bench.daemon.send_signal(how)
            lapses = time.monotonic() + DAEMON_LEASE_S
            if how == signal.SIGTERM:
                assert await asyncio.wait_for(bench.daemon.wait(), 6.0) == 0
            elif how == signal.SIGKILL:
                await bench.daemon.wait()
            return await _world_opens(bench) - lapses
    finally:
        log.end()


async def _world_opens(bench: Bench) -> float:
    """When the contactor is open, as the world's file says."""
    deadline = time.monotonic() + DAEMON_LEASE_S + VEHICLE_S + 5.0
    while json.loads((bench.home / "world.json").read_bytes())["connectors"][0]["contactor"]:
        assert time.monotonic() < deadline, "the contactor did not open"
        await asyncio.sleep(0.01)
    return time.monotonic()


def daemon_trial(kind: str, seed: int) -> float:
    """One life of `evsed` with such a log, ended, killed or hung while it charges."""
    return asyncio.run(_daemon_trial(kind, random.Random(seed)))


def campaign(trials: int, at_once: int = 4, play: Callable[[str, int], float] = trial) -> dict[str, list[float]]:
    """Each kind of log in turn; the seconds that each opening took after its lease."""
    kinds = [list(LOGS)[number % len(LOGS)] for number in range(trials)]
    took: dict[str, list[float]] = {kind: [] for kind in LOGS}
    with ThreadPoolExecutor(at_once) as pool:
        for kind, took_s in zip(kinds, pool.map(play, kinds, range(trials)), strict=True):
            took[kind].append(took_s)
    return took


def main() -> int:
    """Exit code 1: something was late."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--of", choices=("evsed-board", "evsed"), default="evsed-board", help="whose log it is")
    options = parser.parse_args()
    took = campaign(options.trials, play=trial if options.of == "evsed-board" else daemon_trial)
    for kind, seconds in took.items():
        if seconds:
            print(f"{kind:<24} {len(seconds):4} trials, open {max(seconds):.2f} s after the lease at the latest")
    late = [s for seconds in took.values() for s in seconds if s > VEHICLE_S + LATE_S]
    print(f"{sum(map(len, took.values()))} trials, {len(late)} late")
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
