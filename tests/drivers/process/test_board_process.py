"""The loop of evsed-board, turn by turn: who may speak, what is forwarded, how it ends.  Time is the test's own."""

from __future__ import annotations

import json
import resource
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from drivers.board_protocol import MAX_BYTES, decode, encode
from drivers.process.board_process import BoardProcess, main
from drivers.process.config import BoardConfig, Hosted, host_of, keeper_of
from drivers.process.supervisor import Supervisor

OFFER = {
    "type": "offer",
    "connector": 1,
    "amps": 16.0,
    "locked": False,
    "in_service": True,
    "lamp": "off",
    "lease_s": 20.0,
    "seq": 1,
}


class Client:
    """evsed's end."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        self.socket.connect(str(path))

    def send(self, *messages: dict[str, Any]) -> None:
        for message in messages:
            self.socket.send(encode(message))

    def heard(self) -> list[dict[str, Any]]:
        """Everything that has come; ends with `{"type": "closed"}` where the board has closed."""
        messages: list[dict[str, Any]] = []
        while True:
            try:
                data = self.socket.recv(MAX_BYTES)
            except BlockingIOError:
                return messages
            if not data:
                return [*messages, {"type": "closed"}]
            messages.append(decode(data, "from_board"))

    def raw(self) -> list[bytes]:
        """Every packet that has come, as it is."""
        packets: list[bytes] = []
        with suppress(BlockingIOError):
            while data := self.socket.recv(MAX_BYTES):
                packets.append(data)
        return packets


class Unit:
    """A board process whose clock stands still but for `wait`."""

    def __init__(self, folder: Path, wrapped: Callable[[Unit, Any], Any] | None = None) -> None:
        self.path = folder / "board.sock"
        self.now = 1000.0
        self.told: list[str] = []
        self.dark = 0
        self.log: list[str] = []
        config = BoardConfig(self.path, 1, 20.0, folder, 1, "cable", 32.0, False)
        keeper = keeper_of(config, self._log)

        def make() -> Hosted:
            hosted = host_of(config, 7, keeper)
            return hosted if wrapped is None else hosted._replace(host=wrapped(self, hosted.host))

        self.process = BoardProcess(
            make,
            config,
            Supervisor(self.told.append, 30.0),
            self._log,
            lambda: self.now,
            self._dark,
        )

    def _log(self, kind: str, text: str) -> None:
        self.log.append(text)

    def _dark(self) -> None:
        self.dark += 1

    def attached(self) -> Client:
        client = Client(self.path)
        self.process.turn()
        client.send({"type": "hello", "version": 2})
        self.process.turn()
        return client

    def wait(self, seconds: float) -> None:
        """Let time pass in steps that no wake of the board is longer than."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(self.now + 0.01, end)
            if self.process._hosted.host.wake_at() <= self.now:
                self.process.turn()


@pytest.fixture
def unit(tmp_path: Path) -> Iterator[Unit]:
    """One that is put away afterwards."""
    unit = Unit(tmp_path)
    yield unit
    unit.process.stop()
    unit.now += 100.0
    unit.process.run()


def kinds(messages: list[dict[str, Any]]) -> list[str]:
    return [message["type"] for message in messages]


def sim(*words: str) -> dict[str, Any]:
    return {"type": "do", "what": "sim", "words": list(words), "connector": None, "seq": 5}


def test_a_client_is_greeted(unit: Unit) -> None:
    """hello, the connector and its present states, at connect."""
    client = Client(unit.path)
    unit.process.turn()
    unit.now += 0.05
    unit.process.turn()
    assert kinds(client.heard()) == ["hello", "connector", "pilot", "cable", "contactor", "meter"]
    assert "WATCHDOG=1" in unit.told


def test_a_second_client_is_refused_until_the_first_is_gone(unit: Unit) -> None:
    """One controlling client; the reason is told."""
    first = unit.attached()
    second = Client(unit.path)
    unit.process.turn()
    assert second.heard() == [
        {"type": "refused", "reason": "another client controls this board"},
        {"type": "closed"},
    ]
    first.socket.close()
    unit.process.turn()
    assert kinds(unit.attached().heard())[0] == "hello"


