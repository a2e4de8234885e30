"""Inputs of a board by their family: residual current, proximity, button, contacts, mains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from drivers.driver_table import ACTIVE, PULL, Driver, Parameter

PULL_UP: Final = Parameter("number", 1000.0, low=100, high=10_000, unit="ohm", says="the resistor to the supply")
LINE: Final = {"line": Parameter("line", required=True, says="the line of the input"), "active": ACTIVE, "pull": PULL}
BUTTON_LINE: Final = {
    "line": LINE["line"],
    "active": ACTIVE._replace(default="low"),
    "pull": PULL._replace(default="up"),
}


def _contact(**arguments: Any) -> Any:
    from drivers.inputs.contact import GpioContact  # late: not every board has one

    return GpioContact(**arguments)


def _residual_current(**arguments: Any) -> Any:
    from drivers.inputs.residual_current import GpioResidualCurrent

    return GpioResidualCurrent(**arguments)


def _button(**arguments: Any) -> Any:
    from drivers.inputs.button import ButtonReader

    return ButtonReader(**arguments)


def _mains(**arguments: Any) -> Any:
    from drivers.inputs.mains import GpioMains

    return GpioMains(**arguments)


def _proximity(**arguments: Any) -> Any:
    from drivers.inputs.proximity import AdcProximity

    return AdcProximity(**arguments)


def _proximity_mcp3008(**arguments: Any) -> Any:
    return _proximity(**arguments, supply_counts=1023)


def _gpio(make: Any, says: str, parameters: Mapping[str, Parameter]) -> Mapping[str, Driver]:
    return {"gpio": Driver(make, {"gpio": "gpio"}, parameters, says=says)}


DRIVERS: Final[Mapping[str, Mapping[str, Driver]]] = {
    "rcd": _gpio(
        _residual_current,
        "a residual-current monitor: its trip output, and its test input",
        {
            **LINE,
            "test": Parameter("line", says="the line of its test input"),
            "test_active": ACTIVE,
        },
    ),
    "proximity": {
        "ads1115": Driver(
            _proximity,
            {"adc": "ads1115"},
            {"pull_up_ohms": PULL_UP},
            says="an ADS1115: `high` stands at the contact, `low` at the divider's supply",
        ),
        "mcp3008": Driver(
            _proximity_mcp3008, {"adc": "mcp3008"}, {"pull_up_ohms": PULL_UP}, says="an MCP3008 at the divider's supply"
        ),
    },
    "ground": _gpio(_contact, "a monitor of protective earth (on: lost)", LINE),
    "button": _gpio(
        _button,
        "a start and stop button",
        {**BUTTON_LINE, "id_tag": Parameter("text", "BUTTON", low=1, high=20, says="the idTag that a press presents")},
    ),
    "emergency_stop": _gpio(_contact, "an emergency stop (on: pressed)", LINE),
    "tamper": _gpio(_contact, "a contact of the housing (on: open)", LINE),
    "supply": _gpio(_mains, "a line that is on while the mains have failed", LINE),
}
"""By family, then by name."""
