"""The current limit of each connector from hardware and charging profiles, now and along time; 0 A below 6 A (§3.13).

One function, `ChargingLimits.allowed`, decides for the pilot and for the composite schedule.  Several connectors share
ChargePointMaxProfile by one rule: as many running transactions as can have their smallest current, oldest first, get
equal parts; the others wait.  The sum never exceeds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import ceil, floor, inf
from typing import NamedTuple

from ocpp16.messages.datetimes import to_text
from ocpp16.messages.types import ChargingProfilePurpose, ChargingRateUnit
from ocpp16.product import Product
from ocpp16.profiles.smart_charging.profile_stack import Plan, Slice, Stack, amps, lowest
from ocpp16.records import Profile, Transaction
from ocpp16.state.context import Context
from ocpp16.state.timers import Timer

MAX, DEFAULT, TX = (
    ChargingProfilePurpose.CHARGE_POINT_MAX_PROFILE,
    ChargingProfilePurpose.TX_DEFAULT_PROFILE,
    ChargingProfilePurpose.TX_PROFILE,
)
UNITS = {ChargingRateUnit.A: "Current", ChargingRateUnit.W: "Power"}


class Hardware(NamedTuple):
    """What a connector can do, whatever a profile allows."""

    amps: float
    """Amperes per phase that can flow at most; 0 where nothing can."""
    min_amps: float
    """The smallest current that can be signalled."""
    phases: int
    """Those that carry current: no profile switches any off."""
    drawn_amps: float = 0.0
    """What a car may still draw until the contactor is open, although nothing is offered to it any more."""


class Limit(NamedTuple):
    """What one profile sets."""

    amps: float
    """Per phase; infinite where no profile sets a limit."""
    phases: int | None = None
    """numberPhases, where the profile has it."""
    why: str = ""
    """The profile by name; "" where none sets a limit."""


NO_LIMIT = Limit(inf)


class Bounds(NamedTuple):
    """What the profiles set for a connector at an instant."""

    own: Limit = NO_LIMIT
    """Of its TxProfile, or else TxDefaultProfile."""
    station: Limit = NO_LIMIT
    """Of ChargePointMaxProfile, for all connectors together."""
    until: float = inf
    """Seconds since 1970 (`ChargingLimits.now`: monotonic) until which it stays so."""


NO_BOUNDS = Bounds()


def _no_bounds(_: int) -> Bounds:
    return NO_BOUNDS


class Allowed(NamedTuple):
    """What a connector may offer."""

    amps: float
    """Per phase, whole tenths where a profile sets it; 0 where the bound is below what can be signalled: a pause."""
    limit: float
    """The lowest bound, neither rounded nor taken for a pause: what a composite schedule tells."""
    bound: Limit
    """The profile's limit, its part of a shared one; infinite where no profile sets any."""
    phases: int | None = None
    """numberPhases of the profile that decides."""


class ChargingLimits:
    """The installed profiles as plans, and the limits that follow; computed once per change, read in every step.

    `hardware(connector)`: what the connector can do at this moment.
    """

    def __init__(self, context: Context, product: Product, hardware: Callable[[int], Hardware]) -> None:
        self.context = context
        self.product = product
        self.hardware = hardware
        self.plans: dict[int, Plan] = {}
        """The installed profiles by their id; `SmartCharging` installs and removes them."""
        self._bounds: dict[int, Bounds] = {}

    def changed(self) -> None:
        """Profiles, transactions or the clock changed: all limits are computed again."""
        self._bounds.clear()

    def now(self, connector: int) -> Allowed:
        """What the connector may offer at this moment, to the transaction that runs there or to one that began now."""
        return self.allowed(connector, self._bounds_now if self.plans else _no_bounds)

    def _bounds_now(self, connector: int) -> Bounds:
        known = self._bounds.get(connector)
        if known is None or self.context.now.mono >= known.until:
            known = self._bounds[connector] = self._compute(connector)
            if known.until < inf:
                self.context.timers.set(Timer.SCHEDULE, known.until, connector)
        return known

    def _compute(self, connector: int) -> Bounds:
        offset = self.context.clock.offset
        if offset is None:
            return self._lowest(connector)
        utc = self.context.now.mono + offset
        found = LimitsAlongTime(self, (connector,), utc).bounds(connector, utc)
        return found._replace(until=found.until - offset)

    def _lowest(self, connector: int) -> Bounds:
        """UTC is unknown, and so is the period in force: the lowest one counts."""
        station, default, own = self.plans_for(connector)
        return Bounds(
            own=self._lowest_of(default + own, self.hardware(connector).phases),
            station=self._lowest_of(station, self.station_phases()),
        )

    def _lowest_of(self, plans: list[Plan], phases: int) -> Limit:
        found = lowest(plans, phases, self.product.volts)
        return NO_LIMIT if found is None else Limit(found[0], None, f"{_name(found[1])}, clock unknown")

    # --- the rule ---------------------------------------------------------------------------------------------------

    def allowed(self, connector: int, bounds_of: Callable[[int], Bounds]) -> Allowed:
        """The lowest of hardware, own limit and part of the station's limit; 0 A below the smallest current (§3.13).

        `bounds_of(connector)`: what the profiles set there at the instant in question.
        """
        hardware, bounds = self.hardware(connector), bounds_of(connector)
        bound = bounds.own
        if bounds.station is not NO_LIMIT:
            part = self._part(connector, bounds_of)
            if part < bound.amps:
                bound = bounds.station._replace(amps=part)
        limit = min(hardware.amps, bound.amps)
        amps = min(hardware.amps, tenths(bound.amps))
        phases = bound.phases if bound.amps <= hardware.amps else None
        return Allowed(amps if amps >= hardware.min_amps else 0.0, limit, bound, phases)

    def _part(self, connector: int, bounds_of: Callable[[int], Bounds]) -> float:
        """This connector's part of the station's limit.

        A transaction that has its stop before it keeps its part until it has ended, one that may have no more energy
        until its contactor is open: the car may still draw.
        """
        total = bounds_of(connector).station.amps
        running = sorted(self.context.facts.running.values(), key=lambda transaction: transaction.number)
        order = [transaction.connector for transaction in running]
        if connector not in order:
            order.append(connector)
        if len(order) == 1:
            return total
        left, least = total, {}
        for number in order:
            hardware = self.hardware(number)
            smallest = ceil(hardware.min_amps * 10.0 - 1e-6) / 10.0
            flows = hardware.amps or hardware.drawn_amps
            can = min(flows, tenths(bounds_of(number).own.amps)) >= hardware.min_amps
            if can and smallest <= left + 1e-9:
                least[number] = smallest
                left -= smallest
        return _level(total, least.values(), least[connector]) if connector in least else 0.0

    def station_phases(self) -> int:
        """The phases over which a limit in W of the whole station is spread: the most that any connector has."""
        return max(self.hardware(number).phases for number in range(1, self.product.connectors + 1))

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


