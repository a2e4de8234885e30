"""What is read in one turn: bounded, paced, without what later packets make void."""

from __future__ import annotations

import socket
from typing import Any

from daemon.board.flow import BURST, PACKETS_A_TURN, PACKETS_PER_S, Flow, without_void
from drivers.board_protocol import ProtocolError, encode


def card(number: int) -> dict[str, Any]:
    return {"type": "card", "connector": 1, "id_tag": str(number), "at": 1.0}


def meter(wh: float, connector: int = 1) -> dict[str, Any]:
    return {"type": "meter", "connector": connector, "wh": wh, "at": wh}


def pilot(state: str, at: float = 1.0) -> dict[str, Any]:
    return {"type": "pilot", "connector": 1, "state": state, "at": at}


def pair() -> tuple[socket.socket, socket.socket]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    return ours, theirs


def test_one_turn_is_bounded() -> None:
    """However many wait: so many packets, then others have their turn."""
    ours, theirs = pair()
    for number in range(100):
        theirs.send(encode(card(number)))
    flow = Flow()
    packets, ended = flow.read(10.0, ours, ours.recv(2000))
    assert len(packets) == PACKETS_A_TURN and ended is None and flow.rest_s(10.0) == 0.0
    packets, ended = flow.read(10.0, ours, ours.recv(2000))
    assert len(packets) == 100 - PACKETS_A_TURN and ended is None


def test_a_flood_is_paced() -> None:
    """A burst, then so many a second, however long it lasts."""
    ours, theirs = pair()
    flow, now, taken = Flow(), 10.0, 0
    while now < 20.0:
        for _ in range(PACKETS_A_TURN):
            theirs.send(encode(card(1)))
        packets, _ = flow.read(now, ours, ours.recv(2000))
        taken += len(packets)
        now += max(0.001, flow.rest_s(now))
        while True:
            try:
                ours.recv(2000)
            except BlockingIOError:
                break
    assert BURST < taken < BURST + 10 * PACKETS_PER_S * 1.1


def test_how_it_ended_comes_after_what_came_before() -> None:
    """Nonsense, or the end, behind good packets: those are not lost."""
    ours, theirs = pair()
    theirs.send(encode(card(1)))
    theirs.send(b"nonsense")
    packets, ended = Flow().read(10.0, ours, ours.recv(2000))
    assert len(packets) == 1 and isinstance(ended, ProtocolError)
    theirs.send(encode(card(2)))
    theirs.close()
    packets, ended = Flow().read(10.0, ours, ours.recv(2000))
    assert len(packets) == 1 and "closed the connection" in str(ended)


def test_the_newest_reading_and_each_change() -> None:
    """A reading goes only where the next packet of its connector is a newer one; a level only where it is repeated."""
    told = [meter(1), meter(2), meter(1, connector=2), meter(3), pilot("C"), pilot("C", 2.0), meter(3), meter(4)]
    told += [pilot("A"), pilot("C"), card(1), card(1)]
    assert without_void(told) == [
        meter(1, connector=2),
        meter(3),
        pilot("C"),
        meter(4),
        pilot("A"),
        pilot("C"),
        card(1),
        card(1),
    ]
