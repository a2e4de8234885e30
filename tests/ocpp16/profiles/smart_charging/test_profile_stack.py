"""Charging-profile arithmetic by itself: time zero, silence, recurrence, stacking, watts and amperes (§3.13, §7.8)."""

from __future__ import annotations

from math import inf
from typing import Any

import msgspec
import pytest

from ocpp16.messages.types import ChargingProfile, ChargingRateUnit
from ocpp16.profiles.smart_charging.profile_stack import Plan, Stack, amps, lowest, plan_of, rounded_down, slice_at
from tests.ocpp16.rig import NOON, profile

DAY = 86400.0
AT_NOON = "2025-04-14T12:00:00Z"


def plan(*periods: tuple[int, float], **more: Any) -> Plan:
    return plan_of(msgspec.json.decode(msgspec.json.encode(profile(1, *periods, **more)), type=ChargingProfile))


def absolute(*periods: tuple[int, float], **more: Any) -> Plan:
    return plan(*periods, **{"chargingProfileKind": "Absolute", "startSchedule": AT_NOON} | more)


def recurring(how: str, *periods: tuple[int, float], **more: Any) -> Plan:
    return absolute(*periods, chargingProfileKind="Recurring", recurrencyKind=how, **more)


def says(one: Plan, seconds: float, began: float = 0.0) -> tuple[float | None, float]:
    """(limit, until when) so many seconds after noon; a transaction began so many seconds after noon."""
    piece = slice_at(one, NOON + seconds, NOON + began)
    return piece.limit, piece.until - NOON


def test_absolute() -> None:
    """§7.9: an Absolute schedule counts from startSchedule; before it and after its duration it is silent."""
    one = absolute((0, 6), (60, 10), duration=120)
    assert says(one, -1) == (None, 0)
    assert [says(one, second)[0] for second in (0, 59.999, 60, 119.999, 120, 1e6)] == [6, 6, 10, 10, None, None]
    assert [says(one, second)[1] for second in (0, 60, 120)] == [60, 120, inf]


def test_absolute_without_a_start() -> None:
    """§7.13: without startSchedule it counts from the start of charging."""
    one = plan((0, 6), (60, 10), chargingProfileKind="Absolute")
    assert [says(one, second, began=100)[0] for second in (99, 100, 160)] == [None, 6, 10]


def test_last_period_runs_on() -> None:
    """§7.13: without a duration the last period has no end."""
    assert says(absolute((0, 6), (60, 10)), 1e8) == (10, inf)


def test_periods_beyond_the_duration() -> None:
    """§7.13: what would begin after the duration never does."""
    one = absolute((0, 6), (200, 10), duration=120)
    assert (says(one, 119), says(one, 200)) == ((6, 120), (None, inf))


def test_relative() -> None:
    """§7.9: a Relative schedule counts from the start of the transaction; its startSchedule is ignored."""
    one = plan((0, 6), (60, 10), startSchedule="2020-01-01T00:00:00Z")
    assert [says(one, second, began=100) for second in (99, 100, 159, 160)] == [
        (None, 100), (6, 160), (6, 160), (10, inf),
    ]  # fmt: skip


@pytest.mark.parametrize(("how", "days"), [("Daily", 1), ("Weekly", 7)])
def test_recurring(how: str, days: int) -> None:
    """§7.10: it begins anew each 24 h, or each 7 days, counted in seconds; never before its startSchedule."""
    one, lap = recurring(how, (0, 6), (3600, 10)), days * DAY
    assert says(one, -1) == (None, 0)
    assert [says(one, lap * k + 1) for k in (0, 1, 400)] == [(6, lap * k + 3600) for k in (0, 1, 400)]
    assert [says(one, lap * k - 1) for k in (1, 2, 400)] == [(10, lap * k) for k in (1, 2, 400)]


def test_recurring_ignores_daylight_saving() -> None:
    """§7.10: over the night in which clocks change, a day still has 86,400 s."""
    one = recurring("Daily", (0, 6), (60, 10), startSchedule="2025-03-29T20:00:00+01:00")
    begun = NOON - 16 * DAY + 7 * 3600
    assert slice_at(one, begun + DAY - 1, 0.0).limit == 10
    assert slice_at(one, begun + DAY, 0.0).limit == 6


