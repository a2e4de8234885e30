"""MeterValues.req (§4.7): values of one instant, queued, or sent at once when triggered (§5.17)."""

from __future__ import annotations

from ocpp16.configuration.configuration import Configuration
from ocpp16.configuration.key_names import Key
from ocpp16.configuration.keys import REGISTER
from ocpp16.messages.core import MeterValuesReq
from ocpp16.profiles.core.meter_readings import MeterReadings
from ocpp16.profiles.core.transaction_records import TransactionRecords
from ocpp16.records import Sample, Stamp, Transaction
from ocpp16.state.context import Context

LATE_S = 5.0
"""Values that are due are left out when the station comes to them later than this; the next ones are on time."""


class MeterValues:
    """Builds what sampled and clock-aligned values have in common."""

    def __init__(
        self,
        context: Context,
        configuration: Configuration,
        transactions: TransactionRecords,
        metering: MeterReadings,
    ) -> None:
        self.context = context
        self.configuration = configuration
        self.transactions = transactions
        self.metering = metering

    def queue(
        self, connector: int, transaction: Transaction | None, at: Stamp, context: str, key: Key, interval_s: int
    ) -> None:
        """Queue the measurands that `key` lists, dated `at`; nothing where none of them was measured.

        `context` is the ReadingContext, `interval_s` says how often such values come.
        """
        if connector not in self.metering.shapes:  # no board is attached: nothing is measured at this instant
            return
        values = self.metering.values(connector, self._wanted(key), at.mono)
        if not values:
            return
        if transaction is not None:
            wh = self.metering.register_wh(connector) or 0.0
            self.transactions.save_progress(transaction.number, wh, at, interval_s)
        self.transactions.add_sample(connector, transaction, at, context, values, interval_s)

    def _wanted(self, key: Key) -> tuple[str, ...]:
        """§9.1.19: an empty MeterValuesSampledData means the register; an empty MeterValuesAlignedData nothing."""
        wanted = self.configuration.items(key)
        return (REGISTER,) if not wanted and key is Key.MeterValuesSampledData else wanted

    def triggered(self, connector: int) -> MeterValuesReq | None:
        """§5.17: the present values, not queued; None: there is no fresh reading."""
        values = self.metering.values(connector, self._wanted(Key.MeterValuesSampledData), self.context.now.mono)
        if not values:
            return None
        transaction = self.context.facts.running.get(connector)
        at = self.context.stamp()
        sample = Sample(seq=0, connector=connector, at=at, context="Trigger", values=values)
        known = transaction is not None and transaction.start == "confirmed"
        return MeterValuesReq(
            connector_id=connector,
            meter_value=(self.transactions.messages.meter_value(sample),),
            transaction_id=transaction.transaction_id if known and transaction is not None else None,
        )
