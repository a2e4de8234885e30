"""A board file of parts as a whole: read, its parts compared with each other and with this machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from drivers.board_file.conflicts import find
from drivers.board_file.families import DriverRefused, drivers_of
from drivers.board_file.machine_checks import Machine, look
from drivers.board_file.model import PartsBoard, Problem
from drivers.board_file.places import Places
from drivers.board_file.reader import Drivers, read_parts


class Checked(NamedTuple):
    """A board, and what is to be said about it."""

    board: PartsBoard
    """Fit to be built where there are no problems."""
    problems: list[Problem]
    warnings: list[Problem]


def checked(content: Mapping[str, Any], text: str, machine: Machine, drivers: Drivers = drivers_of) -> Checked:
    """Everything that is wrong with the file, in the order of its lines."""
    places = Places(text)
    try:
        board, problems = read_parts(content, places, drivers)
    except DriverRefused as error:
        nothing = read_parts({}, places, lambda _: {}).board
        return Checked(nothing, [Problem(0, "", str(error))], [])
    if problems:
        return Checked(board, _in_order(problems), [])
    among, here = find(board, places.line), look(board, machine, places.line)
    return Checked(board, _in_order(among.problems + here.problems), _in_order(among.warnings + here.warnings))


def _in_order(problems: list[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda problem: problem.line)
