"""`evsed-job`: one job, then the end."""

from __future__ import annotations

import io
import json
import os
import socket
import sys
import threading
from functools import partial
from pathlib import Path

import pytest

from daemon.jobs.process import do, listened, main, run_hook, streams
from daemon.jobs.protocol import JobAnswer
from daemon.transfers.files import made_folder
from tests.transfers.servers import Request, head, http
from tests.transfers.terms import left, terms

REBOOT = b'{"v":1,"job":"reboot","ref":7}\n'


def test_a_hook_is_run_without_a_shell_and_without_secrets() -> None:
    """The program gets its arguments as they are, and none of our names in its environment."""
    code = "import os,sys; print(sys.argv[1], sorted(k for k in os.environ if k.startswith(('EVSED', 'CREDENTIALS'))))"
    environ = {**os.environ, "EVSED_AUTHORIZATION_KEY": "x", "CREDENTIALS_DIRECTORY": "/x"}
    ok, detail = run_hook([sys.executable, "-c", code, "$HOME; rm"], environ)
    assert ok and detail == "$HOME; rm []"


def test_how_a_hook_ends_is_told() -> None:
    """Exit code, end of the output, one that cannot be started, one that does not end."""
    assert run_hook([sys.executable, "-c", "raise SystemExit(3)"], os.environ) == (False, "exit 3")
    assert run_hook([sys.executable, "-c", ""], os.environ) == (True, "exit 0")
    ok, detail = run_hook(["/not/there"], os.environ)
    assert not ok and "cannot be started" in detail
    ok, detail = run_hook([sys.executable, "-c", "import signal; signal.pause()"], os.environ, 0.2)
    assert not ok and "did not end" in detail


def test_a_line_is_answered() -> None:
    """A reboot runs its hook; without one, and for an invalid request, the answer has the reason."""
    hooks = {"reboot": [sys.executable, "-c", "print('going')"], "install": []}
    answer = do(REBOOT, hooks, os.environ)
    assert (answer.ok, answer.detail, answer.ref) == (True, "going", 7)
    assert "no [hooks] reboot" in do(REBOOT, {}, os.environ).detail
    assert "invalid request" in do(b"nonsense", hooks, os.environ).detail


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
    assert main(["--confg", "x"], {}) == 2
    printed = capsys.readouterr()
    assert "usage" in printed.out and "did you mean --config?" in printed.err


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


def test_the_installer_gets_the_file(tmp_path: Path) -> None:
    """[hooks] install and the path of a file of ours as its last argument; no other file is ever handed over."""
    on = terms(tmp_path)
    image = made_folder(tmp_path) / "firmware-1.bin"
    image.write_bytes(b"image")
    (tmp_path / "evsed.db").write_bytes(b"")
    hooks = {"install": [sys.executable, "-c", "import sys; print(open(sys.argv[1]).read())"]}
    line = b'{"job":"install","ref":3,"file":"%s"}'
    assert do(line % b"firmware-1.bin", hooks, os.environ, on) == JobAnswer(True, "image", 3)
    for name in (b"../evsed.db", b"none", b"", b".", b"/etc/passwd"):
        assert not do(line % name, hooks, os.environ, on).ok
    assert "cannot be read" in do(line % b"firmware-1.bin", hooks, os.environ).detail


def test_a_transfer_is_done(tmp_path: Path) -> None:
    """A download on the terms of evsed-job's own configuration; without one there is no transfer."""
    with http({"/f": b"firmware"}) as server:
        line = b'{"job":"download","ref":4,"location":"http://h:%d/f"}' % server.port
        answer = do(line, {}, os.environ, terms(tmp_path))
        assert answer.ok and Path(answer.detail).read_bytes() == b"firmware"
        assert not do(line, {}, os.environ).ok


def test_loopback_only_where_it_is_allowed(tmp_path: Path) -> None:
    """Whoever asks: [transfers] of the file decides, and a file with a mistake in it allows nothing."""
    with http({"/f": b"firmware"}) as server:
        for more, ok in (("true", True), ("false", False), ("true\nallow_hosts = ['a b']", False)):
            config = tmp_path / "evsed.toml"
            config.write_text(f"[store]\ndir = '{tmp_path}'\n[transfers]\nallow_loopback = {more}\n")
            line = b'{"job":"download","location":"http://127.0.0.1:%d/f"}\n' % server.port
            assert main(["--config", str(config)], {}, io.BytesIO(line), io.BytesIO()) == (0 if ok else 1)


@pytest.mark.parametrize(("says", "leaves"), [(b"cancel\n", []), (None, [".json", ".part"])])
def test_who_asked_may_go_away(tmp_path: Path, says: bytes | None, leaves: list[str]) -> None:
    """`cancel` leaves nothing; a connection that breaks leaves what came, to go on with."""
    ours, theirs = socket.socketpair()
    on, half = terms(tmp_path, stall_s=30.0), threading.Event()
    with ours, theirs, http() as server:

        def answer(request: Request, connection: socket.socket) -> None:
            connection.sendall(head(200, Content_Length="9", ETag='"1"') + b"x")
            while ".part" not in left(on):
                server.listening.ended.wait(0.01)
            half.set()
            server.listening.ended.wait(20)

        server.answer = answer
        source = theirs.makefile("rb")

        def end() -> None:
            half.wait(5)
            ours.sendall(says) if says else ours.shutdown(socket.SHUT_RDWR)

        threading.Thread(target=end, daemon=True).start()
        line = b'{"job":"download","location":"http://h:%d/f"}' % server.port
        listening = partial(listened, source)
        answer_ = do(line, {}, os.environ, on, listening)
    assert not answer_.ok and answer_.detail in ("transfer: cancelled", "transfer: evsed closed the connection")
    assert left(on) == leaves
