"""Proof of progress of the slow devices."""

from __future__ import annotations

import pytest

from drivers.assembly.progress import Watched, stuck
from tests.drivers.assembly.test_board import charging
from tests.drivers.pilots.converters import Ticks


def test_a_thread_that_is_stuck_is_named() -> None:
    """A converter after a second, a bus after a minute."""
    board = charging()
    assert stuck(board.assembled.watched(), board.clock.now) == ""
    board.hung.add("ADC i2c 0x48")
    board.wait(1.2)
    assert stuck(board.assembled.watched(), board.clock.now) == "ADC i2c 0x48: nothing for 1 s"


class Device:
    def __init__(self) -> None:
        self.fails = False

    def poll(self) -> float:
        if self.fails:
            raise RuntimeError("broken")
        return 0.5


def test_each_end_of_work_is_progress() -> None:
    """Also one by an exception; whoever begins is called once, by the thread itself."""
    clock, device, begun = Ticks(), Device(), []
    watched = Watched("bus", device, 60.0, clock, lambda: begun.append(1))
    clock.wait(59.0)
    assert watched.poll() == 0.5 and begun == [1]
    clock.wait(60.0)
    assert stuck([watched], clock.now) == ""
    device.fails = True
    with pytest.raises(RuntimeError):
        watched.poll()
    clock.wait(61.0)
    assert stuck([watched], clock.now) == "bus: nothing for 61 s" and begun == [1]
