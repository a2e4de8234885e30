"""Orders that a board carries out, and how each is answered."""

from __future__ import annotations

from tests.drivers.host.tiny_board import TinyBoard


def test_a_selftest() -> None:
    """Refused while charging; passed where nothing is wrong; else it names what is."""
    board = TinyBoard()
    assert board.do("selftest") == (True, "passed")
    board.residual_current.state = True
    board.thermometer.degrees = 80.0
    board.look()
    board.look(station=True)
    assert board.do("selftest") == (False, "wrong: overtemperature, 1: rcd")
    board.residual_current.state = False
    board.thermometer.degrees = 20.0
    board.look()
    board.look(station=True)
    assert board.do("selftest") == (True, "passed")
    board.charging()
    assert board.do("selftest") == (False, "connector 1 is charging")


def test_service_clears_what_is_latched() -> None:
    """Only where the cause is gone."""
    board = TinyBoard()
    board.contactor.closed = True
    board.look()
    board.wait(1.0)
    assert board.faults() == [("weld", True)]
    assert board.do("clear-latched") == (False, "still there: 1: weld")
    board.contactor.closed = False
    board.look()
    assert board.do("clear-latched") == (True, "cleared")


def test_a_reading_on_request() -> None:
    """A fresh message, or that there is none to be trusted."""
    board = TinyBoard()
    before = len(board.of("meter"))
    assert board.do("meter-read") == (True, "read") and len(board.of("meter")) == before + 1


def test_unlock() -> None:
    """A fixed cable has no lock; a locked one is unlocked against the level."""
    assert TinyBoard().do("unlock") == (False, "no lock: the cable is fixed")
    board = TinyBoard(socket=True)
    board.proximity.carries = 16.0
    board.vehicle("B")
    board.offer(0.0, locked=True)
    board.wait(0.1)
    assert board.last("cable")["locked"]
    board.do("unlock")
    board.wait(0.1)
    assert (board.last("done")["ok"], board.last("done")["detail"]) == (True, "unlocked")
    board.offer(0.0, locked=True)
    board.wait(0.1)
    assert not board.last("cable")["locked"]


def test_an_order_that_only_other_boards_know() -> None:
    """`sim` is for simulated boards."""
    assert TinyBoard().do("sim") == (False, "this board has no order sim")
