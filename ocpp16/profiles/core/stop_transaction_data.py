"""StopTransaction.transactionData: meter values gathered for the stop, thinned to StopTransactionMaxMeterValues.

§4.10, E 3.14, E 3.91.  Which measurands they hold was fixed at the start of the transaction (§9.1.28).
"""

from __future__ import annotations

from ocpp16.configuration.configuration import Configuration
from ocpp16.configuration.key_names import Key
from ocpp16.configuration.values import items_of
from ocpp16.profiles.core.measurands import Values
from ocpp16.profiles.core.meter_readings import MeterReadings
from ocpp16.profiles.core.transaction_time import HORIZON_S
from ocpp16.records import Sample, Stamp, Transaction
from ocpp16.state.context import Context

ALWAYS_KEPT = ("Transaction.Begin", "Transaction.End")


class StopTransactionData:
    """Writes `Sample` records with `for_stop`; `transaction_messages.py` reads them when the stop is sent."""

    def __init__(self, context: Context, configuration: Configuration, metering: MeterReadings) -> None:
        self.context = context
        self.configuration = configuration
        self.metering = metering

    def add_boundary(self, transaction: Transaction, at: Stamp, context: str) -> None:
        """Transaction.Begin or Transaction.End: every measurand that either list names, once (E 3.14)."""
        wanted = items_of(transaction.stop_sampled) + items_of(transaction.stop_aligned)
        values = self.metering.last_values(transaction.connector, tuple(dict.fromkeys(wanted)))
        if values:
            self._save(transaction, at, context, values)

    def add(self, transaction: Transaction, at: Stamp, context: str, wanted: tuple[str, ...]) -> None:
        """Keep the measurands `wanted`, dated `at`, for the stop; `context` is the ReadingContext."""
        values = self.metering.values(transaction.connector, wanted, at.mono)
        if values and self._make_room(transaction, self.configuration.number(Key.StopTransactionMaxMeterValues)):
            self._save(transaction, at, context, values)

    def _make_room(self, transaction: Transaction, cap: int) -> bool:
        """E 3.91: when full, every second intermediate value is dropped.  False: only Begin and End have room."""
        group = self.context.facts.samples_of.get(transaction.number, {})
        kept = sorted(seq for seq, sample in group.items() if sample.for_stop)
        if len(kept) < cap - 1:  # one place is for Transaction.End
            return True
        for seq in kept[1::2]:  # the first is Transaction.Begin
            self.context.delete(Sample, seq, within_s=HORIZON_S)
        return cap > len(ALWAYS_KEPT)

    def _save(self, transaction: Transaction, at: Stamp, context: str, values: Values) -> None:
        sample = Sample(
            seq=self.context.next_seq(),
            connector=transaction.connector,
            number=transaction.number,
            at=at,
            context=context,
            values=values,
            for_stop=True,
        )
        is_connected = self.metering.transactions.is_connected()
        self.context.save(sample, within_s=HORIZON_S if is_connected else 0.0)  # offline every value is kept
