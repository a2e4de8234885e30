"""GPIO lines with a library of memory: levels, pulls, claims that fail and come back."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.devices import DeviceFailure
from drivers.ports.gpio import Gpio
from tests.drivers.ports.fake_gpio import FakeGpio


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def fake() -> FakeGpio:
    return FakeGpio()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gpio(fake: FakeGpio, clock: Clock) -> Gpio:
    return Gpio(lambda: fake, {"RELAY": 17, "STOP": 4}.__getitem__, clock)


def test_an_output_is_claimed_with_its_level(gpio: Gpio, fake: FakeGpio) -> None:
    """No glitch between the claim and the level; nothing is touched before."""
    line = gpio.output(17)
    assert line.device == "GPIO 17"
    assert fake.log == []
    assert line.set(True) is None
    assert fake.log == [("claim", 17, True), ("set", 17, True)]
    assert line.set(False) is None
    assert fake.levels[17] is False
    line.release()
    assert fake.log[-1] == ("release", 17)


def test_active_low_is_turned_round(gpio: Gpio, fake: FakeGpio) -> None:
    """On is the low level, for outputs and inputs."""
    output, button = gpio.output("RELAY", "low"), gpio.input("STOP", "low", "up")
    output.set(True)
    assert fake.levels[17] is False
    output.set(False)
    assert fake.levels[17] is True
    assert (button.is_on(), fake.inputs[4]) == (False, FakeGpio.PUD_UP)
    fake.levels[4] = False
    assert button.is_on() is True
    assert button.device == "GPIO line STOP"
    button.release()
    assert 4 not in fake.inputs


@pytest.mark.parametrize(("pull", "constant"), [("off", 20), ("down", 21), ("up", 22)])
def test_inputs_have_a_pull(gpio: Gpio, fake: FakeGpio, pull: Any, constant: int) -> None:
    """And read the level."""
    line = gpio.input(22, pull=pull)
    assert line.is_on() is (pull == "up")
    assert fake.inputs[22] == constant
    fake.levels[22] = True
    assert line.is_on() is True


def test_a_busy_line_comes_back(gpio: Gpio, fake: FakeGpio, clock: Clock) -> None:
    """It names the line and the remedy, and is asked for again after a tenth of a second, with the level of then."""
    fake.busy[17] = "'GPIO busy'"
    line = gpio.output(17)
    assert line.set(True) == DeviceFailure(
        "GPIO 17", "another program or overlay holds the line", "gpioinfo shows which; end it"
    )
    del fake.busy[17]
    assert isinstance(line.set(False), DeviceFailure)
    clock.now = 0.1
    assert line.set(False) is None
    assert fake.log[0] == ("claim", 17, False)


def test_a_line_that_fails_in_use_is_claimed_anew(gpio: Gpio, fake: FakeGpio) -> None:
    """At the next use."""
    line = gpio.input(5)
    line.is_on()
    fake.busy[5] = "bad handle"
    failure = line.is_on()
    assert isinstance(failure, DeviceFailure)
    assert (failure.device, failure.cause) == ("GPIO 5", "bad handle")
    del fake.busy[5]
    assert line.is_on() is False


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ("This module can only be run on a Raspberry Pi!", "this machine is no Raspberry Pi"),
        ("No module named 'RPi'", "the library RPi.GPIO is missing"),
        ("'can not open gpiochip'", "no right to open the GPIO chip"),
        ("something else", "something else"),
    ],
)
def test_a_library_that_does_not_load(words: str, cause: str) -> None:
    """Off the Pi, not installed, no rights: each says what to do, and nothing is raised."""

    def load() -> Any:
        raise RuntimeError(words)

    failure = Gpio(load).output(17).set(True)
    assert isinstance(failure, DeviceFailure)
    assert failure.cause == cause
    assert failure.remedy


def test_a_chip_that_opens_later(gpio: Gpio, fake: FakeGpio, clock: Clock) -> None:
    """The mode is set anew with each claim."""
    fake.broken = "'can not open gpiochip'"
    line = gpio.output(17)
    assert isinstance(line.set(True), DeviceFailure)
    fake.broken, clock.now = "", 1.0
    assert line.set(True) is None


def test_an_unknown_name(gpio: Gpio) -> None:
    """It is a failure of that line."""
    failure = gpio.output("NOWHERE").set(True)
    assert isinstance(failure, DeviceFailure)
    assert failure.device == "GPIO line NOWHERE"


def test_12_a_module_that_is_not_installed_is_searched_once_a_second() -> None:
    """By all lines together; what fails otherwise is tried as often as a line is claimed."""
    now, searches = [0.0], [0]

    def load() -> Any:
        searches[0] += 1
        raise ModuleNotFoundError("No module named 'RPi'")

    gpio = Gpio(load, monotonic=lambda: now[0])
    lines = [gpio.input(number) for number in range(4)]
    for turn in range(100):
        now[0] = turn / 100
        assert all(isinstance(line.is_on(), DeviceFailure) for line in lines)
    assert searches == [1]
    now[0] = 1.2
    assert isinstance(lines[0].is_on(), DeviceFailure) and searches == [2]
