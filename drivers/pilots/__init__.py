"""Control pilots: the table of their drivers."""

from __future__ import annotations

from typing import Any, Final

from drivers.driver_table import Driver, Parameter

CALIBRATION: Final = Parameter(
    "calibration", required=True, says="volts = a + b × counts for both peaks; `evsectl pilot calibrate` measures them"
)


def _pwm_pilot(**arguments: Any) -> Any:
    from drivers.pilots.pwm_pilot import PwmPilot  # imported late: a board has one kind of pilot

    return PwmPilot(**arguments)


def _evse_din(**arguments: Any) -> Any:
    from drivers.pilots.evse_din import EvseDin

    return EvseDin(**arguments)


DRIVERS: Final = {
    "pwm-ads1115": Driver(
        _pwm_pilot,
        {"pwm": "pwm", "adc": "ads1115"},
        {"calibration": CALIBRATION},
        says="hardware PWM, and an ADS1115 behind two peak detectors",
    ),
    "pwm-mcp3008": Driver(
        _pwm_pilot,
        {"pwm": "pwm", "adc": "mcp3008"},
        {"calibration": CALIBRATION},
        says="hardware PWM, and an MCP3008 that samples the pilot itself",
    ),
    "evse-din": Driver(
        _evse_din,
        {"bus": "modbus"},
        {"address": Parameter("whole", 1, low=1, high=247)},
        bauds=(9600,),
        says="an EVSE-DIN or EVSE-WB controller, which has pilot and contactor itself",
        own_contactor=True,
    ),
}
