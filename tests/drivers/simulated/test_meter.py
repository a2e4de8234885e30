"""The simulated meter integrates exactly, and breaks as it is told to."""

from __future__ import annotations

import json

import pytest

from drivers.devices import Reading
from drivers.simulated.meter import BACKWARDS_WH, FROZEN_PERIOD_S, LOST, SimulatedMeter


def nothing(_: float) -> None:
    """Nobody counts the energy."""


def running() -> SimulatedMeter:
    meter = SimulatedMeter(100.0, 3, 230.0, nothing)
    meter.integrate(50.0)
    meter.flow(230.0, 10.0)
    meter.integrate(50.0 + 3600.0)
    return meter


def test_energy_is_volts_times_amperes_times_time() -> None:
    """Over all phases, from the second of the change on."""
    meter = running()
    assert meter.wh == pytest.approx(100.0 + 6900.0)
    assert meter.read() == Reading(7000.0, (230.0,) * 3, (10.0,) * 3, (2300.0,) * 3)
    meter.flow(230.0, 0.0)
    assert meter.integrate(1e6) == 0.0


def test_its_faults() -> None:
    """Lost: no answer; frozen: the old answer; backwards: a lower register.  The register itself goes on."""
    meter = running()
    meter.lost = True
    assert meter.read() is None
    meter.lost = False
    meter.freeze(True)
    frozen = meter.read()
    meter.freeze(True)
    meter.integrate(10_000.0)
    assert meter.read() == frozen
    meter.freeze(False)
    meter.backwards = True
    reading = meter.read()
    assert reading is not None and reading.wh == round(meter.wh - BACKWARDS_WH, 3)


def test_it_survives_the_dark() -> None:
    """Register and frozen display, through JSON."""
    meter = running()
    meter.freeze(True)
    again = SimulatedMeter(0.0, 3, 230.0, nothing)
    again.restore(json.loads(json.dumps(meter.state())))
    assert again.wh == meter.wh and again.read() == meter.read()
    meter.freeze(False)
    again.restore(json.loads(json.dumps(meter.state())))
    assert again.read() == Reading(round(meter.wh, 3), (230.0,) * 3, (0.0,) * 3, (0.0,) * 3)


def test_its_latest_sample() -> None:
    """As of the second of the call; a failure where it is lost; frozen and live it asks to be read again."""
    counted: list[float] = []
    meter = SimulatedMeter(100.0, 1, 230.0, counted.append)
    assert meter.latest(7.0)[:2] == (7.0, Reading(100.0, (230.0,), (0.0,), (0.0,))) and counted == [7.0]
    meter.freeze(True)
    assert meter.latest(8.0).reading == Reading(100.0, (230.0,), (0.0,), (0.0,)) and meter.wake_at == float("inf")
    meter.live = True
    for now in (9.0, 9.5):
        meter.latest(now)
        assert meter.wake_at == 9.0 + FROZEN_PERIOD_S
    meter.lost = True
    assert meter.latest(10.0).reading == LOST
