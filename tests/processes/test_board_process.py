"""evsed-board as a real process: it greets, charges, outlives its client, ends properly, dies, and comes back."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
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

    def saved(self, wanted: Callable[[Message], bool], within_s: float = 10.0) -> None:
        """Once the world's file, which is written beside the loop, says so."""
        end = time.monotonic() + within_s
        while not wanted(self.world()):
            assert time.monotonic() < end, f"not within {within_s} s: {self.world()}"
            time.sleep(0.02)

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
    board.saved(lambda world: world["connectors"][0]["contactor"])
    board.end()
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


# --- hostile surroundings -----------------------------------------------------------------------------------------


def limit(board: Board, which: int, soft: int) -> None:
    """Lower (or restore) a limit of the running process."""
    _, hard = resource.prlimit(board.process.pid, which)
    resource.prlimit(board.process.pid, which, (soft if soft >= 0 else hard, hard))


def test_point_1_a_lack_of_descriptors_costs_no_charge(board: Board) -> None:
    """No client can be accepted, not even poll works: the charge goes on, and ends in time with its lease."""
    board.charge()
    limit(board, resource.RLIMIT_NOFILE, 1)
    others = []
    for _ in range(3):
        other = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        other.connect(str(board.path))
        others.append(other)
    began = time.process_time(), cpu_s(board)
    time.sleep(1.5)
    assert cpu_s(board) - began[1] < 0.5, "it spins"
    board.offer(16.0, lease_s=2.0)
    board.contactor(False, 9.0)
    assert board.process.poll() is None
    for other in others:
        other.close()


def cpu_s(board: Board) -> float:
    fields = Path(f"/proc/{board.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_point_1_a_world_that_cannot_be_written_costs_no_charge(board: Board) -> None:
    """No write succeeds any more: the board charges on, says so once, and writes again as soon as it can."""
    board.charge()
    limit(board, resource.RLIMIT_FSIZE, 0)
    wh = board.until(lambda m: m["type"] == "meter" and m["wh"] > 0.0)["wh"]
    board.offer(16.0)
    board.until(lambda m: m["type"] == "meter" and m["wh"] > wh)
    kept = board.world()["connectors"][0]["meter"]["wh"]
    limit(board, resource.RLIMIT_FSIZE, -1)
    deadline = time.monotonic() + 5.0
    while board.world()["connectors"][0]["meter"]["wh"] <= kept:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    board.process.send_signal(signal.SIGTERM)
    assert board.process.wait(9.0) == 0
    assert board.process.stderr is not None
    assert board.process.stderr.read().count("the simulated world cannot be written") == 1


def test_point_8_a_talkative_client_does_not_delay_the_reflex(board: Board) -> None:
    """It floods orders as fast as the socket takes them, and holds no lease: the contactor opens in time."""
    board.charge()
    board.offer(16.0, lease_s=2.0)
    lapses = time.monotonic() + 2.0
    flood = encode({"type": "latched", "connector": 1, "code": "meter-lost-not"})
    over = threading.Event()

    def talk() -> None:
        while not over.is_set():
            try:
                board.client.send(flood)
            except OSError:
                return

    talker = threading.Thread(target=talk, daemon=True)
    talker.start()
    opened = board.contactor(False, 12.0)
    over.set()
    assert opened["at"] - lapses < 6.5


@pytest.mark.skipif(os.getuid() != 0, reason="another user can be played by root only")
def test_point_13_another_user_offers_nothing(board: Board) -> None:
    """Even with the right to connect: SO_PEERCRED tells who it is, and nothing of his is taken."""
    board.sim("plug")
    board.client.close()
    board.folder.chmod(0o755)
    board.path.chmod(0o666)
    play = (
        "import os, socket, sys; os.setuid(4711)\n"
        "s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.connect(sys.argv[1])\n"
        "try:\n"
        '    s.send(b\'{"type":"hello","version":2}\')\n'
        '    s.send(b\'{"type":"offer","connector":1,"amps":16,"lease_s":20,"seq":1}\')\n'
        "except OSError: pass\n"
        "print(s.recv(2000).decode())\n"
    )
    for folder in (board.folder, *board.folder.parents):
        if folder.stat().st_uid == 0 and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o011)
    heard = subprocess.run([sys.executable, "-c", play, str(board.path)], capture_output=True, text=True, check=False)
    assert "user 4711 may not control this board" in heard.stdout, heard
    board.attach()
    assert [m["closed"] for m in board.said if m["type"] == "contactor"] == [False]


def test_point_16_a_file_in_the_place_of_the_socket_stays(tmp_path: Path) -> None:
    """Exit 1, the reason, and every byte is where it was."""
    path, config = tmp_path / "board.sock", tmp_path / "board.toml"
    path.write_text("precious")
    config.write_text(f'socket = "{path}"\n[simulated]\nstate_dir = "{tmp_path}"\n')
    words = [sys.executable, "-m", "drivers.process.board_process", "--config", str(config)]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ended.returncode == 1 and "a regular file is in the way" in ended.stderr
    assert path.read_text() == "precious"
