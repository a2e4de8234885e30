"""Requests to the daemon and its answers, or the reason why there are none."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.ctl.client import ACTION_TIMEOUT_S, QUERY_TIMEOUT_S, Daemon, Unreachable, state_of


@contextlib.contextmanager
def daemon_answering(path: Path, *lines: bytes) -> Iterator[list[bytes]]:
    """A daemon that answers the first requests with these lines, and then closes the connection."""
    asked: list[bytes] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(path))
        server.listen(1)

        def serve() -> None:
            client, _ = server.accept()
            with client, client.makefile("rwb", buffering=0) as stream:
                for line in lines:
                    asked.append(stream.readline())
                    stream.write(line)

        thread = threading.Thread(target=serve)
        thread.start()
        yield asked
        thread.join()


def test_a_request_and_its_answer(tmp_path: Path) -> None:
    """One line each way, with the version; several on one connection."""
    with daemon_answering(tmp_path / "s", b'{"ok":true,"n":1}\n', b'{"ok":true,"n":2}\n') as asked:
        daemon = Daemon(str(tmp_path / "s"))
        assert daemon.request("why", connector=1) == {"ok": True, "n": 1} and daemon.request("status")["n"] == 2
        daemon.close()
    assert json.loads(asked[0]) == {"v": 1, "do": "why", "connector": 1}


def test_following(tmp_path: Path) -> None:
    """Answer after answer, until the daemon ends."""
    with daemon_answering(tmp_path / "s", b'{"n":1}\n{"n":2}\n'):
        daemon = Daemon(str(tmp_path / "s"))
        stream = daemon.follow("trace")
        assert next(stream) == {"n": 1} and next(stream) == {"n": 2}
        with pytest.raises(Unreachable, match="lost"):
            next(stream)
        daemon.close()
        daemon.close()


@pytest.mark.parametrize("answer", [b"", b"nonsense\n", b"[1]\n"])
def test_a_lost_connection(tmp_path: Path, answer: bytes) -> None:
    """End of file and anything but a JSON object mean that the connection is lost."""
    with daemon_answering(tmp_path / "s", answer):
        daemon = Daemon(str(tmp_path / "s"))
        with pytest.raises(Unreachable, match="lost"):
            daemon.request("status")
        daemon.close()


def test_no_daemon(tmp_path: Path) -> None:
    """There is no socket, or it was left by a killed daemon."""
    with pytest.raises(Unreachable, match="No such file"):
        Daemon(str(tmp_path / "none")).request("status")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "dead"))
    with pytest.raises(Unreachable, match="refused"):
        Daemon(str(tmp_path / "dead")).request("status")


def test_a_hint_where_permission_is_denied(tmp_path: Path) -> None:
    """The message names the group that may open the socket; a path that is too long is reported."""
    from daemon.ctl.client import hint_of

    hint = hint_of(PermissionError(13, "Permission denied"))
    assert "evsed-admin" in hint and "sudo" in hint and hint_of(OSError(2, "x")) == ""
    with pytest.raises(Unreachable, match="too long"):
        Daemon("/" + "x" * 200).request("status")


def test_a_silent_daemon(tmp_path: Path) -> None:
    """A request times out and names the process that hangs; a late answer is not taken for that of the next request."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        server.listen(5)
        daemon = Daemon(str(tmp_path / "s"), timeout_s=0.05)
        with pytest.raises(Unreachable, match=rf"process {os.getpid()}\) hangs.*no answer within 0.05 s") as raised:
            daemon.request("status")
        assert raised.value.state == "hangs"
        late, _ = server.accept()
        with late, pytest.raises(BrokenPipeError):
            late.sendall(b'{"late":true}\n')
        with pytest.raises(Unreachable, match="no answer"):
            daemon.request("status")
        with pytest.raises(Unreachable, match="no answer"):
            next(daemon.follow("trace"))
        with pytest.raises(Unreachable, match="no answer"):
            Daemon(str(tmp_path / "s"), timeout_s=0.05).request("status", text="x" * 1_000_000)
        daemon.close()


def test_a_connection_that_was_closed(tmp_path: Path) -> None:
    """The next request finds the connection lost."""
    with daemon_answering(tmp_path / "s", b'{"ok":true}\n'):
        daemon = Daemon(str(tmp_path / "s"))
        assert daemon.request("status") == {"ok": True}
    with pytest.raises(Unreachable, match="lost") as raised:
        daemon.request("status")
    assert raised.value.state == "down"
    daemon.close()


def test_state_after_a_failed_connection() -> None:
    """Permission denied is not down, and a full backlog means that the daemon hangs."""
    assert state_of(PermissionError(13, "no")) == "closed" and state_of(FileNotFoundError(2, "no")) == "down"
    assert state_of(BlockingIOError(11, "full")) == state_of(TimeoutError()) == "hangs"


def test_a_full_backlog(tmp_path: Path) -> None:
    """A hung daemon accepts no connections, and the kernel queues no more."""
    with socket.socket(socket.AF_UNIX) as server, contextlib.ExitStack() as waiting:
        server.bind(str(tmp_path / "s"))
        server.listen(0)
        with pytest.raises(Unreachable, match="hangs: it accepts no connection") as raised:
            for _ in range(5):
                daemon = Daemon(str(tmp_path / "s"), timeout_s=0.02)
                waiting.callback(daemon.close)
                daemon._connect()
        assert raised.value.state == "hangs"


def test_a_socket_is_named_with_its_whole_path() -> None:
    """A relative path is shown with the current folder."""
    with pytest.raises(Unreachable, match=f"at {Path.cwd()}/none.sock: No such file"):
        Daemon("none.sock").request("status")


def test_timeouts() -> None:
    """A query times out after 3 s, an action only after the minute that the daemon may take."""
    assert QUERY_TIMEOUT_S == 3.0 and ACTION_TIMEOUT_S > 60.0
