"""`evsectl`: requests, output, exit codes."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
from pathlib import Path
from typing import Any

import pytest

import daemon
from daemon import __version__
from daemon.config.keys import ENV, SECTIONS, env_name
from daemon.config.loader import load
from daemon.ctl.__main__ import ACTIONS, QUERIES, Context, main
from daemon.ctl.arguments import parse
from daemon.ctl.client import Daemon, Unreachable
from daemon.store.store import Store
from tests.daemon.ctl.test_client import daemon_answering
from tests.daemon.ctl.test_output import STATUS

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
    ("transactions", {"transactions": []}, "no transactions"),
    ("config get", {"configuration": [KEY]}, "K"),
    ("config get K", {"configuration": [KEY]}, "K"),
    ("log", {"log": [NOTE]}, "noted"),
]


def answer_line(answer: dict[str, Any]) -> bytes:
    return json.dumps({"v": 1, "ok": True, **answer}).encode() + b"\n"


@pytest.mark.parametrize(("words", "answer", "text"), LOOKS)
def test_queries(
    words: str, answer: dict[str, Any], text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each query is sent to the daemon, and the answer printed as text, or as JSON with its source."""
    with daemon_answering(tmp_path / "s", answer_line(answer)):
        assert main(["--socket", str(tmp_path / "s"), *words.split()]) == 0
    assert text in capsys.readouterr().out
    (tmp_path / "s").unlink()
    with daemon_answering(tmp_path / "s", answer_line(answer)):
        assert main(["--json", "--socket", str(tmp_path / "s"), *words.split()]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["v"] == 1 and printed["source"] == "daemon"


def test_doctor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a daemon and a configuration it says so, as text and as JSON, with exit code 1."""
    file = tmp_path / "evsed.toml"
    file.write_text(f'[store]\ndir = "{tmp_path}/store"\n')
    words = ["--config", str(file), "--socket", str(tmp_path / "s"), "doctor"]
    assert main(words) == 1
    text = capsys.readouterr().out
    assert text.startswith("FAULT   configuration: ") and "FAULT   daemon: evsed is not reachable" in text
    assert main(["--json", *words]) == 1
    rows = json.loads(capsys.readouterr().out)["findings"]
    assert rows[0].keys() == {"area", "weight", "text", "remedy"} and rows[0]["weight"] == "fault"


ACTS: list[tuple[str, dict[str, Any]]] = [
    ("config set K V", {"do": "set", "key": "K", "value": "V"}),
    ("queue park 4", {"do": "park", "item": 4}),
    ("queue retry", {"do": "retry", "item": None}),
    ("stop-transaction --connector 2", {"do": "stop", "connector": 2}),
    ("reset", {"do": "reset", "hard": False}),
    ("reset --hard", {"do": "reset", "hard": True}),
    ("selftest --clear-latched", {"do": "selftest", "clear_latched": True}),
    ("reconnect", {"do": "reconnect"}),
    ("sim fault rcd on --connector 1", {"do": "sim", "words": ["fault", "rcd", "on"], "connector": 1}),
]


@pytest.mark.parametrize(("words", "asked"), ACTS)
def test_actions(words: str, asked: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each action is one request; the text of the answer is printed."""
    with daemon_answering(tmp_path / "s", answer_line({"text": "well done"})) as lines:
        assert main(["--socket", str(tmp_path / "s"), *words.split()]) == 0
    assert json.loads(lines[0]) == {"v": 1, **asked} and capsys.readouterr().out == "well done\n"


def test_refusals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A refusal ends with 1, a usage error with 2, both with the text of the daemon."""
    for answer, code in ((b'{"ok":false,"error":"no"}\n', 1), (b'{"ok":false,"error":"no","usage":true}\n', 2)):
        with daemon_answering(tmp_path / "s", answer):
            assert main(["--socket", str(tmp_path / "s"), "reset"]) == code
        assert "no" in capsys.readouterr().err
        (tmp_path / "s").unlink()
    with daemon_answering(tmp_path / "s", answer_line({"queue": []})):
        assert main(["--socket", str(tmp_path / "s"), "queue", "show", "4"]) == 2


@pytest.mark.parametrize(("reply", "code"), [({"error": "there is none", "usage": True}, 2), ({"error": "no"}, 1)])
def test_a_missing_item_is_a_usage_error(
    reply: dict[str, object], code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The daemon marks requests for something that does not exist; either way there is only one request."""
    with daemon_answering(tmp_path / "s", json.dumps({"ok": False, **reply}).encode() + b"\n") as asked:
        assert main(["--socket", str(tmp_path / "s"), "queue", "park", "1"]) == code
    assert (len(asked), capsys.readouterr().err) == (1, f"evsectl: {reply['error']}\n")


def test_no_messages_requested(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--last 0` prints nothing, not even that there are no messages."""
    for words, text in (("log --last 0", ""), ("log", "no messages\n")):
        with daemon_answering(tmp_path / "s", answer_line({"log": []})):
            assert main(["--socket", str(tmp_path / "s"), *words.split()]) == 0
        assert capsys.readouterr().out == text
        (tmp_path / "s").unlink()


def test_output_that_cannot_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    """A full disk behind `>` is one line and exit 1, no traceback."""

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    def unreadable(*_: object) -> int:
        raise PermissionError(13, "Permission denied", "/x")

    hushed: list[int] = []
    assert main(["status"], {"status": full}, lambda: hushed.append(1)) == 1
    assert capsys.readouterr().err == "evsectl: cannot read or write: No space left on device\n" and hushed == [1]
    assert main(["status"], {"status": unreadable}, lambda: None) == 1
    assert "/x: Permission denied" in capsys.readouterr().err


def test_a_full_device(tmp_path: Path) -> None:
    """Buffered output is written before the end, so that a failure is reported."""
    with open("/dev/full", "w") as full, contextlib.redirect_stdout(full):
        hushed: list[int] = []
        assert main(["--version"], silence=lambda: hushed.append(1)) == 1 and hushed == [1]
        with contextlib.suppress(OSError):
            full.close()


def test_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    """`--version` prints the version of the package."""
    assert main(["--version"]) == 0 and capsys.readouterr().out == f"evsectl {__version__}\n"


def test_the_environment_file_is_correct() -> None:
    """Its comment names each key of evsed.toml that has no EVSED_SECTION_KEY, and no name that does not exist."""
    text = (Path(daemon.__file__).parent.parent / "etc" / "evsed.env").read_text()
    assert set(re.findall(r"EVSED_[A-Z_]+", text)) - {"EVSED_SECTION_KEY"} <= set(ENV)
    for section, keys in SECTIONS.items():
        for name in keys:
            own = env_name(section, name)
            if own != f"EVSED_{section}_{name}".upper():
                assert f"[{section}]" in text and name in text and own in text
    assert "[ocpp]" in text


def test_usage_and_help(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong line and a missing file end with 2, help with 0."""
    assert main(["frobnicate"]) == 2 and main(["provision"]) == 2
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


def test_a_hung_daemon(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Queries are answered from the store, with a message; actions end with 3."""
    config, line = load([file], {}), parse(["why"])
    Store.open(file.parent / "store").close()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        server.listen(9)
        for name, code in (("why", 0), ("status", 0), ("watch", 0), ("trace", 0), ("log", 0)):
            daemon = Daemon(str(tmp_path / "s"), 0.02)
            assert QUERIES[name](Context(line, config, daemon)) == code
            printed = capsys.readouterr()
            assert f"process {os.getpid()}) hangs" in printed.err and "store holds" in printed.err
            assert name != "why" or "evsed is running but gives no answer" in printed.out
        with pytest.raises(Unreachable, match="hangs"):
            ACTIONS["reset"](Context(line, config, Daemon(str(tmp_path / "s"), 0.02)))


def test_queries_time_out_sooner(file: Path) -> None:
    """Each query has the short timeout, each action the long one."""
    timeouts: dict[str, float] = {}

    def seen(context: Context) -> int:
        timeouts[context.line.name] = context.daemon.timeout_s
        return 0

    for words in ("status", "trace", "config get", "reset", "config set K V"):
        assert main(["--config", str(file), *words.split()], dict.fromkeys({**QUERIES, **ACTIONS}, seen)) == 0
    assert timeouts == {"status": 3, "trace": 3, "config get": 3, "reset": 65, "config set": 65}


def test_without_a_daemon(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Actions end with 3; so do queries without a store; else the store answers them."""
    assert main(["--config", str(file), "sim", "plug"]) == 3
    for words in ("status", "why", "watch", "transactions", "queue list", "config get", "log", "trace"):
        assert main(["--config", str(file), *words.split()]) == 3, words
        captured = capsys.readouterr()
        assert "no store" in captured.err and "store holds" not in captured.err and not captured.out
    Store.open(file.parent / "store").close()
    capsys.readouterr()
    for words in ("status", "watch", "transactions", "queue list", "why", "config get", "log", "trace"):
        assert main(["--config", str(file), "--json", *words.split()]) == 0, words
        out = capsys.readouterr().out
        assert not out or json.loads(out)["source"] == "store"
        assert not out or json.loads(out)["daemon"] == "down"
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
    """Trace prints each line until the daemon ends; then it reports that and ends with 3."""
    lines = answer_line({"following": True}) + answer_line({"frame": "[2]", "from": "station", "mono": 1, "utc": 0})
    with daemon_answering(tmp_path / "s", lines):
        assert main(["--socket", str(tmp_path / "s"), "trace"]) == 3
    captured = capsys.readouterr()
    assert captured.out == "01-01 00:00:00  -> [2]\n" and "lost" in captured.err
    (tmp_path / "s").unlink()
    with daemon_answering(tmp_path / "s", answer_line({"status": STATUS})):
        assert main(["--socket", str(tmp_path / "s"), "watch"]) == 3


def test_an_interruption_is_not_a_failure(tmp_path: Path) -> None:
    """Ctrl-C and a closed pipe end with 0."""

    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    def closed(*_: object) -> int:
        raise BrokenPipeError

    assert main(["--socket", str(tmp_path / "s"), "status"], {"status": interrupted}) == 0
    devnull: list[int] = []
    assert main(["--socket", str(tmp_path / "s"), "status"], {"status": closed}, lambda: devnull.append(1)) == 0
    assert devnull == [1]


def test_an_unreachable_daemon(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The reason is printed, the exit code is 3."""

    def unreachable(*_: object) -> int:
        raise Unreachable("not there")

    assert main(["status"], {"status": unreachable}) == 3
    assert "not there" in capsys.readouterr().err


def test_hostile_card_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Text output has no control characters of an idTag; with --json the value is unchanged, and escaped."""
    answer = answer_line({"queue": [{"item": 1, "id_tag": "\x1b[31m\nX"}]})
    for words, wanted in (([], "\\x1b[31m\\nX"), (["--json"], '"id_tag":"\\u001b[31m\\nX"')):
        with daemon_answering(tmp_path / "s", answer):
            assert main(["--socket", str(tmp_path / "s"), *words, "queue", "list"]) == 0
        out = capsys.readouterr().out
        assert wanted in out and "\x1b" not in out
        (tmp_path / "s").unlink()


# --- who may only look ------------------------------------------------------------------------------------------------

MASKED = {"transactions": [], "masked": True}


def test_13_masked_numbers_are_said_to_be_masked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A person reads it below the answer, with what helps; a program finds it in the JSON."""
    with daemon_answering(tmp_path / "s", answer_line(MASKED)):
        assert main(["--socket", str(tmp_path / "s"), "transactions"]) == 0
    printed = capsys.readouterr()
    assert "no transactions" in printed.out and "masked" not in printed.out
    assert "evsed-admin" in printed.err and "sudo" in printed.err
    (tmp_path / "s").unlink()
    with daemon_answering(tmp_path / "s", answer_line(MASKED)):
        assert main(["--json", "--socket", str(tmp_path / "s"), "transactions"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["masked"] is True and printed.err == ""


def test_13_masked_frames_are_said_to_be_masked_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """While following, at the first of them."""
    lines = [{"following": True}, {"note": {"text": "x"}}, *[{"frame": "[]", "from": "station", "masked": True}] * 2]
    with daemon_answering(tmp_path / "s", b"".join(map(answer_line, lines))):
        assert main(["--socket", str(tmp_path / "s"), "trace"]) == 3
    assert capsys.readouterr().err.count("card numbers are masked") == 1


def test_13_an_act_that_is_not_allowed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The daemon's reason, which names the group, and exit code 1."""
    refused = b'{"v":1,"ok":false,"error":"permission denied: the group evsed-admin may act"}\n'
    with daemon_answering(tmp_path / "s", refused):
        assert main(["--socket", str(tmp_path / "s"), "reset"]) == 1
    assert "evsed-admin" in capsys.readouterr().err
