"""The PN532's serial link: woken, acknowledged, answered; each step may fail."""

from __future__ import annotations

import pytest

from drivers.readers.pn532_uart import WAKE_UP, Pn532Uart
from tests.drivers.ports.wire import Piece, Wire, clean
from tests.drivers.readers.pn532_model import ACK, Pn532Model, wrapped


@pytest.fixture
def wire() -> Wire:
    return Wire(Pn532Model().answer, 115200)


@pytest.fixture
def link(wire: Wire) -> Pn532Uart:
    link = Pn532Uart(wire, wire.monotonic)
    assert link.wake() is None
    return link


def test_it_is_woken_and_answers(link: Pn532Uart, wire: Wire) -> None:
    """With the wake-up of the manual."""
    assert (link.device, wire.requests[0][1]) == ("/dev/wire", WAKE_UP)
    assert link.command(b"\x02", 0.1) == bytes.fromhex("0332010607")


@pytest.mark.parametrize(
    "pieces",
    [
        [],
        [Piece(0.0, ACK)],
        [Piece(0.0, wrapped(b"\xd5\x03\x32"))],
        [Piece(0.2, ACK)],
        [Piece(0.0, ACK), Piece(0.3, wrapped(b"\xd5\x03"))],
        [Piece(0.0, ACK[:4])],
    ],
)
def test_without_ack_or_answer_in_time_there_is_none(link: Pn532Uart, wire: Wire, pieces: list[Piece]) -> None:
    """And the next command is answered as if nothing had been."""
    wire.disturb = lambda reply: pieces
    assert link.command(b"\x02", 0.1) is None
    wire.disturb = clean
    wire.now += 0.5
    assert link.command(b"\x02", 0.1) == bytes.fromhex("0332010607")
