"""The current limit of each connector from the installed charging profiles, now and along time (§3.13).

Several connectors share ChargePointMaxProfile by one rule: the running transactions, oldest first, as many as can be
given 6 A each, get equal parts; the others wait.  The sum never exceeds it.
"""

from __future__ import annotations

from math import floor, inf
from typing import NamedTuple

from ocpp16.messages.datetimes import to_text
from ocpp16.messages.types import ChargingProfilePurpose, ChargingRateUnit
from ocpp16.product import Product
from ocpp16.profiles.smart_charging.profile_stack import Plan, Slice, Stack, amps, lowest
from ocpp16.records import Profile, Transaction
from ocpp16.state.context import Context
from ocpp16.state.timers import Timer

MIN_AMPS = 6.0
"""IEC 61851-1: the smallest current that can be signalled."""
MAX, DEFAULT, TX = (
    ChargingProfilePurpose.CHARGE_POINT_MAX_PROFILE,
    ChargingProfilePurpose.TX_DEFAULT_PROFILE,
    ChargingProfilePurpose.TX_PROFILE,
)
UNITS = {ChargingRateUnit.A: "Current", ChargingRateUnit.W: "Power"}


class Limit(NamedTuple):
    """What bounds a connector, and until when it stays the same."""

    amps: float
    """Per phase; infinite where no profile sets a limit."""
    phases: int | None
    """numberPhases, where the profile in force has it."""
    why: str
    """The profile by name; "" where none sets a limit."""
    until: float
    """Seconds since 1970 (`limit`: monotonic); infinite where nothing changes any more."""
    station_amps: float = inf
    """What ChargePointMaxProfile leaves to all connectors together."""


NO_LIMIT = Limit(inf, None, "", inf)


class ChargingLimits:
    """The installed profiles as plans, and the limits that follow; computed once per change, read in every step."""

    def __init__(self, context: Context, product: Product) -> None:
        self.context = context
        self.product = product
        self.plans: dict[int, Plan] = {}
        """The installed profiles by their id; `SmartCharging` installs and removes them."""
        self._limits: dict[int, Limit] = {}

    def changed(self) -> None:
        """Profiles, transactions or the clock changed: all limits are computed again."""
        self._limits.clear()

    def limit(self, connector: int) -> tuple[float, str]:
        """Amperes per phase at this moment, and the name of what sets them; (infinite, "") where nothing does."""
        now = self.context.now.mono
        known = self._limits.get(connector)
        if known is None or now >= known.until:
            known = self._limits[connector] = self._limit_now(connector)
            if known.until < inf:
                self.context.timers.set(Timer.SCHEDULE, known.until, connector)
        return known.amps, known.why

    def _limit_now(self, connector: int) -> Limit:
        if not self.plans:
            return NO_LIMIT
        offset = self.context.clock.offset
        if offset is None:
            return self._lowest(connector)
        utc = self.context.now.mono + offset
        found = self.along_time(connector, utc).at(utc)
        return found._replace(until=found.until - offset)

    def _lowest(self, connector: int) -> Limit:
        """UTC is unknown, and so is the period in force: the lowest one counts."""
        station, default, own = self.plans_for(connector)
        cap, rest = (lowest(plans, self._amps_of) for plans in (station, default + own))
        if cap is not None:
            cap = (self.share(connector, cap[0]), cap[1])
        found = min((bound for bound in (rest, cap) if bound is not None), key=lambda bound: bound[0], default=None)
        return NO_LIMIT if found is None else Limit(found[0], None, f"{_name(found[1])}, clock unknown", inf)

    def _amps_of(self, plan: Plan, index: int) -> float:
        return amps(plan.limits[index], plan.unit, plan.phases[index], self.product.phases, self.product.volts)

    def along_time(self, connector: int, start: float) -> LimitAlongTime:
        """The limits of a connector from an instant on (seconds since 1970)."""
        return LimitAlongTime(self, connector, start)

    # --- whose profiles ---------------------------------------------------------------------------------------------

    def _rows(self, connector: int) -> list[Profile]:
        number = running.number if (running := self.context.facts.running.get(connector)) else None
        return [
            row
            for row in self.context.facts.of(Profile).values()
            if row.connector in (0, connector) and row.number in (None, number)
        ]

    def plans_for(self, connector: int) -> tuple[list[Plan], list[Plan], list[Plan]]:
        """(ChargePointMax, TxDefault, TxProfile) plans of a connector.

        Its own TxDefaultProfile hides the one of connector 0 with the same stackLevel (§3.13.1).
        """
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
        """This connector's part of `total` amperes for the whole station."""
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


class LimitAlongTime:
    """min(TxProfile or else TxDefaultProfile, the share of ChargePointMaxProfile) along rising time."""

    def __init__(self, owner: ChargingLimits, connector: int, asked_at: float) -> None:
        self._owner = owner
        self._connector = connector
        station, default, own = owner.plans_for(connector)
        began = owner.began_utc(connector, asked_at)
        self._station = Stack(station, owner.began_utc(0, asked_at))
        self._default, self._own = Stack(default, began), Stack(own, began)

    def at(self, utc: float) -> Limit:
        """The limit at an instant (seconds since 1970); call with rising `utc`."""
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
            return NO_LIMIT._replace(until=until)
        product = self._owner.product
        value = amps(piece.limit, piece.plan.unit, piece.phases, product.phases, product.volts)
        ends = "" if piece.until == inf else f" until {to_text(piece.until)}"
        return Limit(value, piece.phases, f"{_name(piece.plan, piece.at_index)}{ends}", until)


def _name(plan: Plan, index: int | None = None) -> str:
    period = "" if index is None else f", period {index + 1}"
    return f"{plan.purpose} {plan.profile_id} (level {plan.stack_level}{period})"
