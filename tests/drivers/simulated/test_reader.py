"""The simulated card reader."""

from __future__ import annotations

from math import inf

from drivers.simulated.reader import LOST, SimulatedReader


def test_cards_are_read_one_by_one() -> None:
    """In their order; the reader asks to be read until it is empty."""
    reader = SimulatedReader(set())
    reader.present(1.0, "A")
    reader.present(1.0, "B")
    assert (reader.wake_at, reader.read(1.0), reader.wake_at) == (1.0, "A", 1.0)
    assert (reader.read(1.0), reader.wake_at, reader.read(2.0)) == ("B", inf, None)


def test_a_lost_reader() -> None:
    """It reads nothing, and says so."""
    assert SimulatedReader({"reader-lost"}).read(1.0) == LOST
