"""What a board is made of: the protocols fit what is built."""

from __future__ import annotations

from drivers.devices import BoardHost, Reading
from drivers.simulated.board import SimulatedBoard


def test_the_simulated_board_is_a_board_host() -> None:
    """One object with the four verbs, real or simulated."""
    host: BoardHost = SimulatedBoard()
    assert [callable(getattr(host, verb)) for verb in ("greet", "receive", "advance", "wake_at")] == [True] * 4


def test_a_reading_may_know_the_register_only() -> None:
    """What a meter does not measure is empty, never zero."""
    assert Reading(5.0) == (5.0, (), (), ())
