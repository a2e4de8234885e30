"""The families of drivers: where each one's table `DRIVERS` lives, and drivers that are installed from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any, Final

from drivers.driver_table import Driver

MODULES: Final = {
    "pilot": "drivers.pilots",
    "contactor": "drivers.relays",
    "meter": "drivers.meters",
    "lock": "drivers.locks",
    "proximity": "drivers.inputs",
    "rcd": "drivers.inputs",
    "ground": "drivers.inputs",
    "button": "drivers.inputs",
    "emergency_stop": "drivers.inputs",
    "tamper": "drivers.inputs",
    "supply": "drivers.inputs",
    "reader": "drivers.readers",
    "lamp": "drivers.lamps",
    "thermometer": "drivers.thermometers",
}
"""Family -> the package whose `DRIVERS` has its drivers."""
SAME_AS: Final = {"ground": "tamper"}
"""Families whose devices are those of another one: contacts that report."""
GROUP: Final = "evsed.drivers"
"""Entry points of this group are drivers from elsewhere, each called FAMILY.NAME."""


class DriverRefused(Exception):
    """An entry point that is no driver; the text says what it must be."""


def installed() -> Iterable[tuple[str, Any]]:
    """Name and loader of every entry point of `GROUP`."""
    from importlib.metadata import entry_points  # imported late: few boards have one, and it is large

    return [(point.name, point.load) for point in entry_points(group=GROUP)]


def drivers_of(family: str, foreign: Callable[[], Iterable[tuple[str, Any]]] | None = None) -> Mapping[str, Driver]:
    """The table of a family, ours and those from elsewhere; ours win.  DriverRefused where one of those is broken."""
    found: dict[str, Driver] = {}
    for name, load in (foreign or installed)():
        its_family, _, its_name = name.partition(".")
        if its_family == family and its_name:
            found[its_name] = _loaded(name, load)
    return {**found, **own_drivers(family)}


def own_drivers(family: str) -> Mapping[str, Driver]:
    """The table that comes with evsed: by name, or where a package has several families by family and name."""
    table: Mapping[str, Any] = import_module(MODULES[family]).DRIVERS
    if all(isinstance(entry, Driver) for entry in table.values()):
        return table
    found: Mapping[str, Driver] = table.get(SAME_AS.get(family, family), {})
    return found


def _loaded(name: str, load: Callable[[], Any]) -> Driver:
    try:
        driver = load()
    except Exception as error:
        raise DriverRefused(f"the driver {name} cannot be loaded: {error}") from error
    if not isinstance(driver, Driver):
        raise DriverRefused(f"the driver {name} is a {type(driver).__name__}; it must be a drivers.driver_table.Driver")
    return driver
