"""Clock-aligned meter values: at every multiple of ClockAlignedDataInterval since midnight UTC (§3.16, §4.7).

They are dated exactly at that instant, whenever the station comes to take them.
"""

from __future__ import annotations

from ocpp16.configuration.configuration import Configuration
from ocpp16.configuration.key_names import Key
from ocpp16.configuration.keys import DAY
from ocpp16.configuration.values import items_of
from ocpp16.profiles.core.meter_readings import MeterReadings
from ocpp16.profiles.core.meter_values import LATE_S, MeterValues
from ocpp16.profiles.core.stop_transaction_data import StopTransactionData
from ocpp16.profiles.core.transaction_time import TransactionTime
from ocpp16.records import Stamp
from ocpp16.state.context import Context
from ocpp16.state.timers import Timer


class ClockAlignedValues:
    """Sets and serves the one timer of all connectors."""

    def __init__(
        self,
        context: Context,
        configuration: Configuration,
        chronology: TransactionTime,
        metering: MeterReadings,
        meter_values: MeterValues,
        stop_data: StopTransactionData,
    ) -> None:
        self.context = context
        self.configuration = configuration
        self.chronology = chronology
        self.metering = metering
        self.meter_values = meter_values
        self.stop_data = stop_data
        configuration.on_change.append(self._interval_changed)

    def arm(self) -> None:
        """Set the timer to the next multiple of the interval since midnight UTC; none while UTC is unknown."""
        interval = self.configuration.number(Key.ClockAlignedDataInterval)
        utc = self.context.utc
        if interval <= 0 or utc is None:
            self.context.timers.clear(Timer.ALIGNED)
            return
        since_midnight = utc % DAY
        boundary = min((since_midnight // interval + 1) * interval, DAY)
        self.context.timers.set(Timer.ALIGNED, self.context.now.mono + boundary - since_midnight)

    def due(self, due: float) -> None:
        """The timer expired; `due` is the monotonic time for which it was set."""
        interval = self.configuration.number(Key.ClockAlignedDataInterval)
        utc = self.context.clock.utc(due)
        late = self.context.now.mono - due > LATE_S
        if interval > 0 and utc is not None and not late:
            at = Stamp(mono=due, boot=self.context.clock.boot_id, utc=float(round(utc)))
            for connector in sorted(self.metering.readings):
                if not self.context.clock.went_back(float(round(utc))):
                    self.take(connector, at, interval)
        self.arm()

    def take(self, connector: int, at: Stamp, interval_s: int) -> None:
        """The values of a connector at an aligned instant, with the transaction that ran then (E 3.16)."""
        transaction = self.context.facts.running.get(connector)
        if transaction is not None and transaction.began.mono > at.mono:
            transaction = None
        if transaction is not None:
            aligned, at = at, self.chronology.own_time(transaction.number, at)
            if self.chronology.in_order(transaction.number, aligned) != at:
                return  # the clock went back a little: this instant has passed for the transaction
        self.meter_values.queue(connector, transaction, at, "Sample.Clock", Key.MeterValuesAlignedData, interval_s)
        if transaction is not None:
            self.stop_data.add(transaction, at, "Sample.Clock", items_of(transaction.stop_aligned))

    def _interval_changed(self, name: str) -> None:
        if name == Key.ClockAlignedDataInterval:
            self.arm()
