"""`evsectl`: what is asked, what is printed, how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from daemon.ctl.__main__ import main
from daemon.ctl.wire import Unreachable
from daemon.store import Store
from tests.daemon.ctl.test_show import STATUS
from tests.daemon.ctl.test_wire import daemon_says

KEY = {"key": "K", "value": "1", "readonly": False, "type": "int", "min": 0, "max": 9, "unit": "", "what": ""}
QUEUE = {"item": 4, "kind": "stop"}
REASON = {"connector": 1, "text": "No car.", "remedy": "Plug in.", "amps": 0.0, "chain": []}
NOTE = {"mono": 1.0, "utc": None, "code": "x", "priority": 5, "text": "noted"}

LOOKS: list[tuple[str, dict[str, Any], str]] = [
    ("status", {"status": STATUS}, "CP1: Available"),
    ("why", {"why": [REASON]}, "No car."),
    ("why 1", {"why": [REASON]}, "No car."),
    ("queue list", {"queue": [QUEUE]}, "stop"),
    ("queue show 4", {"queue": [QUEUE]}, "kind: stop"),
    ("transactions", {"transactions": []}, "no transaction"),
    ("config get", {"configuration": [KEY]}, "K"),
    ("config get K", {"configuration": [KEY]}, "K"),
    ("log", {"log": [NOTE]}, "noted"),
]


def says(answer: dict[str, Any]) -> bytes:
    return json.dumps({"v": 1, "ok": True, **answer}).encode() + b"\n"


@pytest.mark.parametrize(("words", "answer", "text"), LOOKS)
def test_looks(
    words: str, answer: dict[str, Any], text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each look is asked of the daemon and printed for a person, or as JSON with where it came from."""
    with daemon_says(tmp_path / "s", says(answer)):
        assert main(["--socket", str(tmp_path / "s"), *words.split()]) == 0
    assert text in capsys.readouterr().out
    (tmp_path / "s").unlink()
    with daemon_says(tmp_path / "s", says(answer)):
        assert main(["--json", "--socket", str(tmp_path / "s"), *words.split()]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["v"] == 1 and told["source"] == "daemon"


ACTS: list[tuple[str, dict[str, Any]]] = [
    ("config set K V", {"do": "set", "key": "K", "value": "V"}),
    ("queue park 4", {"do": "park", "item": 4}),
    ("queue retry", {"do": "retry", "item": None}),
    ("stop-transaction --connector 2", {"do": "stop", "connector": 2}),
    ("reset", {"do": "reset", "hard": False}),
    ("reset --hard", {"do": "reset", "hard": True}),
    ("selftest --clear-latched", {"do": "selftest", "clear_latched": True}),
    ("sim fault rcd on --connector 1", {"do": "sim", "words": ["fault", "rcd", "on"], "connector": 1}),
]


@pytest.mark.parametrize(("words", "asked"), ACTS)
def test_acts(words: str, asked: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each act is one question; the daemon's words are printed."""
    with daemon_says(tmp_path / "s", says({"text": "well done"})) as lines:
        assert main(["--socket", str(tmp_path / "s"), *words.split()]) == 0
    assert json.loads(lines[0]) == {"v": 1, **asked} and capsys.readouterr().out == "well done\n"


def test_refusals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the daemon refuses ends with 1, what was asked wrongly with 2, both with its words."""
    for answer, code in ((b'{"ok":false,"error":"no"}\n', 1), (b'{"ok":false,"error":"no","usage":true}\n', 2)):
        with daemon_says(tmp_path / "s", answer):
            assert main(["--socket", str(tmp_path / "s"), "reset"]) == code
        assert "no" in capsys.readouterr().err
        (tmp_path / "s").unlink()
    with daemon_says(tmp_path / "s", says({"queue": []})):
        assert main(["--socket", str(tmp_path / "s"), "queue", "show", "4"]) == 2


def test_usage_and_help(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong line and a file that is not there end with 2; help is no mistake."""
    assert main(["frobnicate"]) == 2 and main(["doctor"]) == 2
    assert main(["--config", str(tmp_path / "none"), "status"]) == 2
    assert "not built yet" in capsys.readouterr().err
    assert main(["--help"]) == 0
    assert "usage: evsectl" in capsys.readouterr().out


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "evsed.toml"
    file.write_text(
        f'[station]\nid = "CP1"\n[csms]\nurl = "ws://h"\nsecurity_profile = 0\nallow_insecure = true\n'
        f'[store]\ndir = "{tmp_path}/store"\n[control]\nsocket = "{tmp_path}/none"\n'
    )
    return file


def test_without_a_daemon(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Acts end with 3; looks too where there is no store, and with the store's answer where there is one."""
    assert main(["--config", str(file), "sim", "plug"]) == 3
    assert main(["--config", str(file), "status"]) == 3
    Store.open(file.parent / "store").close()
    capsys.readouterr()
    for words in ("status", "watch", "transactions", "queue list", "why", "config get", "log", "trace"):
        assert main(["--config", str(file), "--json", *words.split()]) == 0, words
        out = capsys.readouterr().out
        assert not out or json.loads(out)["source"] == "store"
    assert main(["--config", str(file), "status"]) == 0
    captured = capsys.readouterr()
    assert "store holds" in captured.err and "CP1" in captured.out


def test_the_reference_of_keys(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every key of the product, without daemon and store."""
    assert main(["--config", str(file), "config", "reference"]) == 0
    assert "HeartbeatInterval" in capsys.readouterr().out
    assert main(["--config", str(file), "--json", "config", "reference"]) == 0
    assert json.loads(capsys.readouterr().out)["source"] == "product"


def test_following_live(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Trace prints what comes until the daemon ends; that is told and ends with 3."""
    lines = says({"following": True}) + says({"frame": "[2]", "from": "station"})
    with daemon_says(tmp_path / "s", lines):
        assert main(["--socket", str(tmp_path / "s"), "trace"]) == 3
    captured = capsys.readouterr()
    assert captured.out == "-> [2]\n" and "went away" in captured.err
    (tmp_path / "s").unlink()
    with daemon_says(tmp_path / "s", says({"status": STATUS})):
        assert main(["--socket", str(tmp_path / "s"), "watch"]) == 3


def test_an_interruption_is_no_failure(tmp_path: Path) -> None:
    """Ctrl-C ends what follows with 0, and so does a pipe that is closed."""

    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    def closed(*_: object) -> int:
        raise BrokenPipeError

    assert main(["--socket", str(tmp_path / "s"), "status"], {"status": interrupted}) == 0
    devnull: list[int] = []
    assert main(["--socket", str(tmp_path / "s"), "status"], {"status": closed}, lambda: devnull.append(1)) == 0
    assert devnull == [1]


def test_a_daemon_out_of_reach_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever cannot be reached is named with its place."""

    def unreachable(*_: object) -> int:
        raise Unreachable("not there")

    assert main(["status"], {"status": unreachable}) == 3
    assert "not there" in capsys.readouterr().err
