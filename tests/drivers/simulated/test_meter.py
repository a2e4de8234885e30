"""The simulated meter integrates exactly, and breaks as it is told to."""

from __future__ import annotations

import json

import pytest

from drivers.devices import Reading
from drivers.simulated.meter import BACKWARDS_WH, SimulatedMeter


def running() -> SimulatedMeter:
    meter = SimulatedMeter(100.0, 3, 230.0)
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
    again = SimulatedMeter(0.0, 3, 230.0)
    again.restore(json.loads(json.dumps(meter.state())))
    assert again.wh == meter.wh and again.read() == meter.read()
    meter.freeze(False)
    again.restore(json.loads(json.dumps(meter.state())))
    assert again.read() == Reading(round(meter.wh, 3), (230.0,) * 3, (0.0,) * 3, (0.0,) * 3)
