"""`evsed-job`: one job, then the end."""

from __future__ import annotations

import fcntl
import io
import json
import os
import socket
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import pytest

from daemon.jobs import process
from daemon.jobs.interruption import Interruption, listened
from daemon.jobs.process import main, streams
from daemon.jobs.protocol import JobAnswer
from daemon.transfers.files import INSTALL_LOCK, made_folder, sweep
from daemon.transfers.transfer import Terms
from tests.transfers.servers import Request, head, http
from tests.transfers.terms import left, terms

REBOOT = b'{"v":1,"job":"reboot","ref":7}\n'


def do(
    line: bytes,
    hooks: Mapping[str, Sequence[str]],
    environ: Mapping[str, str],
    on: Terms | None = None,
    interruption: Interruption | None = None,
) -> JobAnswer:
    """The one answer to a line."""
    answers: list[JobAnswer] = []
    process.do(line, hooks, environ, on, interruption or Interruption(), answers.append)
    (answer,) = answers
    return answer


def run_hook(argv: Sequence[str], environ: Mapping[str, str], within_s: float = 60.0) -> tuple[bool, str]:
    """How it ended."""
    told: list[tuple[bool, str]] = []
    process.run_hook(argv, environ, within_s, Interruption(), lambda ok, detail: told.append((ok, detail)))
    (outcome,) = told
    return outcome


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
    assert json.loads(out.getvalue()) == {"ok": True, "detail": "1", "ref": 7, "v": 1, "verdict": ""}
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
        interruption = Interruption()
        listened(source, interruption)
        answer_ = do(line, {}, os.environ, on, interruption)
    assert not answer_.ok and answer_.detail in ("transfer: cancelled", "transfer: evsed closed the connection")
    assert left(on) == leaves


def installing(tmp_path: Path, code: str) -> tuple[bytes, dict[str, list[str]], Terms]:
    """A request to install, the hook that runs `code` with the image's path, and its terms."""
    (made_folder(tmp_path) / "firmware-1.bin").write_bytes(b"image")
    line = b'{"job":"install","ref":3,"file":"firmware-1.bin"}\n'
    return line, {"install": [sys.executable, "-c", code]}, terms(tmp_path)


def test_an_installation_waits_for_the_other(tmp_path: Path) -> None:
    """Point 11: it begins when the lock is free; it does not begin where nobody wants it any more."""
    line, hooks, on = installing(tmp_path, "print('installed')")
    for gives_up in (False, True):
        interruption = Interruption()
        with open(made_folder(tmp_path) / INSTALL_LOCK, "wb") as other:
            fcntl.flock(other, fcntl.LOCK_EX)
            end = interruption.disconnected if gives_up else partial(fcntl.flock, other, fcntl.LOCK_UN)
            threading.Timer(0.2, end).start()
            answer = do(line, hooks, os.environ, on, interruption)
        assert answer.ok is not gives_up
    assert answer.detail == "not begun: evsed closed the connection"


def test_a_lock_that_was_removed_is_none(tmp_path: Path) -> None:
    """Point 11: a lock file that is deleted meanwhile lets nobody in beside its holder's successor."""
    line, hooks, on = installing(tmp_path, "print('installed')")
    path = made_folder(tmp_path) / INSTALL_LOCK
    with open(path, "wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        threading.Timer(0.2, lambda: (path.unlink(), fcntl.flock(other, fcntl.LOCK_UN))).start()
        assert do(line, hooks, os.environ, on).ok
    sweep(made_folder(tmp_path), lambda name: False)
    assert [file.name for file in made_folder(tmp_path).iterdir()] == [INSTALL_LOCK]


@pytest.mark.parametrize("job", ["download", "upload", "install", "reboot"])
def test_any_job_can_be_cancelled_before_it_begins(tmp_path: Path, job: str) -> None:
    """Point 11: a cancellation that came before the job did holds."""
    _, hooks, on = installing(tmp_path, "raise SystemExit")
    (made_folder(tmp_path) / "d.tar.gz").write_bytes(b"x")
    interruption = Interruption()
    interruption.cancel()
    file = "firmware-1.bin" if job == "install" else "d.tar.gz"
    line = json.dumps({"job": job, "location": "http://127.0.0.1:9/f", "file": file}).encode()
    answer = do(line, {**hooks, "reboot": hooks["install"]}, os.environ, on, interruption)
    assert not answer.ok and answer.detail in ("transfer: cancelled", "not begun: cancelled")
