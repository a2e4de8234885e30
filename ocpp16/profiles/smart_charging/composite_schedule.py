"""GetCompositeSchedule: the limits of a connector, or of the whole station, second by second (§3.13.3, §5.7)."""

from __future__ import annotations

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
from ocpp16.profiles.smart_charging.limits import UNITS, Allowed, ChargingLimits, LimitsAlongTime, tenths
from ocpp16.state.context import Context

MAX_PIECES = 5000
"""Changes of profiles that one schedule looks at; a longer span is cut there."""
SECOND_SLACK_S = 0.01
"""A period that begins at most so many seconds after a whole second counts from that second."""


class CompositeSchedule:
    """Answers GetCompositeSchedule by the limits that also rule the pilot."""

    def __init__(self, context: Context, product: Product, limits: ChargingLimits) -> None:
        self.context = context
        self.product = product
        self.limits = limits

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
        along = LimitsAlongTime(self.limits, {*concerned, *self.context.facts.running}, start)
        periods: list[ChargingSchedulePeriod] = []
        at = start
        for _ in range(MAX_PIECES):
            second = _second(at - start)
            if second >= duration:
                return periods, duration
            allowed, station_amps, until = along.at(at)
            while periods and periods[-1].start_period == second:  # it lasted less than a second
                periods.pop()
            period = self._period(second, {number: allowed[number] for number in concerned}, station_amps, unit)
            if not periods or (periods[-1].limit, periods[-1].number_phases) != (period.limit, period.number_phases):
                if len(periods) == self.product.schedule_max_periods:
                    return periods, int(at - start)
                periods.append(period)
            at = max(until, at + 0.001)
            if at == inf:
                return periods, duration
        return periods, int(at - start)

    def _period(
        self, second: int, allowed: dict[int, Allowed], station_amps: float, unit: ChargingRateUnit
    ) -> ChargingSchedulePeriod:
        """What the connectors together may draw: one decimal, never rounded up; in W over the phases that carry it.

        Of several connectors those that pause draw nothing.  numberPhases where every profile that decides has the same
        (E 3.57); in W never others than carry current.
        """
        drawing = {number: found for number, found in allowed.items() if found.amps > 0.0 or len(allowed) == 1}
        phases = {found.phases for found in allowed.values()}
        told = phases.pop() if len(phases) == 1 else None
        if unit is ChargingRateUnit.A:
            value = sum(tenths(found.limit) for found in drawing.values())
        else:
            carrying = {number: self.limits.hardware(number).phases for number in allowed}
            told = None if told is None else max(carrying.values())
            volts = self.product.volts
            value = sum(found.limit * volts * carrying[number] for number, found in drawing.items())
            station_amps *= volts * self.limits.station_phases()
        return ChargingSchedulePeriod(start_period=second, limit=tenths(min(value, station_amps)), number_phases=told)


def _second(offset: float) -> int:
    """Whole seconds from the start; a change within a second counts from the next one."""
    return max(0, int(-(-(offset - SECOND_SLACK_S) // 1)))
