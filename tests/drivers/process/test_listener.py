"""Where the board listens, and how it turns clients away."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest

from drivers.board_protocol import MAX_BYTES, decode
from drivers.process.listener import listen, refuse, send


def connected(path: Path) -> socket.socket:
    client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    client.connect(str(path))
    return client


def test_it_makes_its_folder_and_is_private(tmp_path: Path) -> None:
    """Group may, others may not."""
    path = tmp_path / "run" / "board.sock"
    with listen(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o660


def test_a_socket_left_by_a_killed_board_is_replaced(tmp_path: Path) -> None:
    """Nobody answers there any more."""
    path = tmp_path / "board.sock"
    listen(path).close()
    assert path.exists()
    with listen(path), connected(path):
        pass


def test_a_living_board_is_left_alone(tmp_path: Path) -> None:
    """Two boards at one socket would be two hands at one contactor."""
    path = tmp_path / "board.sock"
    with listen(path), pytest.raises(OSError, match="another board process answers there"):
        listen(path)


def test_a_path_that_cannot_be_listened_at(tmp_path: Path) -> None:
    """Too long for a socket, or no folder."""
    with pytest.raises(OSError):
        listen(tmp_path / ("x" * 120))
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError):
        listen(tmp_path / "file" / "board.sock")


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
