"""Who may control the board.  The rest is played through the whole loop in `test_board_process.py`."""

from __future__ import annotations

import os
import socket

from drivers.board_protocol import MAX_BYTES, Packet, decode, encode
from drivers.process.clients import HELLO_WITHIN_S, Clients


def clients(allowed: frozenset[int]) -> tuple[Clients, list[Packet], list[str]]:
    received, said = list[Packet](), list[str]()
    greeting = [{"type": "refused", "reason": "stands for a greeting"}]
    return (
        Clients(allowed, lambda: greeting, received.append, 20.0, lambda kind, text: said.append(text)),
        received,
        said,
    )


def pair() -> tuple[socket.socket, socket.socket]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    return ours, theirs


def test_point_13_a_foreign_user_is_refused() -> None:
    """The kernel's word counts; whoever is not allowed is told so, and nothing of theirs is read."""
    it, received, said = clients(frozenset({os.getuid() + 1}))
    ours, theirs = pair()
    theirs.send(encode({"type": "hello", "version": 1}))
    it.admit(10.0, ours)
    assert decode(theirs.recv(MAX_BYTES), "from_board")["reason"] == f"user {os.getuid()} may not control this board"
    assert it.controlling is None and received == [] and "client_users" in said[0]


def test_the_next_thing_that_is_due() -> None:
    """A greeting after a moment, a hello within a second; nothing for a client that has said it."""
    it, received, _ = clients(frozenset({os.getuid()}))
    ours, theirs = pair()
    it.admit(10.0, ours)
    assert 10.0 < it.wake_at(10.0) < 10.1
    it.tend(it.wake_at(10.0))
    assert it.wake_at(10.5) == 10.0 + HELLO_WITHIN_S
    theirs.send(encode({"type": "hello", "version": 2}))
    theirs.send(encode({"type": "latched", "connector": 1, "code": "weld"}))
    it.read(10.6, {ours.fileno()})
    assert it.wake_at(10.6) == float("inf") and it.controlling is not None
    assert [message["type"] for message in received] == ["latched"]
    it.drop_all("the end")
    assert it.controlling is None
