"""The ADS1115 against a model of its registers."""

from __future__ import annotations

import pytest

from drivers.devices import DeviceFailure
from drivers.pilots.adc import AdcSample, Latest
from drivers.pilots.ads1115 import PAUSE_S, Ads1115
from tests.drivers.pilots.converters import Ads1115Model, Ticks


def failure(latest: Latest, now: float) -> str:
    found = latest.latest(now)
    assert isinstance(found, DeviceFailure)
    return str(found)


def test_both_peaks_of_two_pilots() -> None:
    """Each input by its own conversion, negative counts with their sign; all four within 10 ms."""
    clock, model = Ticks(), Ads1115Model(20000, 1, -5, 30000)
    converter = Ads1115(model, 0x48, clock, clock.wait)
    first, second = converter.inputs(0, 1), converter.inputs(3, 2)
    pause = converter.poll()
    assert clock.now + pause == pytest.approx(100.008)
    assert isinstance(first.latest(clock.now), AdcSample)
    assert first.latest(clock.now)[1:] == (20000, 1)
    assert second.latest(clock.now)[1:] == (30000, -5)


def test_a_slow_conversion_is_waited_for() -> None:
    """The model refuses to be read before; one that never ends is a failure."""
    clock, model = Ticks(), Ads1115Model(1, 2)
    converter = Ads1115(model, 0x48, clock, clock.wait)
    inputs = converter.inputs(0, 1)
    model.slow = 4
    converter.poll()
    assert inputs.latest(clock.now)[1:] == (1, 2)
    model.slow = 100
    assert converter.poll() == PAUSE_S
    assert "it does not convert; check its supply" in failure(inputs, clock.now)


def test_a_converter_that_is_gone_returns() -> None:
    """No answer is told with the inputs' own name; the next good conversion counts at once."""
    clock, model = Ticks(), Ads1115Model(1, 2)
    converter = Ads1115(model, 0x48, clock, clock.wait)
    inputs = converter.inputs(0, 1)
    model.gone = True
    assert converter.poll() == PAUSE_S
    assert failure(inputs, clock.now) == ("ADS1115 at /dev/i2c-9, address 0x48, A0 and A1: no answer; check its wiring")
    model.gone = False
    converter.poll()
    assert inputs.latest(clock.now)[1:] == (1, 2)


def test_another_device_or_program_is_seen() -> None:
    """What answers with other settings measures something else: never taken for the pilot."""
    clock, model = Ticks(), Ads1115Model(1, 2)
    converter = Ads1115(model, 0x48, clock, clock.wait)
    inputs = converter.inputs(0, 1)
    model.foreign = 0x8583
    converter.poll()
    assert "its settings are not ours" in failure(inputs, clock.now)


def test_a_failure_between_the_two_peaks() -> None:
    """At each of the transfers of a sample: no half sample is told."""
    for at in range(6):
        clock, model = Ticks(), Ads1115Model(1, 2)
        converter = Ads1115(model, 0x48, clock, clock.wait)
        inputs = converter.inputs(0, 1)
        model.reads_left = at
        converter.poll()
        found = inputs.latest(clock.now)
        assert isinstance(found, DeviceFailure) if at < 4 else found[1:] == (1, 2)
