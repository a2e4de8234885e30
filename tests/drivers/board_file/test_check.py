"""A board file as a whole: what is checked after what, and drivers from elsewhere that are broken."""

from __future__ import annotations

import tomllib
from pathlib import Path

from drivers.board_file.check import checked
from drivers.board_file.families import DriverRefused
from drivers.board_file.machine_checks import Machine
from tests.drivers.board_file.samples import BOARD, changed, problems


def test_parts_are_compared_only_where_each_is_sound() -> None:
    """A missing key is no conflict."""
    found = problems(changed(("feedback = 27", "feedback = 99"), ("line = 22", "line = 17")))
    assert len(found) == 1 and "99" in found[0]


def test_a_broken_driver_from_elsewhere() -> None:
    """Is the one problem that is told."""

    def drivers(family: str) -> dict[str, object]:
        raise DriverRefused(f"the driver {family}.x cannot be loaded: no")

    found = checked(tomllib.loads(BOARD), BOARD, Machine(Path("/nowhere")), drivers)  # type: ignore[arg-type]
    assert [problem.said("b") for problem in found.problems] == ["b: the driver pilot.x cannot be loaded: no"]
