"""When a residual-current monitor is tested, and what waits for it."""

from __future__ import annotations

from drivers.host.residual_current_test import EVERY_S, ResidualCurrentTest
from tests.drivers.host.tiny_board import MemoryResidualCurrent, TinyBoard


class Monitor(MemoryResidualCurrent):
    """Tests last until the test says that they are over."""

    def __init__(self) -> None:
        super().__init__()
        self.has_test = True
        self.tests = 0
        self.busy = False

    def begin_test(self, now: float) -> None:
        self.tests += 1
        self.busy = True

    def testing(self, now: float) -> bool:
        return self.busy


def test_at_the_start_then_once_a_day_while_idle() -> None:
    """The first one also with a vehicle, if the contactor is open; later ones only without."""
    monitor = Monitor()
    test = ResidualCurrentTest(monitor)
    assert test.run(0.0, False, False) and monitor.tests == 0, "it has yet to begin"
    assert test.run(1.0, False, True) and monitor.tests == 1
    assert test.run(2.0, False, True) and monitor.tests == 1
    monitor.busy = False
    assert not test.run(3.0, True, True)
    assert not test.run(1.0 + EVERY_S, False, True) and monitor.tests == 1
    assert test.run(2.0 + EVERY_S, True, True) and monitor.tests == 2


def test_one_that_cannot_be_tested() -> None:
    """Nothing is begun, nothing waits."""
    monitor = Monitor()
    monitor.has_test = False
    for device in (monitor, None, MemoryResidualCurrent()):
        assert not ResidualCurrentTest(device).run(0.0, True, True)


def test_nothing_is_closed_while_it_is_tested() -> None:
    """The vehicle waits with its signal; then the contactor closes."""
    board = TinyBoard(residual_current=Monitor())
    board.vehicle("B")
    board.offer(10.0)
    board.vehicle("C")
    board.wait(1.0)
    assert not board.contactor.closed
    monitor = board.residual_current
    assert isinstance(monitor, Monitor)
    monitor.busy = False
    board.look()
    assert board.contactor.closed


def test_before_each_closing() -> None:
    """Not again and again while the vehicle may charge and does not; after it has charged, before it charges again."""
    monitor = Monitor()
    board = TinyBoard(residual_current=monitor)
    board.vehicle("B")
    monitor.busy = False
    board.offer(10.0)
    board.wait(60.0)
    assert monitor.tests == 1
    for closing in range(1, 4):
        board.vehicle("C")
        board.offer(10.0)
        board.wait(10.0)
        assert board.contactor.closed and monitor.tests == closing
        board.vehicle("B")
        board.wait(0.5)
        assert not board.contactor.closed and monitor.tests == closing + 1
        board.vehicle("C")
        board.wait(10.0)
        assert not board.contactor.closed, "the test is not over"
        monitor.busy = False
        board.look()
    assert ResidualCurrentTest(monitor).run(0.0, False, True, True)
