"""The last sample of a slow thermometer: range, age, failures."""

from __future__ import annotations

from drivers.devices import DeviceFailure
from drivers.thermometers.sampled import PERIOD_S, STALE_AFTER_S, SampledThermometer


def test_samples_age() -> None:
    """Not read yet, a value, one that is too old, one out of range, and back."""
    now, shows = [0.0], [21.5]
    thermometer = SampledThermometer("t", lambda: shows[0], lambda: now[0])
    first = thermometer.celsius(0.0)
    assert isinstance(first, DeviceFailure)
    assert thermometer.poll() == PERIOD_S
    assert thermometer.celsius(STALE_AFTER_S) == 21.5
    assert thermometer.wake_at == STALE_AFTER_S + PERIOD_S
    old = thermometer.celsius(STALE_AFTER_S + 0.1)
    assert isinstance(old, DeviceFailure)
    assert old.cause == "it hangs"
    for odd in (-60.0, 200.0, float("nan")):
        shows[0] = odd
        thermometer.poll()
        assert isinstance(thermometer.celsius(0.0), DeviceFailure)
    shows[0] = 30.0
    thermometer.poll()
    assert thermometer.celsius(1.0) == 30.0
