"""The pilot of PWM and converter: half-waves, calibration, read-back, and what counts as lost."""

from __future__ import annotations

import pytest

from drivers.devices import DeviceFailure, PilotSample
from drivers.pilots.adc import AdcSample, Latest
from drivers.pilots.pwm_pilot import PwmPilot
from tests.drivers.pilots.converters import GONE, ChannelState, MemoryGenerator

CALIBRATION = {"high": [0.0, 0.01], "low": [-15.0, 0.01]}
STEADY, PWM = 1_000_000, 266_666


class Stand:
    """Volts are given as the detectors see them."""

    def __init__(self) -> None:
        self.generator, self.latest = MemoryGenerator(), Latest("adc")
        self.pilot = PwmPilot(self.generator, self.latest, CALIBRATION)

    def volts(self, now: float, high: float, low: float) -> PilotSample | DeviceFailure:
        self.latest.put(AdcSample(now, round(high * 100), round((low + 15) * 100)))
        return self.pilot.sample(now)


def peaks(sample: PilotSample | DeviceFailure) -> tuple[float, float]:
    assert isinstance(sample, PilotSample), sample
    return round(sample.high_volts, 3), round(sample.low_volts, 3)


def failure(sample: PilotSample | DeviceFailure) -> str:
    assert isinstance(sample, DeviceFailure)
    return sample.cause


def test_both_half_waves_in_volts() -> None:
    """Under PWM each peak has its own calibration; a sample counts for 50 ms; the next look is due in 10 ms."""
    stand = Stand()
    assert stand.pilot.signal(10.0, PWM) is None
    sample = stand.volts(11.0, 9.0, -12.0)
    assert peaks(sample) == (9.0, -12.0) and isinstance(sample, PilotSample)
    assert (sample.at, sample.valid_until, stand.pilot.wake_at) == (11.0, 11.05, 11.01)


@pytest.mark.parametrize(("duty", "high", "low", "both"), [(STEADY, 9.0, -1.0, 9.0), (0, 0.5, -12.0, -12.0)])
def test_a_steady_level_has_one_peak(duty: int, high: float, low: float, both: float) -> None:
    """Only the detector of its sign shows it."""
    stand = Stand()
    stand.pilot.signal(10.0, duty)
    assert peaks(stand.volts(11.0, high, low)) == (both, both)


def test_after_a_change_the_last_sample_stands() -> None:
    """The detectors need 20 ms: no diode is proven by a sample from before; a change of the duty is none."""
    stand = Stand()
    stand.pilot.signal(10.0, STEADY)
    assert failure(stand.volts(10.01, 9.0, -12.0)) == "not read yet"
    assert peaks(stand.volts(10.02, 9.0, -12.0)) == (9.0, 9.0)
    stand.pilot.signal(10.1, PWM)
    assert peaks(stand.volts(10.11, 6.0, -12.0)) == (9.0, 9.0)
    assert peaks(stand.volts(10.13, 9.0, -12.0)) == (9.0, -12.0)
    stand.pilot.signal(10.131, 300_000)
    assert peaks(stand.volts(10.132, 6.0, -12.0)) == (6.0, -12.0)
    stand.pilot.signal(10.2, 0)
    assert peaks(stand.volts(10.21, 9.0, -12.0)) == (6.0, -12.0)
    assert peaks(stand.volts(10.22, 9.0, -12.0)) == (-12.0, -12.0)


@pytest.mark.parametrize(
    ("does", "cause"),
    [
        (ChannelState(1_000_000, PWM, False), "it is switched off"),
        (ChannelState(1_005_100, PWM, True), "it runs at 995 Hz, not at 1 kHz"),
        (ChannelState(994_900, PWM, True), "it runs at 1005 Hz, not at 1 kHz"),
        (ChannelState(1_000_000, PWM + 10_001, True), "its duty is 27.7 %, told were 26.7 %"),
        (ChannelState(1_000_000, PWM - 10_001, True), "its duty is 25.7 %, told were 26.7 %"),
        (GONE, "no answer"),
    ],
)
def test_the_generator_is_read_back(does: ChannelState | DeviceFailure, cause: str) -> None:
    """Every second: frequency within 0.5 %, duty within 1 %-point, running; else the pilot counts as lost."""
    stand = Stand()
    stand.pilot.signal(10.0, PWM)
    assert peaks(stand.volts(10.5, 9.0, -12.0)) == (9.0, -12.0)
    stand.generator.does = does
    assert peaks(stand.volts(11.4, 9.0, -12.0)) == (9.0, -12.0)
    assert failure(stand.volts(11.5, 9.0, -12.0)) == cause
    assert failure(stand.volts(12.4, 9.0, -12.0)) == cause
    stand.generator.does = ChannelState(1_004_900, PWM + 9_999, True)
    assert peaks(stand.volts(12.5, 9.0, -12.0)) == (9.0, -12.0), "within its tolerances"


def test_a_refused_signal_is_told() -> None:
    """Nothing is taken for signalled that was not."""
    stand = Stand()
    stand.generator.refuses = GONE
    assert stand.pilot.signal(10.0, PWM) is GONE
    assert peaks(stand.volts(11.0, 12.0, -1.0)) == (12.0, -1.0), "nothing was ever signalled: no read-back either"


def test_a_lost_converter() -> None:
    """Its failure, in its own words."""
    stand = Stand()
    stand.pilot.signal(10.0, PWM)
    assert failure(stand.pilot.sample(10.01)) == "not read yet"
    stand.volts(11.0, 9.0, -12.0)
    assert failure(stand.pilot.sample(11.06)) == "its last sample is too old"
