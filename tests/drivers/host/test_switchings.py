"""Switchings of a contactor: counted when it opens, by the current of that moment."""

from __future__ import annotations

from drivers.host.switchings import SwitchingCount, Switchings
from tests.drivers.host.tiny_board import TinyBoard


def test_12_counted_when_it_opens() -> None:
    """An ampere is a load, and so is what nobody knows; what is repeated counts once."""
    count = SwitchingCount()
    for closed, amps in ((False, 9.0), (True, 0.0), (True, 16.0), (False, 0.99), (False, 16.0)):
        count.update(closed, amps)
    assert count.count == Switchings(0, 1)
    for amps in (1.0, None):
        count.update(True, 0.0)
        count.update(False, amps)
    assert count.count == Switchings(2, 1)


def test_12_the_board_tells_them() -> None:
    """After each opening, and to who connects; a board that never switched says nothing."""
    board = TinyBoard()
    assert "switchings" not in [message["type"] for message in board.greeting]
    board.vehicle("B")
    board.offer(10.0)
    board.vehicle("C")
    board.meter.amps = 10.0
    board.wait(1.0)
    board.vehicle("B")
    told = {"type": "switchings", "connector": 1, "loaded": 1, "unloaded": 0}
    assert board.last("switchings") == told
    assert told in board.host.greet(board.now)
