"""Times of the wire, both ways."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ocpp16.messages.datetimes import to_seconds, to_text

NOON = datetime(2025, 4, 14, 9, 30, tzinfo=UTC)


def test_milliseconds_and_z() -> None:
    """A time leaves with milliseconds and Z, never with another zone."""
    assert to_text(NOON.timestamp()) == "2025-04-14T09:30:00.000Z"
    assert to_text(NOON.timestamp() + 0.25) == "2025-04-14T09:30:00.250Z"


def test_never_later() -> None:
    """What happened just before a second is not told as that second."""
    assert to_text(NOON.timestamp() - 0.0001) == "2025-04-14T09:29:59.999Z"


@pytest.mark.parametrize(
    "seconds, text",
    [
        (-1.0, "1970-01-01T00:00:00.000Z"),
        (float("nan"), "1970-01-01T00:00:00.000Z"),
        (float("-inf"), "1970-01-01T00:00:00.000Z"),
        (1e18, "9999-12-31T23:59:59.000Z"),
        (float("inf"), "9999-12-31T23:59:59.000Z"),
    ],
)
def test_held_within_the_calendar(seconds: float, text: str) -> None:
    """A clock that has gone mad makes a text all the same."""
    assert to_text(seconds) == text


@given(st.floats(0, 253402300799))
@example(1744623000.001)
def test_there_and_back(seconds: float) -> None:
    """Written and read again, a time has lost less than a millisecond and gained nothing."""
    again = to_seconds(datetime.fromisoformat(to_text(seconds)))
    assert -1e-4 < seconds - again < 0.001 + 1e-4


def test_zones() -> None:
    """A zone is taken into account; none is UTC."""
    assert to_seconds(datetime(2025, 4, 14, 11, 30, tzinfo=timezone(timedelta(hours=2)))) == NOON.timestamp()
    assert to_seconds(datetime(2025, 4, 14, 9, 30)) == NOON.timestamp()


def test_edges_of_the_calendar() -> None:
    """The first and the last year do not overflow, whatever their zone."""
    assert to_seconds(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))) < 0
    assert to_seconds(datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(timedelta(hours=-14)))) > 253402300799
