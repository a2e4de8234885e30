"""The families' tables, and drivers that come by entry point."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from drivers.board_file.families import MODULES, DriverRefused, drivers_of, installed, own_drivers
from drivers.driver_table import Driver

MINE = Driver(dict, {}, {})


def foreign() -> Iterable[tuple[str, Any]]:
    return [("pilot.mine", lambda: MINE), ("pilot.evse-din", lambda: MINE), ("meter.x", lambda: MINE), ("odd", None)]


def test_a_driver_from_elsewhere_is_one_of_its_family() -> None:
    """By FAMILY.NAME; it cannot take the place of one of ours."""
    found = drivers_of("pilot", foreign)
    assert found["mine"] is MINE and "x" not in found
    assert found["evse-din"] is own_drivers("pilot")["evse-din"]


def test_what_is_no_driver_is_refused() -> None:
    """An import that fails, an object of another kind: said with its name."""

    def fails() -> Any:
        raise ImportError("no module x")

    with pytest.raises(DriverRefused, match=r"the driver pilot\.a cannot be loaded: no module x"):
        drivers_of("pilot", lambda: [("pilot.a", fails)])
    with pytest.raises(DriverRefused, match=r"the driver pilot\.a is a int; it must be a drivers\.driver"):
        drivers_of("pilot", lambda: [("pilot.a", lambda: 5)])


def test_entry_points_are_asked_for() -> None:
    """The real list can be read; nobody's is broken here."""
    assert all(isinstance(name, str) for name, _ in installed())


def test_every_family_has_its_table() -> None:
    """Each entry is a driver, also where a package has several families."""
    for family in MODULES:
        table = own_drivers(family)
        assert all(isinstance(entry, Driver) for entry in table.values()), family
    assert own_drivers("ground") == own_drivers("tamper") != {}
