"""What the installed charging profiles allow each connector, now and in time to come (§3.13, §5.7).

Several connectors share ChargePointMaxProfile by one rule: the running transactions, oldest first, as many as can be
given 6 A each, get equal parts; the others wait.  The sum never exceeds it.  Nothing is installed or answered here.
"""

from __future__ import annotations

from collections.abc import Callable
from math import floor, inf
from typing import NamedTuple

from ocpp16.messages.datetimes import to_text
from ocpp16.messages.types import ChargingProfilePurpose, ChargingRateUnit, ChargingSchedulePeriod
from ocpp16.product import Product
from ocpp16.profiles.smart_charging.schedule import Plan, Slice, Stack, amps, lowest
from ocpp16.records import Profile, Transaction
from ocpp16.state.context import Context
from ocpp16.state.timers import Timer

MIN_AMPS = 6.0
"""IEC 61851-1: less cannot be signalled."""
MAX_PIECES = 5000
"""A composite schedule looks at so many changes of profiles; a longer span is cut there."""
SECOND_SLACK_S = 0.01
"""A period that begins so little after a whole second is told for that second."""
MAX, DEFAULT, TX = (
    ChargingProfilePurpose.CHARGE_POINT_MAX_PROFILE,
    ChargingProfilePurpose.TX_DEFAULT_PROFILE,
    ChargingProfilePurpose.TX_PROFILE,
)
UNITS = {ChargingRateUnit.A: "Current", ChargingRateUnit.W: "Power"}


class Limit(NamedTuple):
    """What holds a connector down, and until when that can be said."""

    amps: float
    phases: int | None
    """numberPhases, where the profile that rules has it."""
    why: str
    until: float
    station_amps: float = inf
    """What ChargePointMaxProfile leaves to all connectors together."""


NONE = Limit(inf, None, "", inf)


