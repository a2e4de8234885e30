"""`evsed-job`: one job, then the end."""

from __future__ import annotations

import io
import json
import os
import socket
import sys
from pathlib import Path

import pytest

from daemon.job_process import do, main, run_hook, streams

REBOOT = b'{"v":1,"job":"reboot","ref":7}\n'


def test_a_hook_is_run_without_a_shell_and_without_secrets() -> None:
    """The program gets its arguments as they are, and none of our names in its environment."""
    code = "import os,sys; print(sys.argv[1], sorted(k for k in os.environ if k.startswith(('EVSED', 'CREDENTIALS'))))"
    environ = {**os.environ, "EVSED_AUTHORIZATION_KEY": "x", "CREDENTIALS_DIRECTORY": "/x"}
    ok, detail = run_hook([sys.executable, "-c", code, "$HOME; rm"], environ)
    assert ok and detail == "$HOME; rm []"


def test_how_a_hook_ends_is_told() -> None:
    """Exit code, last words, one that cannot be started, one that does not end."""
    assert run_hook([sys.executable, "-c", "raise SystemExit(3)"], os.environ) == (False, "exit 3")
    assert run_hook([sys.executable, "-c", ""], os.environ) == (True, "exit 0")
    ok, detail = run_hook(["/not/there"], os.environ)
    assert not ok and "cannot be started" in detail
    ok, detail = run_hook([sys.executable, "-c", "import signal; signal.pause()"], os.environ, 0.2)
    assert not ok and "did not end" in detail


def test_a_line_is_answered() -> None:
    """A reboot runs its hook; without one, and for nonsense, the answer says why not."""
    hooks = {"reboot": [sys.executable, "-c", "print('going')"], "install": []}
    answer = do(REBOOT, hooks, os.environ)
    assert (answer.ok, answer.detail, answer.ref) == (True, "going", 7)
    assert "no [hooks] reboot" in do(REBOOT, {}, os.environ).detail
    assert "not understood" in do(b"nonsense", hooks, os.environ).detail


def test_the_line_comes_from_standard_input(tmp_path: Path) -> None:
    """By hand, the line comes in and the answer goes out; the hooks come from the configuration."""
    config = tmp_path / "evsed.toml"
    config.write_text(f"[hooks]\nreboot = [{json.dumps(sys.executable)}, '-c', 'print(1)']\n")
    out = io.BytesIO()
    assert main(["--config", str(config)], {}, io.BytesIO(REBOOT), out) == 0
    assert json.loads(out.getvalue()) == {"ok": True, "detail": "1", "ref": 7, "v": 1}
    out = io.BytesIO()
    assert main(["--config", str(tmp_path / "none")], {}, io.BytesIO(REBOOT), out) == 1
    assert not json.loads(out.getvalue())["ok"]


def test_usage(capsys: pytest.CaptureFixture[str]) -> None:
    """Help, and what is not understood."""
    assert main(["--help"], {}) == 0 and main(["--config"], {}) == 2 and main(["x", "y"], {}) == 2
    assert "usage" in capsys.readouterr().out


def test_the_connection_comes_from_systemd() -> None:
    """With LISTEN_FDS the job is read from the connection that was handed over."""
    ours, theirs = socket.socketpair()
    with ours:
        source, sink = streams({"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}, theirs.detach())
        ours.sendall(REBOOT)
        assert source.readline() == REBOOT
        sink.write(b"ok")
        assert ours.recv(2) == b"ok"
        source.close()


def test_without_a_connection_standard_streams_serve() -> None:
    """A connection meant for another process is none."""
    assert streams({"LISTEN_FDS": "1", "LISTEN_PID": "1"}) == (sys.stdin.buffer, sys.stdout.buffer)
