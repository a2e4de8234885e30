"""Builds StartTransaction, MeterValues and StopTransaction requests from records, when they are sent (§3.7)."""

from __future__ import annotations

from ocpp16.messages.core import MeterValuesReq, StartTransactionReq, StopTransactionReq
from ocpp16.messages.datetimes import to_text
from ocpp16.messages.types import (
    Location,
    Measurand,
    MeterValue,
    Phase,
    ReadingContext,
    Reason,
    SampledValue,
    UnitOfMeasure,
)
from ocpp16.records import Sample, Stamp, Transaction
from ocpp16.rpc.transaction_queue import QueuedMessage, QueueKey
from ocpp16.state.context import Context

UNDELIVERED = ("waiting", "parked")
UNKNOWN_ID = -1
"""E 3.18: the transactionId of a transaction whose StartTransaction was never accepted."""


class TransactionMessages:
    """From a row to a request; changes nothing."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def build(self, key: QueueKey) -> QueuedMessage | None:
        """The message of a row; None: the row is gone, or was delivered."""
        if key.kind == "values":
            sample = self.context.facts.of(Sample).get(key.row)
            if sample is None or sample.state not in UNDELIVERED:
                return None
            return QueuedMessage(key, "MeterValues", self._values_request(sample))
        transaction = self.context.facts.of(Transaction).get(key.row)
        if transaction is None or ((transaction.start if key.kind == "start" else transaction.stop) not in UNDELIVERED):
            return None
        if key.kind == "start" and transaction.stop == "confirmed":  # parked, and too late by now
            return None
        if key.kind == "start":
            return QueuedMessage(key, "StartTransaction", self._start_request(transaction))
        return QueuedMessage(key, "StopTransaction", self._stop_request(transaction))

    def _start_request(self, transaction: Transaction) -> StartTransactionReq:
        return StartTransactionReq(
            connector_id=transaction.connector,
            id_tag=transaction.id_tag,
            meter_start=transaction.meter_start_wh,
            timestamp=self._time(transaction.began),
            reservation_id=transaction.reservation_id,
        )

    def _values_request(self, sample: Sample) -> MeterValuesReq:
        return MeterValuesReq(
            connector_id=sample.connector,
            meter_value=(self.meter_value(sample),),
            transaction_id=None if sample.number is None else self._id_of(sample.number),
        )

    def _stop_request(self, transaction: Transaction) -> StopTransactionReq:
        group = self.context.facts.samples_of.get(transaction.number, {})
        data = tuple(self.meter_value(sample) for _, sample in sorted(group.items()) if sample.for_stop)
        assert transaction.ended is not None and transaction.meter_stop_wh is not None
        return StopTransactionReq(
            meter_stop=transaction.meter_stop_wh,
            timestamp=self._time(transaction.ended),
            transaction_id=self._id_of(transaction.number),
            id_tag=transaction.stop_id_tag,
            reason=Reason(transaction.reason),
            transaction_data=data or None,
        )

    def _id_of(self, number: int) -> int:
        transaction = self.context.facts.of(Transaction).get(number)
        if transaction is None or transaction.transaction_id is None:
            return UNKNOWN_ID
        return transaction.transaction_id

    def _time(self, stamp: Stamp) -> str:
        settled = self.context.clock.settle(stamp)
        return to_text(self.context.clock.floor_utc if settled.utc is None else settled.utc)

    def meter_value(self, sample: Sample) -> MeterValue:
        """§7.33: the values of a sample."""
        values = tuple(
            SampledValue(
                value=value.value,
                context=ReadingContext(sample.context),
                measurand=Measurand(value.measurand),
                unit=None if value.unit is None else UnitOfMeasure(value.unit),
                phase=None if value.phase is None else Phase(value.phase),
                location=None if value.location is None else Location(value.location),
            )
            for value in sample.values
        )
        return MeterValue(timestamp=self._time(sample.at), sampled_value=values)
