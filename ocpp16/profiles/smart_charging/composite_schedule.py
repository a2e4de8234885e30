"""GetCompositeSchedule: the limits of a connector, or of the whole station, second by second (§3.13.3, §5.7)."""

from __future__ import annotations

from collections.abc import Callable
from math import floor, inf

from ocpp16.messages.datetimes import to_text
from ocpp16.messages.smart_charging import GetCompositeScheduleConf, GetCompositeScheduleReq
from ocpp16.messages.types import (
    ChargingRateUnit,
    ChargingSchedule,
    ChargingSchedulePeriod,
    GetCompositeScheduleStatus,
)
from ocpp16.product import Product
from ocpp16.profiles.smart_charging.limits import MIN_AMPS, NO_LIMIT, UNITS, ChargingLimits, Limit, LimitAlongTime
from ocpp16.state.context import Context

MAX_PIECES = 5000
"""Changes of profiles that one schedule looks at; a longer span is cut there."""
SECOND_SLACK_S = 0.01
"""A period that begins at most so many seconds after a whole second counts from that second."""


class CompositeSchedule:
    """Answers GetCompositeSchedule; `hardware_amps(connector)`: what can flow there at most, 0 where nothing can."""

    def __init__(
        self, context: Context, product: Product, limits: ChargingLimits, hardware_amps: Callable[[int], float]
    ) -> None:
        self.context = context
        self.product = product
        self.limits = limits
        self.hardware_amps = hardware_amps

    def on_composite(self, request: GetCompositeScheduleReq) -> GetCompositeScheduleConf:
        """§5.7: what the pilot will signal, second by second, as things stand.

        Rejected: an unknown connector or unit, a duration of 0 or less, UTC unknown.
        """
        usual = ChargingRateUnit.A if UNITS[ChargingRateUnit.A] in self.product.rate_units else ChargingRateUnit.W
        unit = request.charging_rate_unit or usual
        utc = self.context.utc
        unknown = not 0 <= request.connector_id <= self.product.connectors
        if unknown or utc is None or request.duration <= 0 or UNITS[unit] not in self.product.rate_units:
            return GetCompositeScheduleConf(status=GetCompositeScheduleStatus.REJECTED)
        start = floor(utc * 1000.0) / 1000.0  # milliseconds, as it is sent: a whole second would lie in the past
        periods, covered = self.schedule(request.connector_id, start, request.duration, unit)
        return GetCompositeScheduleConf(
            status=GetCompositeScheduleStatus.ACCEPTED,
            connector_id=request.connector_id,
            schedule_start=to_text(start),
            charging_schedule=ChargingSchedule(
                charging_rate_unit=unit, charging_schedule_period=tuple(periods), duration=covered
            ),
        )

    def schedule(
        self, connector: int, start: float, duration: int, unit: ChargingRateUnit
    ) -> tuple[list[ChargingSchedulePeriod], int]:
        """(periods, seconds covered) from `start`, seconds since 1970.

        Equal neighbours are merged; the schedule is cut where ChargingScheduleMaxPeriods is reached.
        """
        concerned = range(1, self.product.connectors + 1) if connector == 0 else (connector,)
        merges = {number: self.limits.along_time(number, start) for number in concerned}
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

    def _given(self, merges: dict[int, LimitAlongTime], at: float) -> tuple[Limit, float]:
        """What the connectors together may draw, and until when it stays the same."""
        pieces = [merge.at(at) for merge in merges.values()]
        bounded = []
        for number, piece in zip(merges, pieces, strict=True):
            hardware = self.hardware_amps(number)
            bounded.append(piece if piece.amps <= hardware else NO_LIMIT._replace(amps=hardware))
        until = min(piece.until for piece in pieces)
        if len(bounded) == 1:
            return bounded[0], until
        total = sum(piece.amps for piece in bounded if piece.amps >= MIN_AMPS)
        phases = bounded[0].phases if len({piece.phases for piece in bounded}) == 1 else None
        return NO_LIMIT._replace(amps=min(total, pieces[0].station_amps), phases=phases), until


def _period(second: int, given: Limit, unit: ChargingRateUnit, product: Product) -> ChargingSchedulePeriod:
    """One decimal, never rounded up; in W over the phases in use; numberPhases where the profile has it (E 3.57)."""
    value = given.amps
    if unit is ChargingRateUnit.W:
        value *= product.volts * min(given.phases or 3, product.phases)
    limit = floor(value * 10.0 + 1e-6) / 10.0
    return ChargingSchedulePeriod(start_period=second, limit=limit, number_phases=given.phases)


def _second(offset: float) -> int:
    """Whole seconds from the start; a change within a second counts from the next one."""
    return max(0, int(-(-(offset - SECOND_SLACK_S) // 1)))
