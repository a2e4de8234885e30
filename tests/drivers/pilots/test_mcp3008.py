"""The MCP3008 against a model of its transfers."""

from __future__ import annotations

from drivers.devices import DeviceFailure
from drivers.pilots.mcp3008 import PAUSE_S, Mcp3008
from tests.drivers.pilots.converters import GONE, Mcp3008Model, Ticks

HIGH, LOW = 900, 30
PWM = [HIGH] * 10 + [LOW] * 30
"""A quarter of each period is high: forty samples of 25 us."""


def test_extremes_of_three_periods_are_the_peaks() -> None:
    """Both half-waves, of the input that is asked for."""
    clock = Ticks()
    converter = Mcp3008(Mcp3008Model(*PWM, at=5), clock)
    pilot, other = converter.inputs(5), converter.inputs(0)
    assert converter.poll() == 0.01
    assert pilot.latest(clock.now)[1:] == (HIGH, LOW)
    assert other.latest(clock.now)[1:] == (0, 0)


def test_single_spikes_are_left_out() -> None:
    """A sample in an edge or a spike is no peak."""
    converter = Mcp3008(Mcp3008Model(1023, 0, *PWM * 3), Ticks())
    inputs = converter.inputs(0)
    converter.poll()
    assert inputs.latest(100.0)[1:] == (HIGH, LOW)


def test_what_is_no_converter() -> None:
    """No device, too short an answer, a line that nobody pulls low: failures, and it is asked again."""
    model = Mcp3008Model(*PWM)
    converter = Mcp3008(model, Ticks())
    inputs = converter.inputs(0)
    for answer, cause in ((GONE, "no answer"), (b"", "it does not answer"), (b"\xff\xff\xff", "it does not answer")):
        model.answers = answer
        assert converter.poll() == PAUSE_S
        found = inputs.latest(100.0)
        assert isinstance(found, DeviceFailure) and found.cause == cause
        assert found.device == "MCP3008 at /dev/spidev9.0, input 0"
    model.answers = None
    converter.poll()
    assert inputs.latest(100.0)[1:] == (HIGH, LOW)


def test_one_that_stands_still_is_broken() -> None:
    """The same ten bits from every one of its samples for two seconds: it does not convert."""
    clock = Ticks()
    for signal, stuck in (((HIGH,), True), ((HIGH, HIGH, HIGH + 1), False), (tuple(PWM), False)):
        converter = Mcp3008(Mcp3008Model(*signal), clock)
        inputs = converter.inputs(0)
        for _ in range(250):
            clock.now += 0.01
            converter.poll()
        assert isinstance(inputs.latest(clock.now), DeviceFailure) is stuck
