"""The queue of transaction messages for a technician: what waits, what is parked, parking and retrying by hand."""

from __future__ import annotations

from collections.abc import Callable

from ocpp16.profiles.core.transaction_records import TransactionRecords
from ocpp16.records import Sample, Transaction
from ocpp16.rpc.transaction_queue import QueueKey, TransactionQueue
from ocpp16.state.context import Context


class QueueCommands:
    """`awaited()`: the message that was sent last, while there is no answer to it."""

    def __init__(
        self,
        context: Context,
        transaction_queue: TransactionQueue,
        transactions: TransactionRecords,
        awaited: Callable[[], QueueKey | None],
    ) -> None:
        self.context = context
        self.transaction_queue = transaction_queue
        self.transactions = transactions
        self.awaited = awaited

    def rows(self) -> list[dict[str, object]]:
        """What waits and what is parked, in the order of sending (`evsectl queue`)."""
        rows = [self._row(key, "waiting") for key in self.transaction_queue.in_order()]
        return sorted(
            rows + [self._row(key, "parked") for key in self.transactions.parked_keys()],
            key=lambda row: str(row["item"]).zfill(12),
        )

    def _row(self, key: QueueKey, state: str) -> dict[str, object]:
        sample = self.context.facts.of(Sample).get(key.row) if key.kind == "values" else None
        number = sample.number if sample else None if key.kind == "values" else key.row
        transaction = self.context.facts.of(Transaction).get(number) if number is not None else None
        error = sample.error if sample else ""
        if transaction is not None and sample is None:
            error = transaction.error if key.kind == "start" else transaction.stop_error
        connector = sample.connector if sample else transaction.connector if transaction else None
        return {
            "item": key.seq,
            "kind": key.kind,
            "state": state,
            "connector": connector,
            "transaction": number,
            "transaction_id": transaction.transaction_id if transaction else None,
            "error": error,
        }

    def park(self, item: int) -> str | None:
        """`evsectl queue park`: None where done, else why not."""
        key = next((key for key in self.transaction_queue.in_order() if key.seq == item), None)
        if key is None:
            return f"item {item} does not wait in the queue"
        if key == self.awaited():
            return f"item {item} was sent and its answer is awaited: wait for it, or for MessageTimeout"
        self.transaction_queue.withdraw(key)
        self.transactions.parked(key, "parked by hand")
        return None

    def retry(self, item: int | None) -> str | None:
        """`evsectl queue retry`: None where done, else why not.  A start only while its stop has not gone."""
        keys = [key for key in self.transactions.parked_keys() if item is None or key.seq == item]
        if not keys:
            return "nothing is parked" if item is None else f"item {item} is not parked"
        refused = [key for key in keys if not self.transactions.retry(key)]
        if len(refused) < len(keys):  # the others go; a start that comes too late stays, for the record
            return None
        return (
            f"the stop of transaction {refused[0].row} has gone already: its start would come too late, it stays here"
        )
