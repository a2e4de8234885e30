"""Which period of which charging profile is in force at an instant: validity, recurrency, stackLevel (§3.13, §7.8).

Pure arithmetic: times are seconds since 1970, limits are in the profile's own unit.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from decimal import ROUND_FLOOR, Decimal
from math import floor, inf
from typing import NamedTuple

from ocpp16.messages.datetimes import to_seconds
from ocpp16.messages.types import ChargingProfile, ChargingProfileKind, ChargingRateUnit, RecurrencyKind

RECURRENCE_S = {RecurrencyKind.DAILY: 86400.0, RecurrencyKind.WEEKLY: 604800.0}
"""Fixed seconds from startSchedule, not calendar days: daylight saving moves nothing."""
TENTH = Decimal("0.1")


class Plan(NamedTuple):
    """A charging profile as numbers: taken apart once, so that `slice_at` is cheap."""

    profile_id: int
    stack_level: int
    kind: ChargingProfileKind
    valid_from: float
    valid_to: float
    start: float | None
    recurrence_s: float
    length_s: float
    """Seconds that one recurrence lasts, from its time zero."""
    unit: ChargingRateUnit
    starts: tuple[int, ...]
    limits: tuple[float, ...]
    """Rounded down to a tenth: the safe side of a limit is the lower one."""
    phases: tuple[int | None, ...]
    purpose: str


class Slice(NamedTuple):
    """The limit of a profile from one instant on, and until when it stays the same."""

    limit: float | None
    """None: no limit from this profile."""
    phases: int | None
    until: float
    plan: Plan
    at_index: int = 0
    """Which of its periods, from 0."""


def plan_of(profile: ChargingProfile) -> Plan:
    """The plan of a profile that was checked before."""
    schedule = profile.charging_schedule
    recurrence = inf
    if profile.charging_profile_kind is ChargingProfileKind.RECURRING and profile.recurrency_kind is not None:
        recurrence = RECURRENCE_S[profile.recurrency_kind]
    periods = schedule.charging_schedule_period
    relative = profile.charging_profile_kind is ChargingProfileKind.RELATIVE
    start = None if relative or schedule.start_schedule is None else to_seconds(schedule.start_schedule)
    return Plan(
        profile_id=profile.charging_profile_id,
        stack_level=profile.stack_level,
        kind=profile.charging_profile_kind,
        valid_from=-inf if profile.valid_from is None else to_seconds(profile.valid_from),
        valid_to=inf if profile.valid_to is None else to_seconds(profile.valid_to),
        start=start,
        recurrence_s=recurrence,
        length_s=min(inf if schedule.duration is None else float(schedule.duration), recurrence),
        unit=schedule.charging_rate_unit,
        starts=tuple(period.start_period for period in periods),
        limits=tuple(rounded_down(period.limit) for period in periods),
        phases=tuple(period.number_phases for period in periods),
        purpose=str(profile.charging_profile_purpose),
    )


def slice_at(plan: Plan, at: float, charging_began: float) -> Slice:
    """The limit of a profile at an instant.

    `charging_began`: time zero of a Relative profile, the start of the transaction (without one: of the request).
    """
    if at >= plan.valid_to:
        return Slice(None, None, inf, plan)
    if at < plan.valid_from:
        return Slice(None, None, plan.valid_from, plan)
    zero = charging_began if plan.start is None else plan.start
    if at < zero:
        return Slice(None, None, min(zero, plan.valid_to), plan)
    if plan.recurrence_s < inf:  # the latest recurrence that began not after `at`
        zero += floor((at - zero) / plan.recurrence_s) * plan.recurrence_s
    elapsed = at - zero
    if elapsed >= plan.length_s:
        return Slice(None, None, min(zero + plan.recurrence_s, plan.valid_to), plan)
    index = bisect_right(plan.starts, elapsed) - 1
    following = plan.starts[index + 1] if index + 1 < len(plan.starts) else plan.length_s
    until = min(zero + min(following, plan.length_s), plan.valid_to)
    return Slice(plan.limits[index], plan.phases[index], until, plan, index)


class Stack:
    """The profiles of one purpose for one connector: the highest level with a limit is in force (§3.13.2)."""

    def __init__(self, plans: Iterable[Plan], charging_began: float) -> None:
        self._plans = sorted(plans, key=lambda plan: -plan.stack_level)
        self._began = charging_began
        self._slices: list[Slice | None] = [None] * len(self._plans)

    def at(self, at: float) -> tuple[Slice | None, float]:
        """(the slice in force, until when nothing changes).  Call with rising `at`."""
        until = inf
        for index, plan in enumerate(self._plans):
            piece = self._slices[index]
            if piece is None or at >= piece.until:
                piece = self._slices[index] = slice_at(plan, at, self._began)
            until = min(until, piece.until)
            if piece.limit is not None:
                return piece, until
        return None, until


def lowest(plans: Iterable[Plan], phases: int, volts: float) -> tuple[float, Plan] | None:
    """While UTC is unknown: the lowest limit (A) that any period of the profiles could set, and its profile."""
    bounds = [(amps(limit, plan.unit, phases, volts), plan) for plan in plans for limit in plan.limits]
    return min(bounds, key=lambda bound: bound[0], default=None)


def amps(limit: float, unit: ChargingRateUnit, phases: int, volts: float) -> float:
    """A limit in A or W as amperes per phase.

    A holds per phase.  W is a total over the `phases` that carry current: numberPhases switches none of them off, and
    above them it changes nothing (E 3.34).
    """
    return limit if unit is ChargingRateUnit.A else limit / (volts * phases)


def rounded_down(limit: float) -> float:
    """The tenth at or below the decimal number that was sent, never the nearest one (§7.14: one decimal)."""
    return limit if round(limit, 1) == limit else float(Decimal(repr(limit)).quantize(TENTH, ROUND_FLOOR))
