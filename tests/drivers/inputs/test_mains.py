"""The mains at a line."""

from __future__ import annotations

from drivers.devices import SupplySample
from drivers.inputs.mains import GpioMains
from drivers.ports.gpio import Gpio
from tests.drivers.ports.fake_gpio import FakeGpio


def test_mains_that_fail() -> None:
    """A line that cannot be read counts as a failure of the mains."""
    fake = FakeGpio()
    mains = GpioMains(Gpio(lambda: fake), 4)
    assert mains.sample(0.0) == SupplySample(None, False)
    fake.levels[4] = True
    assert mains.sample(0.1) == SupplySample(None, True)
    assert mains.wake_at > 0.1
    fake.levels[4] = False
    assert mains.sample(1.0) == SupplySample(None, False)
    fake.busy[4] = "broken"
    assert mains.sample(2.0) == SupplySample(None, True)
