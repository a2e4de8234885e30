"""A charge pump: toggled by the loop's turns, still when it is open, when a line fails, and when nobody turns."""

from __future__ import annotations

from itertools import pairwise

import pytest

from drivers.devices import DeviceFailure
from drivers.ports.gpio import Gpio
from drivers.relays.gpio_pump import GpioPump
from tests.drivers.ports.fake_gpio import FakeGpio


@pytest.fixture
def fake() -> FakeGpio:
    return FakeGpio()


@pytest.fixture
def gpio(fake: FakeGpio) -> Gpio:
    return Gpio(lambda: fake, monotonic=iter(range(1000)).__next__)


@pytest.fixture
def pump(gpio: Gpio) -> GpioPump:
    return GpioPump(gpio, (17,), 25.0, (18,), 27)


def edges(fake: FakeGpio, line: int = 17) -> int:
    """Changes of its level."""
    levels = [entry[2] for entry in fake.log if entry[0] == "set" and entry[1] == line]
    return sum(one != other for one, other in pairwise(levels))


def turns(pump: GpioPump, begin: float, seconds: float) -> None:
    """The loop of the board, 10 ms a turn."""
    for turn in range(round(seconds * 100)):
        pump.feedback(begin + turn / 100)


def test_closed_it_is_toggled(pump: GpioPump, fake: FakeGpio) -> None:
    """25 periods a second are 50 edges; the line in series is simply on."""
    assert pump.switch(1.0, True) is None
    turns(pump, 1.0, 1.0)
    assert 45 <= edges(fake) <= 52
    assert fake.levels[18] is True
    assert pump.closings == 1
    assert pump.wake_at <= 2.01


def test_open_it_stands_still(pump: GpioPump, fake: FakeGpio) -> None:
    """Low, and no edge more."""
    turns(pump, 0.0, 1.0)
    assert edges(fake) == 0
    pump.switch(1.0, True)
    turns(pump, 1.0, 0.2)
    assert pump.switch(1.2, False) is None
    before = edges(fake)
    turns(pump, 1.2, 1.0)
    assert edges(fake) == before
    assert (fake.levels[17], fake.levels[18]) == (False, False)


def test_nobody_turns_the_loop(pump: GpioPump, fake: FakeGpio) -> None:
    """Without turns there is no edge, and those that were missed are not made up for."""
    pump.switch(1.0, True)
    turns(pump, 1.0, 0.2)
    before = edges(fake)
    turns(pump, 5.0, 0.02)
    assert edges(fake) - before <= 2


def test_it_holds_at_the_limits_of_the_table(gpio: Gpio, fake: FakeGpio) -> None:
    """20 Hz and 50 Hz with turns of 10 ms."""
    for hertz, least in ((20.0, 36), (50.0, 80)):
        pump = GpioPump(gpio, (17,), hertz)
        before = edges(fake)
        pump.switch(1.0, True)
        turns(pump, 1.0, 1.0)
        assert edges(fake) - before >= least
        assert pump.feedback(2.0) is None
        pump.switch(2.0, False)


def test_lines_that_fail(pump: GpioPump, fake: FakeGpio) -> None:
    """The pump's own line is an unknown position; one in series refuses the command and the pump stands still."""
    pump.switch(1.0, True)
    fake.busy[17] = "broken"
    assert isinstance(pump.feedback(1.1), DeviceFailure)
    fake.busy.clear()
    turns(pump, 2.0, 0.1)
    assert pump.feedback(2.2) is False
    fake.busy[18] = "broken"
    assert isinstance(pump.switch(3.0, True), DeviceFailure)
    before = edges(fake)
    turns(pump, 3.0, 0.3)
    assert edges(fake) == before
