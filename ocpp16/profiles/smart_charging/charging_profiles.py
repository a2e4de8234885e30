"""SetChargingProfile and ClearChargingProfile: which profiles may be installed, and which are (§3.13, §5.5, §5.16)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from math import inf

import msgspec
from msgspec.structs import replace

from ocpp16.messages.call_error import Refusal
from ocpp16.messages.datetimes import to_seconds
from ocpp16.messages.smart_charging import (
    ClearChargingProfileConf,
    ClearChargingProfileReq,
    SetChargingProfileConf,
    SetChargingProfileReq,
)
from ocpp16.messages.types import (
    ChargingProfile,
    ChargingProfileKind,
    ChargingProfileStatus,
    ClearChargingProfileStatus,
)
from ocpp16.product import Product
from ocpp16.profiles.smart_charging.limits import MAX, TX, UNITS, ChargingLimits
from ocpp16.profiles.smart_charging.profile_stack import Plan, plan_of
from ocpp16.records import Profile
from ocpp16.state.context import Context
from ocpp16.state.utc_clock import LEAVE_S


class SmartCharging:
    """The installed profiles.

    `waiting()`: by connector, what came with a remote start that has not begun yet; `drop_waiting(connector)`
    removes it.
    """

    def __init__(
        self,
        context: Context,
        product: Product,
        limits: ChargingLimits,
        waiting: Callable[[], dict[int, ChargingProfile]],
        drop_waiting: Callable[[int], None],
    ) -> None:
        self.context = context
        self.product = product
        self.limits = limits
        self.waiting = waiting
        self.drop_waiting = drop_waiting
        for row in list(context.facts.of(Profile).values()):
            self._load(row)

    def _load(self, row: Profile) -> None:
        try:
            self.limits.plans[row.profile_id] = plan_of(msgspec.json.decode(row.document, type=ChargingProfile))
        except msgspec.MsgspecError as wrong:  # written by another version
            self.context.note("profile-dropped", id=row.profile_id, reason=str(wrong)[:200])
            self.context.delete(Profile, row.profile_id)

    # --- what is installed ------------------------------------------------------------------------------------------

    def on_set(self, request: SetChargingProfileReq) -> SetChargingProfileConf | Refusal:
        """§5.16; a connector that is not there is answered with a CALLERROR (E 3.39)."""
        profile, connector = request.cs_charging_profiles, request.connector_id
        if not 0 <= connector <= self.product.connectors:  # E 3.39
            return Refusal("PropertyConstraintViolation", f"connectorId: {connector} is unknown")
        number: int | None = None
        why = self.flaw(profile, connector)
        if why is None and profile.charging_profile_purpose is TX:
            number, why = self._transaction_of(profile, connector)
        if why is None and not self._has_room(profile, connector, number):
            why = self._full
        if why is not None:
            self.context.note("profile-refused", id=profile.charging_profile_id, reason=why)
            return SetChargingProfileConf(status=ChargingProfileStatus.REJECTED)
        self.install(profile, connector, number)
        return SetChargingProfileConf(status=ChargingProfileStatus.ACCEPTED)

    def fits_start(self, profile: ChargingProfile, connector: int) -> bool:
        """§5.11: only a valid TxProfile without transactionId can come with a remote start."""
        if profile.charging_profile_purpose is not TX or profile.transaction_id is not None:
            why: str | None = "only a TxProfile without transactionId comes with a remote start"
        else:
            why = self.flaw(profile, connector)
        if why is None and not self._has_room(profile, connector, None):
            why = self._full
        if why is not None:
            self.context.note("profile-refused", id=profile.charging_profile_id, reason=why)
        return why is None

    @property
    def _full(self) -> str:
        return f"{self.product.max_profiles} profiles are installed already"

    def flaw(self, profile: ChargingProfile, connector: int) -> str | None:
        """Why a profile cannot be installed at a connector; None: it can."""
        purpose, kind = profile.charging_profile_purpose, profile.charging_profile_kind
        schedule = profile.charging_schedule
        anchored = schedule.start_schedule is not None
        rules = (
            (not self.context.accepts_changes, "nothing can be recorded"),
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
        """The ids of those with the same id, or the same purpose, stackLevel and connector (§3.13.2)."""
        return [
            row.profile_id
            for row in self.context.facts.of(Profile).values()
            if row.profile_id == profile.charging_profile_id
            or (
                self.limits.plans[row.profile_id].purpose == profile.charging_profile_purpose
                and self.limits.plans[row.profile_id].stack_level == profile.stack_level
                and (row.connector, row.number) == (connector, number)
            )
        ]

    def _has_room(self, profile: ChargingProfile, connector: int, number: int | None) -> bool:
        after = len(self.context.facts.of(Profile)) - len(self._replaced(profile, connector, number)) + 1
        return after + len(self.waiting()) <= self.product.max_profiles

    def _by_our_clock(self, profile: ChargingProfile) -> ChargingProfile:
        """A start less than a second ahead begins at once: the Central System's clock may differ by as much."""
        utc, schedule = self.context.utc, profile.charging_schedule
        if utc is None:
            return profile
        now = datetime.fromtimestamp(utc, UTC)
        if schedule.start_schedule is not None and 0.0 < to_seconds(schedule.start_schedule) - utc < LEAVE_S:
            profile = replace(profile, charging_schedule=replace(schedule, start_schedule=now))
        if profile.valid_from is not None and 0.0 < to_seconds(profile.valid_from) - utc < LEAVE_S:
            profile = replace(profile, valid_from=now)
        return profile

    def install(self, profile: ChargingProfile, connector: int, number: int | None) -> None:
        """Store a checked profile; `number`: our number of the transaction of a TxProfile."""
        profile = self._by_our_clock(profile)
        for profile_id in self._replaced(profile, connector, number):
            if profile_id != profile.charging_profile_id:
                self._remove(profile_id)
        document = msgspec.json.encode(profile).decode()
        self.context.save(
            Profile(profile_id=profile.charging_profile_id, connector=connector, number=number, document=document)
        )
        self.limits.plans[profile.charging_profile_id] = plan_of(profile)
        self.limits.changed()

    def on_clear(self, request: ClearChargingProfileReq) -> ClearChargingProfileConf:
        """E 3.25, 3.26: an id decides alone; else all given fields must match; none given: everything."""
        rows = self.context.facts.of(Profile).values()
        doomed = [row.profile_id for row in rows if _fits(self.limits.plans[row.profile_id], row.connector, request)]
        waiting = [number for number, profile in self.waiting().items() if _fits(plan_of(profile), number, request)]
        for profile_id in doomed:
            self._remove(profile_id)
        for number in waiting:
            self.drop_waiting(number)
        self.limits.changed()
        found = ClearChargingProfileStatus.ACCEPTED if doomed or waiting else ClearChargingProfileStatus.UNKNOWN
        return ClearChargingProfileConf(status=found)

    def _remove(self, profile_id: int) -> None:
        self.context.delete(Profile, profile_id)
        self.limits.plans.pop(profile_id, None)

    def transaction_ended(self, number: int) -> None:
        """A TxProfile goes with its transaction."""
        for row in [row for row in self.context.facts.of(Profile).values() if row.number == number]:
            self._remove(row.profile_id)
        self.limits.changed()

    def drop_orphans(self) -> None:
        """When a board is ready: remove each TxProfile whose transaction is gone."""
        running = {transaction.number for transaction in self.context.facts.running.values()}
        for row in list(self.context.facts.of(Profile).values()):
            if row.number is not None and row.number not in running:
                self._remove(row.profile_id)
        self.limits.changed()


def _fits(plan: Plan, connector: int, request: ClearChargingProfileReq) -> bool:
    if request.id is not None:
        return plan.profile_id == request.id
    return (
        request.connector_id in (None, connector)
        and request.charging_profile_purpose in (None, plan.purpose)
        and request.stack_level in (None, plan.stack_level)
    )
