"""Where the board listens, what it never takes away, who may come, and how packets leave."""

from __future__ import annotations

import os
import resource
import socket
import stat
from pathlib import Path

import pytest

from drivers.board_protocol import MAX_BYTES, decode
from drivers.process.listener import (
    DEAF_S,
    Listener,
    group_of,
    packet_of,
    peer_uid,
    refuse,
    send,
    users_allowed,
)


def connected(path: Path) -> socket.socket:
    client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    client.connect(str(path))
    return client


def test_it_makes_its_folder_and_is_private(tmp_path: Path) -> None:
    """Group may, others may not, from its first moment on; the path goes with it."""
    path = tmp_path / "run" / "board.sock"
    before = os.umask(0)
    try:
        listener = Listener(path, os.getgid())
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o755
    listener.close()
    assert not path.exists()


def test_a_socket_left_by_a_killed_board_is_replaced(tmp_path: Path) -> None:
    """Nobody answers there any more."""
    path = tmp_path / "board.sock"
    left = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    left.bind(str(path))
    left.close()
    listener = Listener(path)
    connected(path).close()
    listener.close()


def test_a_living_board_is_left_alone(tmp_path: Path) -> None:
    """Two boards at one socket would be two hands at one contactor; also where its queue of clients is full."""
    path = tmp_path / "board.sock"
    listener = Listener(path)
    waiting = []
    for _ in range(10):
        with pytest.raises(OSError, match="another board process answers there"):
            Listener(path)
        one = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        waiting.append(one)
        if one.connect_ex(str(path)):
            break
    assert path.exists() and len(waiting) < 10
    for one in waiting:
        one.close()
    listener.close()


def test_point_16_what_is_no_socket_is_never_taken_away(tmp_path: Path) -> None:
    """A regular file, a folder, a FIFO, a link (also to a socket), a socket of another type: refused with its name."""
    path = tmp_path / "board.sock"
    other = tmp_path / "other.sock"
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    stream.bind(str(other))
    stream.listen(1)
    ways = {
        "a regular file": lambda: path.write_text("precious"),
        "a folder": path.mkdir,
        "a FIFO": lambda: os.mkfifo(path),
        "a symbolic link": lambda: path.symlink_to(other),
        "in use, or not ours": lambda: other.rename(path),
    }
    for what, lay in ways.items():
        lay()
        with pytest.raises(OSError, match=what):
            Listener(path)
        assert path.lstat()
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink()
    stream.close()


def test_point_16_the_end_takes_away_only_its_own_socket(tmp_path: Path) -> None:
    """What was laid in its place meanwhile stays."""
    path = tmp_path / "board.sock"
    listener = Listener(path)
    path.unlink()
    path.write_text("precious")
    listener.close()
    assert path.read_text() == "precious"


def test_a_path_that_cannot_be_listened_at(tmp_path: Path) -> None:
    """Too long for a socket, or no folder."""
    with pytest.raises(OSError):
        Listener(tmp_path / ("x" * 120))
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError):
        Listener(tmp_path / "file" / "board.sock")


def test_point_1_without_descriptors_it_is_deaf_for_a_second(tmp_path: Path) -> None:
    """EMFILE is told once a second, and neither ends the process nor makes its loop spin."""
    path = tmp_path / "board.sock"
    listener = Listener(path)
    client = connected(path)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        with pytest.raises(OSError):
            listener.accept(10.0)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert listener.deaf_until == 10.0 + DEAF_S
    accepted = listener.accept(11.0)
    assert accepted is not None and listener.accept(11.0) is None
    accepted.close()
    client.close()
    listener.close()


def test_point_8_connections_have_a_pace(tmp_path: Path) -> None:
    """More than twenty a second are left in the kernel's queue."""
    listener = Listener(tmp_path / "board.sock")
    for _ in range(19):
        assert listener.accept(10.0) is None
    assert listener.deaf_until == 0.0
    for _ in range(2):
        assert listener.accept(10.0) is None
    assert listener.deaf_until > 10.0
    listener.close()


def test_point_13_who_may_come(tmp_path: Path) -> None:
    """Root, we ourselves and those named; the kernel says who is there; a user that is not there allows nobody."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    assert peer_uid(ours) == os.getuid()
    assert users_allowed(["no-such-user", "4711", "root"]) == {0, os.geteuid(), 4711}
    assert group_of("") == -1 and group_of("root") == 0 and group_of("12") == 12
    with pytest.raises(OSError, match="no group no-such-group"):
        group_of("no-such-group")
    ours.close()
    theirs.close()


def test_a_refused_client_hears_why() -> None:
    """One last packet, then the end; one that is gone already does no harm."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    refuse(ours, "x" * 500)
    assert decode(theirs.recv(MAX_BYTES), "from_board") == {"type": "refused", "reason": "x" * 200}
    assert theirs.recv(MAX_BYTES) == b""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    theirs.close()
    with pytest.raises(OSError):
        send(ours, {"type": "refused", "reason": ""})
    refuse(ours, "gone")


def test_point_1_a_text_that_does_not_fit_is_cut() -> None:
    """Characters that take twelve bytes each: the packet leaves all the same."""
    done = {"type": "done", "seq": 1, "ok": False, "detail": "\U0001f50c" * 200}
    assert len(decode(packet_of(done), "from_board")["detail"]) == 60