def test_orders_and_offers_are_forwarded_and_answered(unit: Unit) -> None:
    """A charge through the socket."""
    client = unit.attached()
    client.send(sim("plug"), OFFER)
    unit.process.turn()
    assert {"done", "ack"} <= set(kinds(client.heard()))
    unit.wait(5.0)
    told = client.heard()
    assert [m["closed"] for m in told if m["type"] == "contactor"] == [True]


@pytest.mark.parametrize(
    ("packets", "reason"),
    [
        ([encode(OFFER)], "offer before hello"),
        ([encode({"type": "hello", "version": 99})], "version 99; understood here is 3"),
        ([b"nonsense"], "not JSON"),
        ([b"x" * 2000], "longer than 1024 bytes"),
        ([encode({"type": "hello", "version": 1}), encode({**OFFER, "connector": 2})], "connector 2: this board has 1"),
    ],
)
def test_malformed_packets_end_the_connection_with_a_reason(unit: Unit, packets: list[bytes], reason: str) -> None:
    """And the board goes on."""
    client = Client(unit.path)
    unit.process.turn()
    client.heard()
    for packet in packets:
        client.socket.send(packet)
    unit.process.turn()
    *_, refused, closed = client.heard()
    assert refused["reason"].startswith(reason) and closed == {"type": "closed"}
    assert kinds(unit.attached().heard())[0] == "hello"


def test_a_flood_is_taken_in_portions(unit: Unit) -> None:
    """Other things have their turn between; nothing is lost."""
    client = unit.attached()
    client.heard()
    client.send(*[OFFER] * 100)
    unit.process.turn()
    first = len(client.heard())
    unit.process.turn()
    assert (first, len(client.heard())) == (64, 36)


def test_a_client_that_takes_nothing_is_dropped(unit: Unit) -> None:
    """Its lease decides; the next one is welcome."""
    client = unit.attached()
    for _ in range(30):
        client.send(*[OFFER] * 30)
        unit.process.turn()
        if "client does not read" in unit.log:
            break
    assert unit.log[-1] == "client does not read"
    assert kinds(unit.attached().heard())[0] == "hello"


def test_a_charge_outlives_its_client(unit: Unit) -> None:
    """Lost and found within the lease: no click; the greeting tells the closed contactor."""
    client = unit.attached()
    client.send(sim("plug"), OFFER)
    unit.process.turn()
    unit.wait(5.0)
    client.socket.close()
    unit.wait(10.0)
    again = unit.attached()
    assert [m["closed"] for m in again.heard() if m["type"] == "contactor"] == [True]
    again.send(OFFER)
    unit.process.turn()
    unit.wait(15.0)
    assert "contactor" not in kinds(again.heard())


def test_the_end_of_a_lease_is_in_the_log(unit: Unit) -> None:
    """Who was gone, what followed, and when the contactor moved: a line each."""
    client = unit.attached()
    client.send(sim("plug"), OFFER)
    unit.process.turn()
    unit.wait(5.0)
    client.socket.close()
    unit.wait(40.0)
    log = unit.log
    words = ("contactor closed", "client disconnected", "the lease ran out", "contactor open")
    places = [next(at for at, line in enumerate(log) if word in line) for word in words]
    assert places == sorted(places)


def test_asked_to_stop_it_ends_the_charge_properly(tmp_path: Path) -> None:
    """Steady pilot, the car stops, the contactor opens, all of it told; nothing is taken any more; exit."""
    unit = Unit(tmp_path)
    client = unit.attached()
    client.send(sim("plug"), OFFER)
    unit.process.turn()
    unit.wait(5.0)
    client.heard()
    unit.process.stop()
    unit.process.turn()
    client.send(OFFER)
    unit.process.turn()
    assert "STOPPING=1" in unit.told
    unit.wait(3.0)
    told = client.heard()
    assert [m["amps"] for m in told if m["type"] == "ack"] == [0.0]
    assert [m["closed"] for m in told if m["type"] == "contactor"] == [False]
    unit.process.run()
    assert not unit.path.exists() and unit.told[-1] == "READY=1"


def test_asked_to_stop_in_the_moment_of_closing(tmp_path: Path) -> None:
    """A contactor that has not been told closed yet is waited for like any other."""
    unit = Unit(tmp_path)
    client = unit.attached()
    client.send(sim("plug"), OFFER)
    unit.process.turn()
    host = unit.process._hosted.host
    while not host.is_live():
        unit.wait(0.01)
    assert not unit.process._closed
    unit.process.stop()
    unit.process.turn()
    assert not unit.process._done()
    unit.wait(3.0)
    assert not host.is_live()
    unit.process.run()


