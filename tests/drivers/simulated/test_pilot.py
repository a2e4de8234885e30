"""The simulated pilot: peaks as the car and the faults make them."""

from __future__ import annotations

from math import inf

import pytest

from drivers.reflex.pilot_signal import STEADY_NS
from drivers.simulated.car import Car
from drivers.simulated.pilot import SimulatedPilot


def car(ready: bool) -> Car:
    it = Car()
    it.ready = ready
    return it


@pytest.mark.parametrize(
    ("cause", "plugged", "duty_ns", "peaks"),
    [
        ("", None, STEADY_NS, (12.0, 12.0)),
        ("", car(False), STEADY_NS, (9.0, 9.0)),
        ("", car(False), 266_666, (9.0, -12.0)),
        ("", car(True), 266_666, (6.0, -12.0)),
        ("diode", car(True), 266_666, (6.0, -6.0)),
        ("diode", None, 266_666, (12.0, -12.0)),
        ("ventilation", car(True), 266_666, (3.0, -12.0)),
        ("pilot-short", car(True), 266_666, (0.0, 0.0)),
    ],
)
def test_peaks(cause: str, plugged: Car | None, duty_ns: int, peaks: tuple[float, float]) -> None:
    """IEC 61851-1 Table A.1, and what each fault makes of it."""
    asked: list[float] = []

    def car_at(now: float) -> Car | None:
        asked.append(now)
        return plugged

    pilot = SimulatedPilot({cause}, car_at)
    pilot.signal(1.0, duty_ns)
    assert pilot.sample(2.0) == (2.0, *peaks, inf) and asked == [2.0]


def test_what_it_allows_the_car() -> None:
    """Amperes by the duty; steady: none."""
    pilot = SimulatedPilot(set(), lambda _: None)
    assert pilot.signalled_amps == 0.0
    pilot.signal(0.0, 266_666)
    assert pilot.signalled_amps == 16.0
