"""Coils and contacts in series: closed only together, open whatever fails, and the odd contact decides."""

from __future__ import annotations

import pytest

from drivers.devices import DeviceFailure
from drivers.ports.gpio import Gpio
from drivers.relays.series import Contactors, Feedback
from tests.drivers.ports.fake_gpio import FakeGpio


@pytest.fixture
def fake() -> FakeGpio:
    return FakeGpio()


@pytest.fixture
def gpio(fake: FakeGpio) -> Gpio:
    return Gpio(lambda: fake, monotonic=iter(range(1000)).__next__)


def test_all_close_and_open_together(gpio: Gpio, fake: FakeGpio) -> None:
    """One level for all."""
    coils = Contactors(gpio, (17, 18), "high")
    assert coils.set(True) is None
    assert (fake.levels[17], fake.levels[18]) == (True, True)
    assert coils.set(False) is None
    assert (fake.levels[17], fake.levels[18]) == (False, False)


def test_where_one_does_not_close_none_stays_closed(gpio: Gpio, fake: FakeGpio) -> None:
    """And an opening goes on over the one that fails."""
    coils = Contactors(gpio, (17, 18, 19), "high")
    coils.set(False)
    fake.busy[18] = "broken"
    failure = coils.set(True)
    assert isinstance(failure, DeviceFailure)
    assert failure.device == "GPIO 18"
    assert (fake.levels[17], fake.levels[19]) == (False, False)
    fake.levels[17] = fake.levels[19] = True
    assert isinstance(coils.set(False), DeviceFailure)
    assert (fake.levels[17], fake.levels[19]) == (False, False)


def test_the_contact_that_differs_decides(gpio: Gpio, fake: FakeGpio) -> None:
    """One that is welded, or one that did not close."""
    feedback = Feedback(gpio, (5, 6), "high", "off")
    assert feedback.closed(False) is False
    fake.levels[6] = True
    assert feedback.closed(False) is True
    assert feedback.closed(True) is False
    fake.levels[5] = True
    assert feedback.closed(True) is True
    fake.busy[6] = "broken"
    assert isinstance(feedback.closed(True), DeviceFailure)
    assert Feedback(gpio, (), "high", "off").closed(True) is None
