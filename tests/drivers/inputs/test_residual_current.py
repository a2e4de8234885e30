"""A residual-current monitor: trips, and its own test that must trip and let go."""

from __future__ import annotations

import pytest

from drivers.devices import DeviceFailure
from drivers.inputs.residual_current import GpioResidualCurrent
from drivers.ports.gpio import Gpio
from tests.drivers.ports.fake_gpio import FakeGpio


@pytest.fixture
def fake() -> FakeGpio:
    return FakeGpio()


@pytest.fixture
def gpio(fake: FakeGpio) -> Gpio:
    return Gpio(lambda: fake, monotonic=iter(range(1000)).__next__)


@pytest.fixture
def monitor(gpio: Gpio) -> GpioResidualCurrent:
    return GpioResidualCurrent(gpio, 22, 23)


def test_a_trip_is_reported(monitor: GpioResidualCurrent, fake: FakeGpio) -> None:
    """At once; an input that cannot be read is a failure, which counts as a trip."""
    assert monitor.tripped(0.0) is False
    assert monitor.wake_at == pytest.approx(0.01)
    fake.levels[22] = True
    assert monitor.tripped(0.01) is True
    fake.busy[22] = "broken"
    assert isinstance(monitor.tripped(0.02), DeviceFailure)


def test_its_test_passes(monitor: GpioResidualCurrent, fake: FakeGpio) -> None:
    """It trips, the test input is released, it lets go: none of that is a trip."""
    assert monitor.has_test
    assert monitor.begin_test(1.0) is None
    assert fake.levels[23] is True
    assert monitor.testing(1.1) is True
    fake.levels[22] = True
    assert monitor.tripped(1.2) is False
    assert fake.levels[23] is False
    fake.levels[22] = False
    assert monitor.testing(1.3) is False
    assert monitor.tripped(1.3) is False


def test_it_does_not_trip(monitor: GpioResidualCurrent, fake: FakeGpio) -> None:
    """After a second the test has failed, and that counts as a trip until a test passes."""
    monitor.begin_test(1.0)
    assert monitor.testing(1.9) is True
    assert monitor.testing(2.0) is False
    failure = monitor.tripped(2.1)
    assert isinstance(failure, DeviceFailure)
    assert failure.cause == "its self-test does not trip"
    assert fake.levels[23] is False
    test_its_test_passes(monitor, fake)


def test_it_stays_tripped(monitor: GpioResidualCurrent, fake: FakeGpio) -> None:
    """After three seconds."""
    monitor.begin_test(1.0)
    fake.levels[22] = True
    assert monitor.testing(1.1) is True
    assert monitor.testing(4.0) is True
    assert monitor.testing(4.2) is False
    failure = monitor.tripped(4.2)
    assert isinstance(failure, DeviceFailure)
    assert failure.cause == "it stays tripped after its self-test"


def test_lines_that_fail_during_the_test(monitor: GpioResidualCurrent, fake: FakeGpio) -> None:
    """Input and output; the test ends."""
    fake.busy[23] = "broken"
    assert isinstance(monitor.begin_test(1.0), DeviceFailure)
    fake.busy.clear()
    monitor.begin_test(5.0)
    fake.busy[22] = "broken"
    assert isinstance(monitor.tripped(5.1), DeviceFailure)
    fake.busy.clear()
    assert not monitor.testing(9.0)
    monitor.begin_test(20.0)
    fake.levels[22] = True
    fake.busy[23] = "broken"
    assert monitor.tripped(20.1) is False
    assert isinstance(monitor.tripped(20.2), DeviceFailure)


def test_without_a_test_input(gpio: Gpio) -> None:
    """There is nothing to test."""
    monitor = GpioResidualCurrent(gpio, 22)
    assert not monitor.has_test
    assert monitor.begin_test(0.0) is None
    assert monitor.testing(0.0) is False