class LimitsAlongTime:
    """What each of some connectors may offer along rising time, as things stand (transactions, hardware, profiles)."""

    def __init__(self, owner: ChargingLimits, connectors: Iterable[int], asked_at: float) -> None:
        """`asked_at`: seconds since 1970, from which a connector without transaction is looked at as if one began."""
        self._owner = owner
        self._station: Stack | None = None
        self._stacks: dict[int, tuple[Stack, Stack]] = {}
        for connector in connectors:
            station, default, own = owner.plans_for(connector)
            began = owner.began_utc(connector, asked_at)
            self._stacks[connector] = Stack(default, began), Stack(own, began)
            if self._station is None:
                self._station = Stack(station, owner.began_utc(0, asked_at))

    def bounds(self, connector: int, utc: float) -> Bounds:
        """What the profiles set at an instant (seconds since 1970); call with rising `utc`."""
        assert self._station is not None
        default_stack, own_stack = self._stacks[connector]
        (station, u1), (default, u2), (own, u3) = self._station.at(utc), default_stack.at(utc), own_stack.at(utc)
        owner = self._owner
        phases = owner.hardware(connector).phases
        return Bounds(
            own=self._limit(own or default, phases),
            station=NO_LIMIT if station is None else self._limit(station, owner.station_phases()),
            until=min(u1, u2, u3),
        )

    def at(self, utc: float) -> tuple[dict[int, Allowed], float, float]:
        """(what each may offer, amperes per phase that all together may have, until when it stays so)."""
        bounds = {connector: self.bounds(connector, utc) for connector in self._stacks}
        allowed = {connector: self._owner.allowed(connector, bounds.__getitem__) for connector in bounds}
        station = min(found.station.amps for found in bounds.values())
        return allowed, station, min(found.until for found in bounds.values())

    def _limit(self, piece: Slice | None, phases: int) -> Limit:
        if piece is None or piece.limit is None:
            return NO_LIMIT
        value = amps(piece.limit, piece.plan.unit, phases, self._owner.product.volts)
        ends = "" if piece.until == inf else f" until {to_text(piece.until)}"
        return Limit(value, piece.phases, f"{_name(piece.plan, piece.at_index)}{ends}")


def _level(total: float, least: Iterable[float], mine: float) -> float:
    """An equal part of `total`; those whose smallest current is above it have that (`mine`: the asker's smallest)."""
    left, sharers = total, sorted(least)
    while sharers[-1] * len(sharers) > left + 1e-9 and len(sharers) > 1:
        left -= sharers.pop()
    return max(left / len(sharers), mine)


def tenths(value: float) -> float:
    """Rounded down to a tenth, binary rests excepted."""
    return value if value == inf else floor(value * 10.0 + 1e-6) / 10.0


def _name(plan: Plan, index: int | None = None) -> str:
    period = "" if index is None else f", period {index + 1}"
    return f"{plan.purpose} {plan.profile_id} (level {plan.stack_level}{period})"
