"""The table of pilots: each entry makes a device of its ports and values."""

from __future__ import annotations

from drivers.pilots import DRIVERS
from drivers.pilots.adc import Latest
from drivers.pilots.evse_din import EvseDin
from drivers.pilots.pwm_pilot import PwmPilot
from tests.drivers.pilots.converters import MemoryGenerator
from tests.drivers.pilots.test_evse_din import EvseDinModel


def test_each_entry_makes_its_device() -> None:
    """Called by the names of its table."""
    calibration = {"high": [0, 1], "low": [0, 1]}
    for name in ("pwm-ads1115", "pwm-mcp3008"):
        pilot = DRIVERS[name].make(pwm=MemoryGenerator(), adc=Latest("adc"), calibration=calibration)
        assert isinstance(pilot, PwmPilot)
    assert isinstance(DRIVERS["evse-din"].make(bus=EvseDinModel(), address=3), EvseDin)
    assert [name for name, driver in DRIVERS.items() if driver.own_contactor] == ["evse-din"]
