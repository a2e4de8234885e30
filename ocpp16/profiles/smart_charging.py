"""Charging profiles: installing, clearing, what they allow now, and the composite schedule (§3.13, §5.5, §5.7, §5.16).

Several connectors share ChargePointMaxProfile by one rule: the running transactions, oldest first, as many as can be
given 6 A each, get equal parts; the others wait.  The sum never exceeds it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from math import floor, inf
from typing import NamedTuple

import msgspec

from ocpp16.context import Context
from ocpp16.messages.datetimes import to_seconds, to_text
from ocpp16.messages.smart_charging import (
    ClearChargingProfileConf,
    ClearChargingProfileReq,
    GetCompositeScheduleConf,
    GetCompositeScheduleReq,
    SetChargingProfileConf,
    SetChargingProfileReq,
)
from ocpp16.messages.types import (
    ChargingProfile,
    ChargingProfileKind,
    ChargingProfilePurpose,
    ChargingProfileStatus,
    ChargingRateUnit,
    ChargingSchedule,
    ChargingSchedulePeriod,
    ClearChargingProfileStatus,
    GetCompositeScheduleStatus,
)
from ocpp16.product import Product
from ocpp16.records import Profile, Transaction
from ocpp16.rpc.payload import Refusal
from ocpp16.schedule import Plan, Slice, Stack, amps, lowest, plan_of
from ocpp16.timers import Timer

MIN_AMPS = 6.0
"""IEC 61851-1: less cannot be signalled."""
MAX, DEFAULT, TX = (
    ChargingProfilePurpose.CHARGE_POINT_MAX_PROFILE,
    ChargingProfilePurpose.TX_DEFAULT_PROFILE,
    ChargingProfilePurpose.TX_PROFILE,
)
UNITS = {ChargingRateUnit.A: "Current", ChargingRateUnit.W: "Power"}


class Limit(NamedTuple):
    """What holds a connector down, and until when that can be said."""

    amps: float
    why: str
    until: float


class SmartCharging:
    """Keeps the profiles; `limit` is asked for at every step and computed once per change."""

    def __init__(self, context: Context, product: Product) -> None:
        self.context = context
        self.product = product
        self.hardware_amps: Callable[[int], float] = partial(_product_amps, product)
        self._plans: dict[int, Plan] = {}
        self._limits: dict[int, Limit] = {}
        for row in list(context.facts.of(Profile).values()):
            self._load(row)

    def _load(self, row: Profile) -> None:
        try:
            self._plans[row.profile_id] = plan_of(msgspec.json.decode(row.document, type=ChargingProfile))
        except msgspec.MsgspecError as wrong:  # written by another version
            self.context.note("profile-dropped", id=row.profile_id, reason=str(wrong)[:200])
            self.context.delete(Profile, row.profile_id)

    # --- what is installed ------------------------------------------------------------------------------------------

    def on_set(self, request: SetChargingProfileReq) -> SetChargingProfileConf | Refusal:
        profile, connector = request.cs_charging_profiles, request.connector_id
        if not 0 <= connector <= self.product.connectors:  # E 3.39
            return Refusal("PropertyConstraintViolation", f"connectorId: {connector} is unknown")
        number: int | None = None
        why = self.flaw(profile, connector)
        if why is None and profile.charging_profile_purpose is TX:
            number, why = self._transaction_of(profile, connector)
        if why is None and not self._has_room(profile, connector, number):
            why = f"{self.product.max_profiles} profiles are installed already"
        if why is not None:
            self.context.note("profile-refused", id=profile.charging_profile_id, reason=why)
            return SetChargingProfileConf(status=ChargingProfileStatus.REJECTED)
        self.install(profile, connector, number)
        return SetChargingProfileConf(status=ChargingProfileStatus.ACCEPTED)

    def flaw(self, profile: ChargingProfile, connector: int) -> str | None:
        """Why a profile cannot be had at a connector; None: it can."""
        purpose, kind = profile.charging_profile_purpose, profile.charging_profile_kind
        schedule = profile.charging_schedule
        anchored = schedule.start_schedule is not None
        rules = (
            (not self.context.accepts_lists, "nothing can be recorded"),
            (UNITS[schedule.charging_rate_unit] not in self.product.rate_units, "chargingRateUnit is not offered here"),
            (purpose is MAX and connector > 0, "ChargePointMaxProfile belongs to connector 0"),
            (purpose is TX and connector == 0, "TxProfile belongs to a connector"),
            (purpose is not TX and profile.transaction_id is not None, "transactionId belongs to a TxProfile"),
            (not 0 <= profile.stack_level <= self.product.max_stack_level, "stackLevel is out of range"),
            (kind is ChargingProfileKind.RECURRING and profile.recurrency_kind is None, "recurrencyKind is missing"),
            (kind is ChargingProfileKind.RECURRING and not anchored, "startSchedule is missing"),
            (purpose is MAX and kind is ChargingProfileKind.ABSOLUTE and not anchored, "startSchedule is missing"),
            (schedule.duration is not None and schedule.duration <= 0, "duration is not above 0"),
        )
        return next((why for broken, why in rules if broken), None) or self._period_flaw(profile)

    def _period_flaw(self, profile: ChargingProfile) -> str | None:
        periods = profile.charging_schedule.charging_schedule_period
        starts = [period.start_period for period in periods]
        valid_from, valid_to, utc = profile.valid_from, profile.valid_to, self.context.utc
        until = inf if valid_to is None else to_seconds(valid_to)
        if len(periods) > self.product.schedule_max_periods:
            return f"{len(periods)} periods, ChargingScheduleMaxPeriods is {self.product.schedule_max_periods}"
        if starts[0] != 0 or any(later <= earlier for earlier, later in pairwise(starts)):
            return "startPeriod does not begin at 0 and rise"
        if any(period.limit < 0 or period.number_phases not in (None, 1, 2, 3) for period in periods):
            return "a limit is below 0, or numberPhases is not 1 to 3"
        if valid_from is not None and until <= to_seconds(valid_from):
            return "validTo is not after validFrom"
        if utc is not None and until <= utc:
            return "validTo has passed"
        return None

    def _transaction_of(self, profile: ChargingProfile, connector: int) -> tuple[int | None, str | None]:
        """A TxProfile belongs to the transaction that runs there (§5.16; its id may be left out)."""
        running = self.context.facts.running.get(connector)
        if running is None:
            return None, "no transaction runs there"
        if profile.transaction_id not in (None, running.transaction_id) or (
            profile.transaction_id is not None and running.start != "confirmed"
        ):
            return None, f"transaction {profile.transaction_id} does not run there"
        return running.number, None

    def _replaced(self, profile: ChargingProfile, connector: int, number: int | None) -> list[int]:
        """Same id, or same purpose, stackLevel and place (§3.13.2)."""
        return [
            row.profile_id
            for row in self.context.facts.of(Profile).values()
            if row.profile_id == profile.charging_profile_id
            or (
                self._plans[row.profile_id].purpose == profile.charging_profile_purpose
                and self._plans[row.profile_id].stack_level == profile.stack_level
                and (row.connector, row.number) == (connector, number)
            )
        ]

    def _has_room(self, profile: ChargingProfile, connector: int, number: int | None) -> bool:
        after = len(self.context.facts.of(Profile)) - len(self._replaced(profile, connector, number)) + 1
        return after <= self.product.max_profiles

    def install(self, profile: ChargingProfile, connector: int, number: int | None) -> None:
        for profile_id in self._replaced(profile, connector, number):
            if profile_id != profile.charging_profile_id:
                self._remove(profile_id)
        document = msgspec.json.encode(profile).decode()
        self.context.save(
            Profile(profile_id=profile.charging_profile_id, connector=connector, number=number, document=document)
        )
        self._plans[profile.charging_profile_id] = plan_of(profile)
        self.changed()

    def on_clear(self, request: ClearChargingProfileReq) -> ClearChargingProfileConf:
        """E 3.25, 3.26: an id decides alone; else all given fields must match; none given: everything."""
        doomed = [row.profile_id for row in self.context.facts.of(Profile).values() if self._matches(row, request)]
        for profile_id in doomed:
            self._remove(profile_id)
        self.changed()
        found = ClearChargingProfileStatus.ACCEPTED if doomed else ClearChargingProfileStatus.UNKNOWN
        return ClearChargingProfileConf(status=found)

    def _matches(self, row: Profile, request: ClearChargingProfileReq) -> bool:
        plan = self._plans[row.profile_id]
        if request.id is not None:
            return row.profile_id == request.id
        return (
            request.connector_id in (None, row.connector)
            and request.charging_profile_purpose in (None, plan.purpose)
            and request.stack_level in (None, plan.stack_level)
        )

    def _remove(self, profile_id: int) -> None:
        self.context.delete(Profile, profile_id)
        self._plans.pop(profile_id, None)

    def transaction_ended(self, number: int) -> None:
        """A TxProfile goes with its transaction."""
        for row in [row for row in self.context.facts.of(Profile).values() if row.number == number]:
            self._remove(row.profile_id)
        self.changed()

    def drop_orphans(self) -> None:
        """At boot: a TxProfile whose transaction is gone."""
        running = {transaction.number for transaction in self.context.facts.running.values()}
        for row in list(self.context.facts.of(Profile).values()):
            if row.number is not None and row.number not in running:
                self._remove(row.profile_id)
        self.changed()

    # --- what they allow --------------------------------------------------------------------------------------------

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
        if not self._plans:
            return Limit(inf, "", inf)
        offset = self.context.clock.offset
        if offset is None:
            return self._lowest(connector)
        utc = self.context.now.mono + offset
        limit, why, until = _Merge(self, connector, utc).at(utc)
        return Limit(limit, why, until - offset)

    def _lowest(self, connector: int) -> Limit:
        """No clock tells which period is in force: the lowest one holds."""
        plans = [self._plans[row.profile_id] for row in self._rows(connector)]
        found = lowest(plans, self._amps_of)
        return Limit(inf, "", inf) if found is None else Limit(found[0], f"{_name(found[1])}, clock unknown", inf)

    def _amps_of(self, plan: Plan, index: int) -> float:
        return amps(plan.limits[index], plan.unit, plan.phases[index], self.product.phases, self.product.volts)

    def _rows(self, connector: int) -> list[Profile]:
        number = running.number if (running := self.context.facts.running.get(connector)) else None
        return [
            row
            for row in self.context.facts.of(Profile).values()
            if row.connector in (0, connector) and row.number in (None, number)
        ]

    def began_utc(self, transaction: Transaction | None, otherwise: float) -> float:
        """Time zero of a Relative profile."""
        if transaction is None:
            return otherwise
        clock = self.context.clock
        if transaction.began.boot == clock.boot_id and clock.offset is not None:
            return transaction.began.mono + clock.offset
        return transaction.began.utc if transaction.began.utc is not None else otherwise

    def plans_for(self, connector: int) -> tuple[list[Plan], list[Plan], list[Plan]]:
        """(ChargePointMax, TxDefault, TxProfile) of a connector; its own default hides connector 0's of that level."""
        by_purpose: dict[str, list[Plan]] = {MAX: [], DEFAULT: [], TX: []}
        own_levels = set()
        for row in sorted(self._rows(connector), key=lambda row: -row.connector):
            plan = self._plans[row.profile_id]
            if plan.purpose == DEFAULT:
                if row.connector == 0 and plan.stack_level in own_levels:
                    continue
                own_levels.add(plan.stack_level)
            by_purpose[plan.purpose].append(plan)
        return by_purpose[MAX], by_purpose[DEFAULT], by_purpose[TX]

    def share(self, connector: int, total: float) -> float:
        """This connector's part of what the station may draw."""
        running = sorted(self.context.facts.running.values(), key=lambda transaction: transaction.number)
        order = [transaction.connector for transaction in running if not transaction.stopping]
        if connector not in order:
            order.append(connector)
        served = min(len(order), int(total // MIN_AMPS))
        if order.index(connector) >= served:
            return 0.0
        return floor(total / served * 10.0) / 10.0 if served > 1 else total

    # --- composite schedule -----------------------------------------------------------------------------------------

    def on_composite(self, request: GetCompositeScheduleReq) -> GetCompositeScheduleConf:
        """§5.7: what the pilot will do, second by second, as things stand."""
        unit = request.charging_rate_unit or ChargingRateUnit.A
        utc = self.context.utc
        unknown = not 0 <= request.connector_id <= self.product.connectors
        if unknown or utc is None or request.duration <= 0 or UNITS[unit] not in self.product.rate_units:
            return GetCompositeScheduleConf(status=GetCompositeScheduleStatus.REJECTED)
        start = floor(utc * 1000.0) / 1000.0  # as it is told; a whole second would show what has passed
        periods, covered = self.composite(request.connector_id, start, request.duration, unit)
        return GetCompositeScheduleConf(
            status=GetCompositeScheduleStatus.ACCEPTED,
            connector_id=request.connector_id,
            schedule_start=to_text(start),
            charging_schedule=ChargingSchedule(
                charging_rate_unit=unit, charging_schedule_period=tuple(periods), duration=covered
            ),
        )

    def composite(
        self, connector: int, start: float, duration: int, unit: ChargingRateUnit
    ) -> tuple[list[ChargingSchedulePeriod], int]:
        """(periods, seconds covered): equal neighbours merged; cut where ChargingScheduleMaxPeriods is reached."""
        concerned = range(1, self.product.connectors + 1) if connector == 0 else (connector,)
        merges = [_Merge(self, number, start) for number in concerned]
        periods: list[ChargingSchedulePeriod] = []
        at, end = start, start + duration
        while at < end:
            pieces = [merge.at(at) for merge in merges]
            bounds = [min(piece[0], self.hardware_amps(n)) for piece, n in zip(pieces, concerned, strict=True)]
            given = sum(b if b >= MIN_AMPS else 0.0 for b in bounds) if connector == 0 else bounds[0]
            value = _told(given, unit, self.product)
            second = _second(at - start)
            if second >= duration:
                break
            while periods and periods[-1].start_period == second:  # it lasted less than a second
                periods.pop()
            if not periods or periods[-1].limit != value:
                if len(periods) == self.product.schedule_max_periods:
                    return periods, int(at - start)
                periods.append(ChargingSchedulePeriod(start_period=second, limit=value))
            at = max(min(piece[2] for piece in pieces), at + 0.001)
        return periods, duration


class _Merge:
    """min(TxProfile or else TxDefault, the share of ChargePointMax) along rising time."""

    def __init__(self, owner: SmartCharging, connector: int, asked_at: float) -> None:
        self._owner = owner
        self._connector = connector
        began = owner.began_utc(owner.context.facts.running.get(connector), asked_at)
        self._stacks = [Stack(plans, began) for plans in owner.plans_for(connector)]

    def at(self, utc: float) -> tuple[float, str, float]:
        """(amperes, what sets them, until when)."""
        (station, u1), (default, u2), (own, u3) = (stack.at(utc) for stack in self._stacks)
        until = min(u1, u2, u3)
        limit, why = self._amps(own or default, until)
        if station is not None:
            total, name = self._amps(station, until)
            part = self._owner.share(self._connector, total)
            if part < limit:
                limit, why = part, name
        return limit, why, until

    def _amps(self, piece: Slice | None, until: float) -> tuple[float, str]:
        if piece is None or piece.limit is None:
            return inf, ""
        product = self._owner.product
        value = amps(piece.limit, piece.plan.unit, piece.phases, product.phases, product.volts)
        ends = "" if piece.until == inf else f" until {to_text(piece.until)}"
        return value, f"{_name(piece.plan)}{ends}"


def _product_amps(product: Product, connector: int) -> float:
    return product.max_amps


def _name(plan: Plan) -> str:
    return f"{plan.purpose} {plan.profile_id} (level {plan.stack_level})"


def _told(value: float, unit: ChargingRateUnit, product: Product) -> float:
    """One decimal, never rounded up; in W over the phases of the station."""
    if unit is ChargingRateUnit.W:
        value *= product.volts * product.phases
    return floor(value * 10.0 + 1e-6) / 10.0


def _second(offset: float) -> int:
    """Whole seconds from the start; a change within a second counts from the next one."""
    return int(-(-offset // 1))