def test_recurring_with_a_duration() -> None:
    """§7.13: after a shorter duration it is silent until the next recurrence; a longer one is cut there."""
    short = recurring("Daily", (0, 6), duration=600)
    assert [says(short, second) for second in (599, 600, DAY - 1, DAY)] == [
        (6, 600), (None, DAY), (None, DAY), (6, DAY + 600),
    ]  # fmt: skip
    long = recurring("Daily", (0, 6), (86400, 10), duration=100_000)
    assert (says(long, DAY - 1), says(long, DAY)) == ((6, DAY), (6, 2 * DAY))


def test_recurrency_of_another_kind() -> None:
    """E 3.56: recurrencyKind means nothing where the kind is not Recurring."""
    assert says(absolute((0, 6), (60, 10), recurrencyKind="Daily"), DAY) == (10, inf)


def test_validity() -> None:
    """§7.8: validFrom is part of it, validTo no longer; a period ends at the latest there."""
    one = absolute((0, 6), (60, 10), validFrom="2025-04-14T12:00:30Z", validTo="2025-04-14T12:01:30Z")
    assert [says(one, second) for second in (0, 30, 60, 89.9, 90)] == [
        (None, 30), (6, 60), (10, 90), (10, 90), (None, inf),
    ]  # fmt: skip


def test_validity_cuts_silence() -> None:
    """§7.8: it says nothing again after validTo, whatever would come."""
    one = recurring("Daily", (0, 6), duration=600, validTo="2025-04-14T18:00:00Z")
    assert says(one, 700) == (None, 6 * 3600)
    assert says(absolute((0, 6), startSchedule="2025-04-15T12:00:00Z", validTo="2025-04-14T18:00:00Z"), 0) == (
        None, 6 * 3600,
    )  # fmt: skip


def values(stack: Stack, *seconds: float) -> list[float | None]:
    """What rules at rising seconds after noon."""
    found = [stack.at(NOON + second)[0] for second in seconds]
    return [None if piece is None else piece.limit for piece in found]


def test_highest_level_that_says_anything() -> None:
    """§3.13.2: the highest stackLevel rules while it says anything; then the next one is let through."""
    low = absolute((0, 6), (50, 5), (100, 8), (200, 10), duration=400)
    high = absolute((0, 7), (100, 9), duration=150, stackLevel=1)
    for order in ((low, high), (high, low)):
        assert values(Stack(order, NOON), -1, 0, 50, 100, 149, 150, 200, 399, 400) == [
            None, 7, 7, 9, 9, 8, 10, 10, None,
        ]  # fmt: skip


def test_stack_tells_until_when() -> None:
    """The moment is told at which anything may change: a higher level that begins, the period in force that ends."""
    stack = Stack(
        [absolute((0, 6), (100, 8)), absolute((0, 7), startSchedule="2025-04-14T12:00:40Z", stackLevel=3)], NOON
    )
    assert [stack.at(NOON + second)[1] - NOON for second in (0, 39, 40)] == [40, 40, inf]


def test_no_profile() -> None:
    """§3.13: where nothing is installed nothing is limited, ever."""
    assert Stack([], NOON).at(NOON) == (None, inf)


def test_lowest() -> None:
    """While no clock tells the hour, the lowest of all periods is what can be promised."""
    one, other = absolute((0, 16), (60, 8)), absolute((0, 10), stackLevel=1)
    assert lowest([one, other], 3, 230.0) == (8, one)
    assert lowest([], 3, 230.0) is None


@pytest.mark.parametrize(
    ("limit", "unit", "phases", "found"),
    [(16.0, "A", 1, 16.0), (16.0, "A", 3, 16.0), (11040.0, "W", 3, 16.0), (3680.0, "W", 1, 16.0), (690.0, "W", 3, 1.0)],
)
def test_watts(limit: float, unit: str, phases: int, found: float) -> None:
    """§7.14: A is per phase; W the total over the phases that carry current."""
    assert amps(limit, ChargingRateUnit(unit), phases, 230.0) == found


@pytest.mark.parametrize(
    ("sent", "used"),
    [
        (7.199999999999999, 7.1), (7.2, 7.2), (8.1, 8.1), (21.4, 21.4), (0.3, 0.3), (8.15, 8.1), (5.99, 5.9),
        (0.05, 0.0), (0.0, 0.0), (10.000000000000002, 10.0), (1e16, 1e16), (3680.249, 3680.2), (-0.05, -0.1),
    ],
)  # fmt: skip
def test_limits_are_rounded_down(sent: float, used: float) -> None:
    """§7.14: a limit that is no tenth becomes the tenth below it, never the nearest one."""
    assert rounded_down(sent) == used
    assert absolute((0, sent)).limits == (used,)
