"""A status lamp: a colour for each status, blinking by its thread, one light alone."""

from __future__ import annotations

import threading

import pytest

from drivers.board_protocol import LAMPS
from drivers.devices import DeviceFailure
from drivers.lamps.gpio_lamp import IDLE_S, LIGHTS, GpioLamp
from drivers.ports.gpio import Gpio
from tests.drivers.ports.fake_gpio import FakeGpio


class Stand:
    def __init__(self, **lines: int) -> None:
        self.fake, self.now = FakeGpio(), 100.0
        self.lamp = GpioLamp(Gpio(lambda: self.fake), **lines, monotonic=lambda: self.now)  # type: ignore[arg-type]

    def lit(self) -> str:
        return "".join(name for name, line in (("r", 2), ("g", 3), ("b", 4)) if self.fake.levels.get(line))


@pytest.fixture
def stand() -> Stand:
    return Stand(red=2, green=3, blue=4)


def test_every_status_has_its_light() -> None:
    """Each of the board socket, and no two look alike."""
    assert set(LIGHTS) == set(LAMPS)
    assert len(set(LIGHTS.values())) == len(LAMPS)


def test_steady_lights(stand: Stand) -> None:
    """Shown at once; the thread leaves them alone."""
    for lamp, colours in (("available", "g"), ("charging", "b"), ("finishing", "gb"), ("reserved", "rg"), ("off", "")):
        assert stand.lamp.show(stand.now, lamp) is None
        assert stand.lit() == colours
        assert stand.lamp.poll() == IDLE_S
        assert stand.lit() == colours


def test_blinking(stand: Stand) -> None:
    """On first, then off, then on, whenever the thread comes."""
    stand.lamp.show(stand.now, "preparing")
    seen = []
    for _ in range(40):
        pause_s = stand.lamp.poll()
        assert pause_s <= IDLE_S
        seen.append(stand.lit())
        stand.now += max(pause_s, 0.01)
    assert seen[0] == "g"
    assert 0.3 < seen.count("g") / len(seen) < 0.7
    assert set(seen) == {"g", ""}


def test_one_light_alone_shows_everything() -> None:
    """Whatever its colour."""
    stand = Stand(green=3)
    for lamp in ("available", "charging", "faulted"):
        stand.lamp.show(stand.now, lamp)
        assert stand.lit() == "g"
    stand.lamp.show(stand.now, "off")
    assert stand.lit() == ""


def test_a_thread_that_hangs_does_not_stop_the_loop(stand: Stand) -> None:
    """The lamp is then a failure, and nothing waits."""
    inside, over = threading.Event(), threading.Event()
    output = stand.fake.output

    def hang(line: int, level: bool) -> None:
        inside.set()
        over.wait(10)
        output(line, level)

    stand.lamp.show(stand.now, "preparing")
    stand.fake.output = hang  # type: ignore[method-assign]
    thread = threading.Thread(target=stand.lamp.poll)
    thread.start()
    inside.wait(10)
    failure = stand.lamp.show(stand.now, "faulted")
    over.set()
    thread.join()
    assert isinstance(failure, DeviceFailure)
    assert failure.cause == "its lines are still busy"


def test_what_somebody_sees(stand: Stand) -> None:
    """In words, for the bench."""
    assert stand.lamp.looks("off") == "dark"
    assert stand.lamp.looks("reserved") == "red and green, steady"
    assert Stand(red=2).lamp.looks("preparing") == "red, blinking"
    assert Stand(red=2, blue=4).lamp.looks("available") == "dark"


def test_a_line_that_fails(stand: Stand) -> None:
    """The others are set all the same; it is a value, and the host shows it again."""
    stand.fake.busy[2] = "broken"
    assert isinstance(stand.lamp.show(stand.now, "reserved"), DeviceFailure)
    assert stand.fake.levels[3] is True
