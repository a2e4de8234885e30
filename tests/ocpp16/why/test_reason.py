"""The words of "why": spans of time, times, sentences."""

from __future__ import annotations

import pytest

from ocpp16.why.reason import REMEMBERED_S, View, at, joined, sentence, span
from tests.ocpp16.rig import NOON, Station


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0 s"), (0, "0 s"), (8.2, "9 s"), (179, "179 s"), (180, "3 min"), (596, "10 min"), (10_800, "3 h")],
)
def test_spans_of_time(seconds: float, text: str) -> None:
    """What is left is never told as less; beyond three minutes the minute is enough."""
    assert span(seconds) == text


def test_times_and_sentences() -> None:
    """To the second; a capital letter and one full stop."""
    assert at(NOON) == "2025-04-14T12:00:00Z"
    assert (sentence("the cable. "), sentence("")) == ("The cable.", "")
    assert joined("One.", "", "Two.") == "One. Two."


def test_a_view_of_a_moment() -> None:
    """Ages and what is left, from one monotonic second."""
    station = Station().online()
    view = View(station.cp.parts, station.cp.parts.connectors[1], 2000.0)
    assert (view.ago(1991.0), view.left(2043.0), view.left(None), view.number) == ("9 s ago", "43 s", "0 s", 1)
    assert view.is_recent(2000.0 - REMEMBERED_S + 1) and not view.is_recent(2000.0 - REMEMBERED_S)
