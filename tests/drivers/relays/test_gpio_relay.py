"""A contactor at GPIO lines: claimed open, switched, seen by its contact, and what fails is a value."""

from __future__ import annotations

import pytest

from drivers.devices import DeviceFailure
from drivers.ports.gpio import Gpio
from drivers.relays.gpio_relay import GpioRelay
from tests.drivers.ports.fake_gpio import FakeGpio


@pytest.fixture
def fake() -> FakeGpio:
    return FakeGpio()


@pytest.fixture
def gpio(fake: FakeGpio) -> Gpio:
    return Gpio(lambda: fake, monotonic=iter(range(1000)).__next__)


@pytest.fixture
def relay(gpio: Gpio) -> GpioRelay:
    return GpioRelay(gpio, (17, 18), 27, (22,), feedback_active="low", feedback_pull="up")


def test_it_is_claimed_open(relay: GpioRelay, fake: FakeGpio) -> None:
    """Before anything else: a line that a dead process left closed opens here."""
    assert fake.log[:4] == [("claim", 17, False), ("set", 17, False), ("claim", 18, False), ("set", 18, False)]
    assert relay.feedback(0.0) is False


def test_active_low_is_claimed_open_too(gpio: Gpio, fake: FakeGpio) -> None:
    """At its high level."""
    GpioRelay(gpio, (17,), active="low")
    assert fake.log[0] == ("claim", 17, True)


def test_switching_and_feedback(relay: GpioRelay, fake: FakeGpio) -> None:
    """The contacts tell what came of it; closings are counted once each."""
    assert relay.switch(1.0, True) is None
    assert (fake.levels[17], fake.levels[18]) == (True, True)
    assert relay.feedback(1.0) is False
    fake.levels[27] = False
    assert relay.feedback(1.01) is False
    fake.levels[22] = False
    assert relay.feedback(1.02) is True
    assert relay.wake_at == pytest.approx(1.03)
    relay.switch(1.1, True)
    relay.switch(2.0, False)
    assert relay.feedback(2.0) is True
    fake.levels[27] = True
    assert relay.feedback(2.02) is True, "one of them is welded"
    fake.levels[22] = True
    assert relay.feedback(2.03) is False
    relay.switch(3.0, True)
    assert relay.closings == 2


def test_a_line_that_fails(relay: GpioRelay, fake: FakeGpio) -> None:
    """A refused command, an unknown position; both come back by themselves."""
    fake.busy[17] = fake.busy[27] = "'GPIO busy'"
    assert isinstance(relay.switch(1.0, True), DeviceFailure)
    assert isinstance(relay.feedback(1.0), DeviceFailure)
    fake.busy.clear()
    assert relay.switch(2.0, True) is None
    assert relay.feedback(2.0) is False


def test_without_feedback(gpio: Gpio) -> None:
    """It has none, and nothing has to be looked at."""
    relay = GpioRelay(gpio, (17,))
    assert relay.feedback(1.0) is None
    assert relay.wake_at == float("inf")
