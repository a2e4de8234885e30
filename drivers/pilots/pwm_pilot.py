"""The Control Pilot by hardware PWM and a converter: both half-waves, calibrated; the generator is read back.

There is no software PWM: one whose single cycles reach 85 % would signal currents that nobody offered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Final, NamedTuple, Protocol

from drivers.devices import DeviceFailure, PilotSample
from drivers.pilots.adc import VALID_S, AdcInputs, AdcSample
from drivers.reflex.pilot_signal import PERIOD_NS, STEADY_NS

LOOK_S: Final = 0.01
"""The pilot is looked at so often."""
READ_BACK_S: Final = 1.0
FREQUENCY_TOLERANCE: Final = 0.005
"""1 kHz +-0.5 %."""
DUTY_TOLERANCE_NS: Final = PERIOD_NS // 100
SETTLES_S: Final = 0.02
"""After a change between steady levels and PWM the detectors need so long; until then the last sample stands."""


class GeneratorState(Protocol):
    """What a PWM channel says it does."""

    @property
    def period_ns(self) -> int: ...
    @property
    def duty_ns(self) -> int: ...
    @property
    def enabled(self) -> bool: ...


class Generator(Protocol):
    """A channel of a hardware PWM."""

    @property
    def device(self) -> str: ...

    def set(self, duty_ns: int) -> DeviceFailure | None:
        """High time of each period."""

    def state(self) -> GeneratorState | DeviceFailure:
        """Read back."""


class Calibration(NamedTuple):
    """Volts = a + b × counts, for both peaks."""

    high: tuple[float, float]
    low: tuple[float, float]

    @staticmethod
    def of(table: Mapping[str, Sequence[float]]) -> Calibration:
        """As it stands in the board file."""
        (high_a, high_b), (low_a, low_b) = table["high"], table["low"]
        return Calibration((float(high_a), float(high_b)), (float(low_a), float(low_b)))


def _kind(duty_ns: int) -> int:
    """Steady low, steady high, or PWM."""
    return duty_ns if duty_ns in (0, STEADY_NS) else -1


class PwmPilot:
    """A `Pilot`."""

    __slots__ = (
        *("_adc", "_begun_at", "_calibration", "_duty_ns", "_generator", "_generator_failure", "_held"),
        "_read_back_at",
        "wake_at",
    )

    def __init__(self, pwm: Generator, adc: AdcInputs, calibration: Mapping[str, Sequence[float]]) -> None:
        self._generator = pwm
        self._adc = adc
        self._calibration = Calibration.of(calibration)
        self._duty_ns: int | None = None
        self._generator_failure: DeviceFailure | None = None
        self._read_back_at = -inf
        self._begun_at = -inf
        """When PWM or a steady level began."""
        self._held: PilotSample | DeviceFailure = DeviceFailure(adc.device, "not read yet", "wait")
        self.wake_at = -inf

    def signal(self, now: float, duty_ns: int) -> DeviceFailure | None:
        """High time of each period; 1,000,000: steady +12 V; 0: steady -12 V."""
        failure = self._generator.set(duty_ns)
        if failure is None:
            if self._duty_ns is None or _kind(duty_ns) != _kind(self._duty_ns):
                self._begun_at = now
            self._duty_ns = duty_ns
            self._generator_failure, self._read_back_at = None, now + SETTLES_S
        return failure

    def sample(self, now: float) -> PilotSample | DeviceFailure:
        """Both peaks in volts, or what is wrong with converter or generator."""
        self.wake_at = now + LOOK_S
        if self._duty_ns is not None and now >= self._read_back_at:
            self._read_back_at = now + READ_BACK_S
            self._generator_failure = self._judged(self._duty_ns)
        if self._generator_failure is not None:
            return self._generator_failure
        sample = self._adc.latest(now)
        if isinstance(sample, DeviceFailure):
            return sample
        if sample.at < self._begun_at + SETTLES_S:
            return self._held
        (high_a, high_b), (low_a, low_b) = self._calibration
        high = high_a + high_b * sample.high
        low = low_a + low_b * sample.low
        if self._duty_ns == 0:
            high = low  # a steady level: the detector of the other sign shows nothing
        elif self._duty_ns == STEADY_NS:
            low = high
        self._held = PilotSample(sample.at, high, low, sample.at + VALID_S)
        return self._held

    def read_back(self) -> GeneratorState | DeviceFailure:
        """What the generator says it does."""
        return self._generator.state()

    def counts(self, now: float) -> AdcSample | DeviceFailure:
        """Both peaks as the converter counts them."""
        return self._adc.latest(now)

    def _judged(self, duty_ns: int) -> DeviceFailure | None:
        """What the generator does against what it was told."""
        state = self._generator.state()
        if isinstance(state, DeviceFailure):
            return state
        device, remedy = (
            self._generator.device,
            "another program uses it, or audio does: dtparam=audio=off",
        )
        if not state.enabled:
            return DeviceFailure(device, "it is switched off", remedy)
        if abs(state.period_ns - PERIOD_NS) > PERIOD_NS * FREQUENCY_TOLERANCE:
            return DeviceFailure(device, f"it runs at {1e9 / max(state.period_ns, 1):.0f} Hz, not at 1 kHz", remedy)
        if abs(state.duty_ns - duty_ns) > DUTY_TOLERANCE_NS:
            told, is_now = duty_ns / 10_000, state.duty_ns / 10_000
            return DeviceFailure(device, f"its duty is {is_now:.1f} %, told were {told:.1f} %", remedy)
        return None
