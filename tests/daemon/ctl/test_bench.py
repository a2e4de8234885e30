"""The board's commands of `evsectl`: which board file, refusals, text for people, JSON lines, exit codes."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from daemon.command_line import UsageError
from daemon.ctl.__main__ import BENCH, main
from daemon.ctl.arguments import parse
from daemon.ctl.bench import run, text_of
from tests.drivers.bench.stand import BOARD, Stand
from tests.drivers.meters.exchanges import SDM120, SDM120_AS_JSON


@pytest.fixture
def board(tmp_path: Path) -> Path:
    file = tmp_path / "board.toml"
    file.write_text(BOARD.replace('name = "acme-7k"', f'name = "acme-7k"\nsocket = "{tmp_path}/board.sock"'))
    return file


Evsectl = Callable[..., tuple[int, list[Any]]]


@pytest.fixture
def evsectl(board: Path, capsys: pytest.CaptureFixture[str]) -> Evsectl:
    """Exit code and lines of a command on this board; `ports`: a bench of memory, else this machine."""

    def call(*words: str, ports: Any = None, number: int | None = None) -> tuple[int, list[Any]]:
        line = parse([*words, "--board", str(board)])
        code = run(line, number, ports)
        lines = capsys.readouterr().out.splitlines()
        return code, [json.loads(each) for each in lines] if line.as_json else lines

    return call


def ports(answers: bool = True) -> Any:
    stand = Stand()
    if answers:
        stand.ports.answer = SDM120.get
    return stand.ports


def test_meter_read_as_json(evsectl: Evsectl) -> None:
    """The fields of the interface and no other; exit 0."""
    code, lines = evsectl("meter", "read", "--json", ports=ports())
    assert (code, lines) == (
        0,
        [SDM120_AS_JSON],
    )


def test_meter_read_without_an_answer(evsectl: Evsectl) -> None:
    """Exit 1; connector, problem, advice."""
    code, (found,) = evsectl("meter", "read", "--json", ports=ports(answers=False))
    assert code == 1
    assert list(found) == ["connector", "problem", "advice"]
    assert found["problem"] == "no answer"


def test_meter_read_for_people(evsectl: Evsectl) -> None:
    """In units; and what was expected, what went wrong and what to check."""
    code, lines = evsectl("meter", "read", ports=ports())
    assert lines == ["connector 1, sdm120: 12345.678 kWh; 230.2 V; 13.05 A; 2997.4 W; 49.98 Hz; serial 17042371"]
    code, lines = evsectl("meter", "read", ports=ports(answers=False), number=1)
    assert code == 1
    assert [line.split(":")[0].strip() for line in lines] == ["connector 1", "expected", "wrong", "check"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("meter", "scan", "--bus", "x"), "no serial bus x"),
        (("meter", "scan"), "no such device"),
        (("relay", "test"), "no such PWM"),
        (("rfid", "read", "--timeout", "0.1"), "no such device"),
    ],
)
def test_on_a_machine_without_the_board(evsectl: Evsectl, words: tuple[str, ...], says: str) -> None:
    """Every command ends with 1 and says what is missing."""
    code, lines = evsectl(*words, "--json")
    assert code == 1
    assert says in lines[0]["problem"]
    assert lines[0]["advice"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_whoever_ends_a_relay_test_finds_the_contactor_open(evsectl: Evsectl, number: signal.Signals) -> None:
    """Killed while it is closed: it is opened first, and the signals mean afterwards what they meant before."""
    stand = Stand()
    levels = stand.ports.fake.levels
    before = signal.getsignal(signal.SIGTERM)
    interrupt = signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's background job ignores

    class Ending(type(stand.ports.fake)):  # type: ignore[misc]
        """Ends the program as soon as the contactor is closed."""

        def input(self, line: int) -> int:
            if levels.get(17):
                os.kill(os.getpid(), number)
            levels[27] = bool(levels.get(17))
            return super().input(line)  # type: ignore[no-any-return]

    stand.ports.fake.__class__ = Ending
    try:
        with pytest.raises(KeyboardInterrupt):
            evsectl("relay", "test", ports=stand.ports)
    finally:
        signal.signal(signal.SIGINT, interrupt)
    assert ("set", 17, True) in stand.ports.fake.log
    assert levels[17] is False
    assert signal.getsignal(signal.SIGTERM) is before


def test_lock_and_lamp(evsectl: Evsectl) -> None:
    """With a bench of memory: the lock does not move, the lamp shows everything."""
    stand = Stand()
    code, _ = evsectl("lock", "test", "--json", ports=stand.ports)
    assert code == 1


def test_a_connector_that_is_not_there(evsectl: Evsectl) -> None:
    """Usage."""
    with pytest.raises(UsageError, match="there is no connector 2; the board file has 1"):
        evsectl("meter", "read", "2", number=2, ports=ports())


def test_a_board_process_that_runs(board: Path, evsectl: Evsectl) -> None:
    """The board is its own: nothing is opened; a socket that nobody listens at is no obstacle."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.bind(str(board.parent / "board.sock"))
        server.listen(1)
        code, (found,) = evsectl("meter", "read", "--json", ports=ports())
        assert code == 1
        assert found["advice"] == "stop it first: systemctl stop evsed evsed-board"
    code, _ = evsectl("meter", "read", "--json", ports=ports())
    assert code == 0


def test_which_board_file(board: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--board`, or that one of `--config` which is a board file; mistakes in it are usage errors with their line."""
    evsed = board.parent / "evsed.toml"
    evsed.write_text('[station]\nid = "CP1"\n')
    broken = board.parent / "broken.toml"
    broken.write_text("kind = ")
    files = [*("--config", str(evsed)), *("--config", str(broken)), *("--config", str(board))]
    assert main([*files, "meter", "read", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["connector"] == 1
    assert main(["meter", "read", "--board", str(board.parent / "none.toml")]) == 2
    assert "there is no board file" in capsys.readouterr().err
    board.write_text(board.read_text().replace("address = 1\n", "adress = 1\n"))
    assert main(["meter", "read", "--board", str(board)]) == 2
    assert "did you mean address?" in capsys.readouterr().err


def test_a_simulated_board(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """There is nothing to be tried."""
    (tmp_path / "board.toml").write_text('kind = "simulated"\n')
    assert main(["lamp", "test", "--board", str(tmp_path / "board.toml"), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["problem"] == "the board is simulated"


def test_a_lamp_on_a_machine_that_is_no_pi(evsectl: Evsectl) -> None:
    """GPIO is missing, and that is said."""
    code, (found,) = evsectl("lamp", "test", "--json")
    assert code == 1
    assert found["lamp"] == "available"


@pytest.mark.parametrize(
    ("finding", "text"),
    [
        (
            {"bus": "rs485", "address": 3, "driver": None, "because": "x"},
            "bus rs485, address 3, unknown device: because x",
        ),
        ({"problem": "p", "advice": "a"}, "  wrong: p\n  check: a"),
        ({"connector": 1, "ok": True, "saw": "open"}, "connector 1: OK\n  saw: open"),
        ({"id_tag": "04", "raw": "04", "driver": "mfrc522"}, "mfrc522: id_tag 04; raw 04"),
    ],
)
def test_text(finding: dict[str, Any], text: str) -> None:
    """One line, and a line each for what was expected, seen, wrong and to be checked."""
    assert text_of(finding) == text


def test_every_command_of_the_bench_is_there() -> None:
    """As the interface has them."""
    assert set(BENCH) == {
        *("pilot show", "pilot monitor", "pilot set", "pilot calibrate"),
        *("meter read", "meter scan", "rfid read", "relay test", "lock test", "lamp test"),
    }
