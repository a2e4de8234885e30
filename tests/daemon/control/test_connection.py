"""One client: the corners that the server's tests do not reach."""

from __future__ import annotations

import socket

import pytest

from daemon.control.connection import Closed, Connection, Times


async def test_a_connection_that_was_never_opened_is_closed() -> None:
    """Its descriptor is given back."""
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with theirs:
        Connection(ours, Times()).close()
        assert ours.fileno() == -1 and theirs.recv(1) == b""


async def test_lines_come_one_after_the_other() -> None:
    """Also empty ones and several in one packet; then the end."""
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    ours.setblocking(False)
    connection = Connection(ours, Times())
    await connection.open()
    theirs.send(b"a\n\nb\nc")
    theirs.close()
    assert [await connection.line() for _ in range(3)] == [b"a\n", b"\n", b"b\n"]
    with pytest.raises(Closed):
        await connection.line()
    with pytest.raises(Closed):
        await connection.line()
    connection.close()