def test_signals_that_pile_up_do_no_harm(unit: Unit) -> None:
    """Only the first one counts, and the pipe that wakes the loop may be full."""
    for _ in range(2000):
        unit.process.stop()
    unit.process.turn()
    assert unit.told.count("STOPPING=1") == 1


def test_a_power_cut_is_answered_first(unit: Unit) -> None:
    """done, the world kept, then dark."""
    client = unit.attached()
    client.heard()
    client.send(sim("power-cut"))
    unit.process.turn()
    assert kinds(client.heard()) == ["done"] and unit.dark == 1


def test_a_hard_reset_is_played(unit: Unit) -> None:
    """The connection ends, and behind it is a board of another boot."""
    client = unit.attached()
    first = client.heard()[0]
    client.send(sim("hard-reset"))
    unit.process.turn()
    assert kinds(client.heard()) == ["done", "closed"]
    again = unit.attached().heard()[0]
    assert again["boot_id"] != first["boot_id"]


def test_a_world_that_cannot_be_kept_leaves_no_socket(tmp_path: Path) -> None:
    """Exit 1 with the reason; the same where another board answers."""
    (tmp_path / "file").write_text("")
    file = tmp_path / "board.toml"
    file.write_text(f'socket = "{tmp_path}/board.sock"\n[simulated]\nstate_dir = "{tmp_path}/file"\n')
    assert main(["--config", str(file)]) == 1
    assert not (tmp_path / "board.sock").exists()


def test_a_reader_of_faults_sees_them_in_the_log(unit: Unit) -> None:
    """Each fault is a line, of a connector or of the station."""
    client = unit.attached()
    client.send(sim("fault", "rcd", "on"), sim("fault", "overtemperature", "on"))
    unit.process.turn()
    log = "\n".join(unit.log)
    assert "connector 1: fault rcd on: residual current" in log and "station: fault overtemperature on: 90 C" in log


def test_point_13_who_only_holds_the_connection_does_not_hold_the_board(unit: Unit) -> None:
    """Without a hello another client may take the place; a second later the silent one is refused."""
    held = Client(unit.path)
    unit.process.turn()
    first = unit.attached()
    assert "hello" in kinds(first.heard())
    assert held.heard()[-2:] == [
        {"type": "refused", "reason": "another client controls this board"},
        {"type": "closed"},
    ]
    first.socket.close()
    unit.process.turn()
    mute = Client(unit.path)
    unit.process.turn()
    unit.now += 1.0
    unit.process.turn()
    *_, refused, closed = mute.heard()
    assert refused["reason"] == "no hello within 1 s" and closed["type"] == "closed"


def test_point_13_many_holders_make_room(unit: Unit) -> None:
    """The oldest newcomer goes; whoever speaks is served."""
    holders = [Client(unit.path) for _ in range(4)]
    for _ in holders:
        unit.process.turn()
    last = unit.attached()
    assert "hello" in kinds(last.heard()) and holders[0].heard()[-1]["type"] == "closed"


def test_point_13_a_client_that_was_silent_for_a_lease_gives_way(unit: Unit) -> None:
    """It said hello and then nothing: its lease is over, and so is its hold; until then it stays."""
    silent = unit.attached()
    unit.now += 19.9
    second = Client(unit.path)
    unit.process.turn()
    assert second.heard()[0]["type"] == "refused"
    unit.now += 0.1
    assert "hello" in kinds(unit.attached().heard())
    assert silent.heard()[-1]["type"] == "closed"


