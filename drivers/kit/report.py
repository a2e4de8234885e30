"""`evsed-board --test-driver MODULE:NAME`: a driver against the promises of its family, a verdict per promise.

MODULE:NAME is a `Driver`, or a table of drivers like those of the families; with an entry point of the group
`evsed.drivers` its name FAMILY.NAME does as well.  The family is its first part, or `FAMILY` of the module.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NamedTuple

from drivers.board_file.families import MODULES, DriverRefused, drivers_of
from drivers.board_file.file_keys import REQUIRED, understood
from drivers.driver_table import Driver
from drivers.kit.ports import MOODS, KitPort
from drivers.kit.promises import PROMISES, Broken

SAMPLES: Final[Mapping[str, Any]] = {
    "line": 17,
    "lines": (17, 18),
    "text": "X",
    "calibration": {"high": [0, 1], "low": [0, 1]},
}


class Verdict(NamedTuple):
    """One promise, on ports in one mood."""

    promise: str
    mood: str
    broken: str
    """How; empty: it holds."""


def judged(family: str, driver: Driver) -> list[Verdict]:
    """Every promise of the family, on ports in every mood."""
    verdicts = [Verdict("its table can be understood", "", _table_problem(driver))]
    if verdicts[0].broken:
        return verdicts
    for mood in MOODS:
        for check in PROMISES[family]:
            verdicts.append(Verdict((check.__doc__ or check.__name__).strip(), mood, _broken(check, driver, mood)))
    return verdicts


def _table_problem(driver: Driver) -> str:
    try:
        understood(driver)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _broken(check: Callable[[Any], None], driver: Driver, mood: str) -> str:
    try:
        device = driver.make(**arguments(driver, mood))
    except Exception as error:
        return f"it cannot be made: {type(error).__name__}: {error}"
    try:
        check(device)
    except Broken as broken:
        return str(broken)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def arguments(driver: Driver, mood: str) -> dict[str, Any]:
    """Ports in a mood, and every parameter with its default or something that fits."""
    found: dict[str, Any] = {name: KitPort(mood) for name in driver.ports}
    for name, parameter in driver.parameters.items():
        if not parameter.required:
            found[name] = parameter.default
        elif parameter.kind in ("whole", "number"):
            found[name] = parameter.low
        elif parameter.kind == "choice":
            found[name] = parameter.choices[0]
        else:
            found[name] = SAMPLES.get(parameter.kind, REQUIRED)
    return found


def drivers_named(name: str) -> list[tuple[str, str, Driver]]:
    """Family, name and driver of each that is meant.  DriverRefused where nothing is."""
    module_name, _, attribute = name.partition(":")
    if not attribute:
        family, _, its_name = name.partition(".")
        if family in MODULES and its_name in drivers_of(family):
            return [(family, its_name, drivers_of(family)[its_name])]
    sys.path.insert(0, str(Path.cwd()))
    try:
        module = import_module(module_name)
        found = getattr(module, attribute or "DRIVERS")
    except Exception as error:
        raise DriverRefused(f"{name} cannot be loaded: {type(error).__name__}: {error}") from error
    family = getattr(module, "FAMILY", "")
    table = {attribute or "DRIVERS": found} if isinstance(found, Driver) else found
    if isinstance(table, Mapping) and table and all(isinstance(driver, Driver) for driver in table.values()):
        if family not in PROMISES:
            raise DriverRefused(f"{module_name} must say FAMILY = one of {', '.join(PROMISES)}")
        return [(family, its_name, driver) for its_name, driver in table.items()]
    raise DriverRefused(f"{name} is neither a drivers.driver_table.Driver nor a table of them")


def run(name: str) -> int:
    """Print a verdict per promise.  Exit code: 0 all hold, 1 one is broken, 2 there is no such driver."""
    try:
        named = drivers_named(name)
    except DriverRefused as error:
        print(f"evsed-board: {error}", file=sys.stderr)
        return 2
    broken = 0
    for family, its_name, driver in named:
        print(f"{family} {its_name}: {driver.says or 'it does not say what it is'}")
        for verdict in judged(family, driver):
            broken += bool(verdict.broken)
            mood = f" (port {verdict.mood})" if verdict.mood else ""
            print(f"  {'BROKEN' if verdict.broken else 'holds '} {verdict.promise}{mood}")
            if verdict.broken:
                print(f"         {verdict.broken}")
    print(f"{broken} broken" if broken else "every promise holds")
    return 1 if broken else 0
