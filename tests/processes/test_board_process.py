"""evsed-board as a real process: it greets, charges, outlives its client, ends properly, dies, and comes back."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.board_protocol import MAX_BYTES, decode, encode

Message = dict[str, Any]


class Board:
    """A board process and one client of it."""

    def __init__(self, folder: Path, lease_s: float = 20.0) -> None:
        self.folder = folder
        self.path = folder / "board.sock"
        self.config = folder / "board.toml"
        self.config.write_text(
            f'socket = "{self.path}"\nlease_s = {lease_s}\n[simulated]\nstate_dir = "{folder}"\n', "utf-8"
        )
        self.seq = 0
        self.said: list[Message] = []
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "drivers.process.board_process", "--config", str(self.config)],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        while "ready" not in (line := self.process.stderr.readline()):
            assert line, "it ended before it was ready"
        self.attach()

    def attach(self) -> None:
        self.client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.client.settimeout(5.0)
        self.client.connect(str(self.path))
        self.client.send(encode({"type": "hello", "version": 1}))
        self.said = []
        self.until(lambda m: m["type"] == "meter")

    def until(self, wanted: Callable[[Message], bool], within_s: float = 5.0) -> Message:
        """The next message that is wanted."""
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            data = self.client.recv(MAX_BYTES)
            assert data, "the board closed the connection"
            self.said.append(decode(data, "from_board"))
            if wanted(self.said[-1]):
                return self.said[-1]
        raise AssertionError(f"not within {within_s} s: {self.said[-5:]}")

    def sim(self, *words: str) -> None:
        self.seq += 1
        order = {"type": "do", "what": "sim", "words": list(words), "connector": None, "seq": self.seq}
        self.client.send(encode(order))
        assert self.until(lambda m: m["type"] == "done" and m["seq"] == self.seq)["ok"]

    def offer(self, amps: float, lease_s: float = 20.0) -> None:
        self.seq += 1
        offer = {"type": "offer", "connector": 1, "amps": amps, "lease_s": lease_s, "seq": self.seq}
        self.client.send(encode(offer))

    def charge(self) -> None:
        self.sim("plug")
        self.offer(16.0)
        self.contactor(True)

    def contactor(self, closed: bool, within_s: float = 5.0) -> Message:
        return self.until(lambda m: m["type"] == "contactor" and m["closed"] == closed, within_s)

    def world(self) -> Message:
        world: Message = json.loads((self.folder / "world.json").read_bytes())
        return world

    def end(self) -> None:
        self.client.close()
        self.process.kill()
        self.process.wait()
        assert self.process.stderr is not None
        self.process.stderr.close()


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    """Running, attached; killed afterwards."""
    board = Board(tmp_path)
    yield board
    board.end()


def test_asked_to_end_it_ends_the_charge_first(board: Board) -> None:
    """SIGTERM: steady pilot, the car stops, the contactor opens, a last reading, exit 0; all within 7 s."""
    board.charge()
    board.process.send_signal(signal.SIGTERM)
    opened = board.contactor(False, 7.0)
    assert board.until(lambda m: m["type"] == "meter")["at"] >= opened["at"]
    assert board.process.wait(2.0) == 0
    assert not board.path.exists() and not board.world()["connectors"][0]["contactor"]


def test_silence_ends_the_charge(tmp_path: Path) -> None:
    """Nothing said for the board's own lease: steady pilot, and open at most 6 s later, whatever was promised."""
    board = Board(tmp_path, lease_s=4.0)
    board.charge()
    lapses_at = time.monotonic() + 4.0
    board.until(lambda m: m["type"] == "meter" and m["amps"] == [16.0])
    board.contactor(False, 9.0)
    assert lapses_at - 1.5 < time.monotonic() <= lapses_at + 6.1
    board.end()


def test_a_lost_client_costs_no_click(board: Board) -> None:
    """Gone and back within the lease: the contactor was closed all the time, the session is the same."""
    board.charge()
    session = next(m for m in board.said if m["type"] == "hello")["session_id"]
    board.offer(16.0)
    board.client.close()
    board.attach()
    told = {m["type"]: m for m in board.said}
    assert told["contactor"]["closed"] and told["hello"]["session_id"] == session


def test_killed_and_started_again(board: Board) -> None:
    """Same boot, another session, contactor open, cable and register as they were; `drivers.safe` opens in between."""
    board.charge()
    hello = next(m for m in board.said if m["type"] == "hello")
    wh = board.until(lambda m: m["type"] == "meter" and m["wh"] > 0.0)["wh"]
    board.end()
    assert board.world()["connectors"][0]["contactor"]
    subprocess.run([sys.executable, "-m", "drivers.safe", "--config", str(board.config)], check=True)
    assert not board.world()["connectors"][0]["contactor"]
    board.start()
    told = {m["type"]: m for m in board.said}
    assert told["hello"]["boot_id"] == hello["boot_id"] and told["hello"]["session_id"] != hello["session_id"]
    assert not told["contactor"]["closed"] and told["pilot"]["state"] == "B"
    assert told["meter"]["wh"] >= wh


def test_a_power_cut_is_a_sigkill_and_another_boot(board: Board) -> None:
    """Nothing gets the time to clean up; the register has everything that flowed."""
    board.charge()
    boot = next(m for m in board.said if m["type"] == "hello")["boot_id"]
    wh = board.until(lambda m: m["type"] == "meter" and m["wh"] > 0.0)["wh"]
    board.sim("power-cut")
    assert board.process.wait(2.0) == -signal.SIGKILL
    board.end()
    board.start()
    told = {m["type"]: m for m in board.said}
    assert told["hello"]["boot_id"] != boot and told["meter"]["wh"] >= wh


def test_a_second_board_leaves_the_first_alone(board: Board) -> None:
    """Exit 1, the reason, and the first one's world is not touched."""
    world = board.world()
    second = subprocess.run(
        [sys.executable, "-m", "drivers.process.board_process", "--config", str(board.config)],
        capture_output=True,
        text=True,
        env=os.environ,
        check=False,
    )
    assert second.returncode == 1 and "another board process answers there" in second.stderr
    assert board.world() == world and board.path.exists()