def test_point_3_the_greeting_says_what_became_of_the_offer(unit: Unit) -> None:
    """Kept within the lease, lapsed after it, withdrawn once no transaction stands behind it; else unknown."""

    def told() -> tuple[object, object]:
        client = unit.attached()
        (connector,) = (m for m in client.heard() if m["type"] == "connector")
        client.socket.close()
        unit.process.turn()
        return connector["offer"], connector["offer_at"]

    def offer(**fields: object) -> None:
        client = unit.attached()
        client.send({**OFFER, **fields})
        unit.process.turn()
        client.socket.close()
        unit.process.turn()

    assert told() == (None, None)
    offer()
    assert told() == (None, None), "a client of version 1 does not say it"
    offer(transaction=True)
    began = unit.now
    unit.wait(5.0)
    offer(transaction=True, amps=0.0)
    unit.wait(19.0)
    assert told() == ("kept", began)
    unit.wait(2.0)
    assert told() == ("lapsed", began)
    offer(transaction=False, amps=0.0)
    assert told() == ("withdrawn", unit.now)


def test_point_3_a_client_of_version_1_is_greeted_in_version_1(unit: Unit) -> None:
    """It refuses fields that it does not know."""
    client = unit.attached()
    client.send({**OFFER, "transaction": True})
    unit.process.turn()
    client.socket.close()
    unit.process.turn()
    old = Client(unit.path)
    old.send({"type": "hello", "version": 1})
    unit.process.turn()
    unit.process.turn()
    raw = [json.loads(packet) for packet in old.raw()]
    assert raw[0]["version"] == 1 and "offer" not in raw[1] and "offer_at" not in raw[1]


class Breaking:
    """A board in which something is wrong from a certain moment on."""

    def __init__(self, unit: Unit, board: Any) -> None:
        self.unit = unit
        self.board = board
        self.broken = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.board, name)

    def advance(self, now: float) -> Any:
        assert not self.broken, "planted"
        return self.board.advance(now)

    def open_all(self, now: float) -> None:
        self.board.open_all(now)
        self.unit.now += 0.1


def test_point_1_an_error_in_the_host_opens_the_contactors(tmp_path: Path) -> None:
    """Whatever is raised: no signal, contactor open, exit code 1, and the log says so."""
    unit = Unit(tmp_path, Breaking)
    client = unit.attached()
    client.send(sim("plug"), OFFER)
    unit.process.turn()
    unit.wait(5.0)
    board: Any = unit.process._hosted.host
    assert board.state()["connectors"][0]["contactor"]
    board.broken = True
    assert unit.process.run() == 1
    assert board.state()["connectors"][0]["contactor"] is False
    assert "every contactor was opened" in "\n".join(unit.log) and "AssertionError: planted" in unit.log
    assert not unit.path.exists()


def test_point_1_a_kernel_that_does_not_let_us_wait(unit: Unit) -> None:
    """poll fails where the limit of descriptors was lowered: everything is looked at instead."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    client = unit.attached()
    client.heard()
    client.send(OFFER)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1, hard))
    try:
        heard = []
        for _ in range(50):
            unit.process.turn()
            heard += kinds(client.heard())
            unit.now += 0.01
            if "ack" in heard:
                break
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert "ack" in heard


def test_point_1_a_client_that_cannot_be_accepted(unit: Unit) -> None:
    """No descriptor is free: one line a second, the loop goes on, the client is served later."""
    client = Client(unit.path)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1, hard))
    try:
        for _ in range(20):
            unit.process.turn()
            unit.now += 0.01
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len([line for line in unit.log if "cannot be accepted" in line]) == 1
    client.send({"type": "hello", "version": 2})
    unit.now += 1.0
    unit.process.turn()
    unit.process.turn()
    assert "hello" in kinds(client.heard())


def test_point_8_a_talkative_client_is_read_more_slowly(unit: Unit) -> None:
    """A thousand packets at once, then five hundred a second: what is more waits in the kernel, nobody is dropped."""
    client = unit.attached()
    client.heard()
    answered = 0
    for _ in range(30):
        try:
            client.send(*[OFFER] * 60)
        except BlockingIOError:
            break
        unit.process.turn()
        answered += len(client.heard())
    assert 900 < answered < 1000
    unit.now += 0.1
    unit.process.turn()
    assert 40 < len(client.heard()) < 60


def test_the_arguments(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--version, --check-config with exit 0 or 2."""
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("evsed-board ")
    file = tmp_path / "board.toml"
    file.write_text("")
    assert main(["--config", str(file), "--check-config"]) == 0
    file.write_text("lease_s = 0")
    assert main(["--config", str(file), "--check-config"]) == 2
    assert f"{file}:1: lease_s: 0 does not fit" in capsys.readouterr().err
