"""Status lamps: the table of their drivers."""

from __future__ import annotations

from typing import Any, Final

from drivers.driver_table import ACTIVE, Driver, Parameter


def _gpio(**arguments: Any) -> Any:
    from drivers.lamps.gpio_lamp import GpioLamp  # late: not every board has one

    return GpioLamp(**arguments)


DRIVERS: Final = {
    "gpio": Driver(
        _gpio,
        {"gpio": "gpio"},
        {
            "red": Parameter("line", says="line of the red light"),
            "green": Parameter("line", says="line of the green light"),
            "blue": Parameter("line", says="line of the blue light"),
            "active": ACTIVE,
        },
        says="one to three lights at GPIO lines",
    ),
}
