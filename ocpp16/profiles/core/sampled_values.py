"""Sampled meter values: every MeterValueSampleInterval seconds from the start of the transaction (§3.16, §4.7)."""

from __future__ import annotations

from ocpp16.configuration.configuration import Configuration
from ocpp16.configuration.key_names import Key
from ocpp16.configuration.values import items_of
from ocpp16.profiles.core.meter_values import LATE_S, MeterValues
from ocpp16.profiles.core.stop_transaction_data import StopTransactionData
from ocpp16.profiles.core.transaction_time import TransactionTime
from ocpp16.records import Stamp, Transaction
from ocpp16.state.context import Context
from ocpp16.state.timers import Timer


class SampledValues:
    """Sets and serves the sampling timer of each connector."""

    def __init__(
        self,
        context: Context,
        configuration: Configuration,
        chronology: TransactionTime,
        meter_values: MeterValues,
        stop_data: StopTransactionData,
    ) -> None:
        self.context = context
        self.configuration = configuration
        self.chronology = chronology
        self.meter_values = meter_values
        self.stop_data = stop_data
        configuration.on_change.append(self._interval_changed)

    def transaction_began(self, transaction: Transaction) -> None:
        """Keep Transaction.Begin for the stop, and start sampling."""
        self.stop_data.add_boundary(transaction, transaction.began, "Transaction.Begin")
        self.arm(transaction)

    def transaction_ends(self, transaction: Transaction, at: Stamp) -> None:
        """Keep Transaction.End for the stop, and stop sampling."""
        self.stop_data.add_boundary(transaction, at, "Transaction.End")
        self.context.timers.clear(Timer.SAMPLE, transaction.connector)

    def arm(self, transaction: Transaction) -> None:
        """Set the timer: at start + interval, then every interval, always counted from the start (no drift)."""
        interval = self.configuration.number(Key.MeterValueSampleInterval)
        if interval <= 0:
            self.context.timers.clear(Timer.SAMPLE, transaction.connector)
            return
        began = transaction.began.mono
        if transaction.began.boot != self.context.clock.boot_id:
            began = self.context.now.mono
        periods = int((self.context.now.mono - began) / interval + 1e-6) + 1  # the due second itself counts as reached
        self.context.timers.set(Timer.SAMPLE, began + periods * interval, transaction.connector)

    def due(self, connector: int, due: float) -> None:
        """The timer expired; `due` is the monotonic time for which it was set."""
        transaction = self.context.facts.running.get(connector)
        if transaction is None:
            return
        self.arm(transaction)
        if transaction.stopping or self.context.now.mono - due > LATE_S:
            return
        interval = self.configuration.number(Key.MeterValueSampleInterval)
        at = self.chronology.in_order(transaction.number, self.context.clock.at(due))
        self.meter_values.queue(connector, transaction, at, "Sample.Periodic", Key.MeterValuesSampledData, interval)
        self.stop_data.add(transaction, at, "Sample.Periodic", items_of(transaction.stop_sampled))

    def _interval_changed(self, name: str) -> None:
        if name == Key.MeterValueSampleInterval:
            for transaction in self.context.facts.running.values():
                self.arm(transaction)