class ChargingLimits:
    """`limit` is asked for at every step and computed once per change."""

    def __init__(self, context: Context, product: Product) -> None:
        self.context = context
        self.product = product
        self.hardware_amps: Callable[[int], float]
        self.plans: dict[int, Plan] = {}
        """The installed profiles by their id."""
        self._limits: dict[int, Limit] = {}

    def changed(self) -> None:
        """Profiles, transactions or the clock changed: everything is asked for anew."""
        self._limits.clear()

    def limit(self, connector: int) -> tuple[float, str]:
        """Amperes per phase at this moment and what sets them (infinite, "" where nothing does)."""
        now = self.context.now.mono
        known = self._limits.get(connector)
        if known is None or now >= known.until:
            known = self._limits[connector] = self._limit_now(connector)
            if known.until < inf:
                self.context.timers.set(Timer.SCHEDULE, known.until, connector)
        return known.amps, known.why

    def _limit_now(self, connector: int) -> Limit:
        if not self.plans:
            return NONE
        offset = self.context.clock.offset
        if offset is None:
            return self._lowest(connector)
        utc = self.context.now.mono + offset
        found = _Merge(self, connector, utc).at(utc)
        return found._replace(until=found.until - offset)

    def _lowest(self, connector: int) -> Limit:
        """No clock tells which period is in force: the lowest one holds."""
        station, default, own = self.plans_for(connector)
        cap, rest = (lowest(plans, self._amps_of) for plans in (station, default + own))
        if cap is not None:
            cap = (self.share(connector, cap[0]), cap[1])
        found = min((bound for bound in (rest, cap) if bound is not None), key=lambda bound: bound[0], default=None)
        return NONE if found is None else Limit(found[0], None, f"{_name(found[1])}, clock unknown", inf)

    def _amps_of(self, plan: Plan, index: int) -> float:
        return amps(plan.limits[index], plan.unit, plan.phases[index], self.product.phases, self.product.volts)

    # --- whose profiles ---------------------------------------------------------------------------------------------

    def _rows(self, connector: int) -> list[Profile]:
        number = running.number if (running := self.context.facts.running.get(connector)) else None
        return [
            row
            for row in self.context.facts.of(Profile).values()
            if row.connector in (0, connector) and row.number in (None, number)
        ]

    def plans_for(self, connector: int) -> tuple[list[Plan], list[Plan], list[Plan]]:
        """(ChargePointMax, TxDefault, TxProfile) of a connector; its own default hides connector 0's of that level."""
        by_purpose: dict[str, list[Plan]] = {MAX: [], DEFAULT: [], TX: []}
        own_levels = set()
        for row in sorted(self._rows(connector), key=lambda row: -row.connector):
            plan = self.plans[row.profile_id]
            if plan.purpose == DEFAULT:
                if row.connector == 0 and plan.stack_level in own_levels:
                    continue
                own_levels.add(plan.stack_level)
            by_purpose[plan.purpose].append(plan)
        return by_purpose[MAX], by_purpose[DEFAULT], by_purpose[TX]

    def began_utc(self, connector: int, otherwise: float) -> float:
        """Time zero of a Relative profile: the start of the transaction; of the station (0): of the oldest one."""
        running = self.context.facts.running
        concerned = list(running.values()) if connector == 0 else [t for n, t in running.items() if n == connector]
        return min((self._start_of(transaction, otherwise) for transaction in concerned), default=otherwise)

    def _start_of(self, transaction: Transaction, otherwise: float) -> float:
        clock = self.context.clock
        if transaction.began.boot == clock.boot_id and clock.offset is not None:
            return transaction.began.mono + clock.offset
        return transaction.began.utc if transaction.began.utc is not None else otherwise

    def share(self, connector: int, total: float) -> float:
        """This connector's part of what the station may draw."""
        running = sorted(self.context.facts.running.values(), key=lambda transaction: transaction.number)
        order = [transaction.connector for transaction in running]  # until it has ended the car may draw its part
        if connector not in order:
            order.append(connector)
        served = min(len(order), int(total // MIN_AMPS))
        if len(order) == 1:
            return total
        if order.index(connector) >= served:
            return 0.0
        return floor(total * 10.0 / served + 1e-9) / 10.0 if served > 1 else total

    # --- composite schedule -----------------------------------------------------------------------------------------

    def composite(
        self, connector: int, start: float, duration: int, unit: ChargingRateUnit
    ) -> tuple[list[ChargingSchedulePeriod], int]:
        """(periods, seconds covered): equal neighbours merged; cut where ChargingScheduleMaxPeriods is reached."""
        concerned = range(1, self.product.connectors + 1) if connector == 0 else (connector,)
        merges = {number: _Merge(self, number, start) for number in concerned}
        periods: list[ChargingSchedulePeriod] = []
        at = start
        for _ in range(MAX_PIECES):
            second = _second(at - start)
            if second >= duration:
                return periods, duration
            given, until = self._given(merges, at)
            while periods and periods[-1].start_period == second:  # it lasted less than a second
                periods.pop()
            period = _period(second, given, unit, self.product)
            if not periods or (periods[-1].limit, periods[-1].number_phases) != (period.limit, period.number_phases):
                if len(periods) == self.product.schedule_max_periods:
                    return periods, int(at - start)
                periods.append(period)
            at = max(until, at + 0.001)
            if at == inf:
                return periods, duration
        return periods, int(at - start)

    def _given(self, merges: dict[int, _Merge], at: float) -> tuple[Limit, float]:
        """What the connectors together may draw, and until when."""
        pieces = [merge.at(at) for merge in merges.values()]
        bounded = []
        for number, piece in zip(merges, pieces, strict=True):
            hardware = self.hardware_amps(number)
            bounded.append(piece if piece.amps <= hardware else NONE._replace(amps=hardware))
        until = min(piece.until for piece in pieces)
        if len(bounded) == 1:
            return bounded[0], until
        total = sum(piece.amps for piece in bounded if piece.amps >= MIN_AMPS)
        phases = bounded[0].phases if len({piece.phases for piece in bounded}) == 1 else None
        return NONE._replace(amps=min(total, pieces[0].station_amps), phases=phases), until


class _Merge:
    """min(TxProfile or else TxDefault, the share of ChargePointMax) along rising time."""

    def __init__(self, owner: ChargingLimits, connector: int, asked_at: float) -> None:
        self._owner = owner
        self._connector = connector
        station, default, own = owner.plans_for(connector)
        began = owner.began_utc(connector, asked_at)
        self._station = Stack(station, owner.began_utc(0, asked_at))
        self._default, self._own = Stack(default, began), Stack(own, began)

    def at(self, utc: float) -> Limit:
        """What holds at a moment; ask in rising order of time."""
        (station, u1), (default, u2), (own, u3) = (stack.at(utc) for stack in (self._station, self._default, self._own))
        until = min(u1, u2, u3)
        found = self._limit(own or default, until)
        if station is None:
            return found
        cap = self._limit(station, until)
        part = self._owner.share(self._connector, cap.amps)
        if part < found.amps:
            return cap._replace(amps=part, station_amps=cap.amps)
        return found._replace(station_amps=cap.amps)

    def _limit(self, piece: Slice | None, until: float) -> Limit:
        if piece is None or piece.limit is None:
            return NONE._replace(until=until)
        product = self._owner.product
        value = amps(piece.limit, piece.plan.unit, piece.phases, product.phases, product.volts)
        ends = "" if piece.until == inf else f" until {to_text(piece.until)}"
        return Limit(value, piece.phases, f"{_name(piece.plan, piece.at_index)}{ends}", until)


def _name(plan: Plan, index: int | None = None) -> str:
    period = "" if index is None else f", period {index + 1}"
    return f"{plan.purpose} {plan.profile_id} (level {plan.stack_level}{period})"


def _period(second: int, given: Limit, unit: ChargingRateUnit, product: Product) -> ChargingSchedulePeriod:
    """One decimal, never rounded up; in W over the phases in use; numberPhases where the source has it (E 3.57)."""
    value = given.amps
    if unit is ChargingRateUnit.W:
        value *= product.volts * min(given.phases or 3, product.phases)
    limit = floor(value * 10.0 + 1e-6) / 10.0
    return ChargingSchedulePeriod(start_period=second, limit=limit, number_phases=given.phases)


def _second(offset: float) -> int:
    """Whole seconds from the start; a change within a second counts from the next one."""
    return max(0, int(-(-(offset - SECOND_SLACK_S) // 1)))
