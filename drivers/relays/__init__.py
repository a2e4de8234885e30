"""Contactors: the table of their drivers."""

from __future__ import annotations

from typing import Any, Final

from drivers.driver_table import ACTIVE, PULL, Driver, Parameter

CONTACTS: Final = {
    "feedback": Parameter("line", says="line of the auxiliary contact (on: closed)"),
    "more_feedback": Parameter("lines", (), low=1, high=2, says="lines of those of the other coils"),
    "active": ACTIVE,
    "feedback_active": ACTIVE,
    "feedback_pull": PULL,
}


def _gpio(**arguments: Any) -> Any:
    from drivers.relays.gpio_relay import GpioRelay  # late: a board has one kind of contactor

    return GpioRelay(**arguments)


def _gpio_pump(**arguments: Any) -> Any:
    from drivers.relays.gpio_pump import GpioPump

    return GpioPump(**arguments)


DRIVERS: Final = {
    "gpio": Driver(
        _gpio,
        {"gpio": "gpio"},
        {
            "lines": Parameter("lines", required=True, low=1, high=3, says="lines of the coils, several in series"),
            **CONTACTS,
        },
        says="coils switched by GPIO lines",
    ),
    "gpio-pump": Driver(
        _gpio_pump,
        {"gpio": "gpio"},
        {
            "lines": Parameter("lines", required=True, low=1, high=3, says="lines that are toggled together"),
            "pump_hz": Parameter("number", 25.0, low=20, high=50, unit="Hz", says="how often they are toggled"),
            "series": Parameter("lines", (), low=1, high=2, says="lines of coils in series, simply on or off"),
            **CONTACTS,
        },
        says="a charge pump that a hanging board cannot hold",
    ),
}
