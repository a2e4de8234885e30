"""What the plain values of a board answer by themselves."""

from __future__ import annotations

from drivers.board_file.model import Problem
from tests.drivers.board_file.samples import BOARD, check


def test_a_problem_as_it_is_said() -> None:
    """File and line, then the key, then why; without line or key what there is."""
    assert Problem(3, "[a] b", "no").said("/x") == "/x:3: [a] b: no"
    assert Problem(0, "", "no").said("/x") == "/x: no"


def test_the_bus_of_a_part() -> None:
    """A meter stands on a serial one; a contactor on none."""
    parts = check(BOARD).board.connectors[0].parts
    assert parts["meter"].bus_kind == "serial" and parts["contactor"].bus_kind == ""
    assert parts["meter"].path == ("connector", "1", "meter")
