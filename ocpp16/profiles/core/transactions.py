"""The facts of a transaction and the three messages read off them: Start, Values, Stop (§3.7, §4.7, §4.8, §4.10).

When it begins and ends is the connector's story; here it is written down, told, and settled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from ocpp16.configuration.key_names import Key
from ocpp16.messages.core import StartTransactionConf, StopTransactionConf
from ocpp16.profiles.core.authorization import Authorization
from ocpp16.profiles.core.transaction_messages import TransactionMessages
from ocpp16.profiles.core.transaction_time import TransactionTime
from ocpp16.records import Sample, Stamp, Transaction
from ocpp16.rpc.transaction_queue import QueueKey, TransactionQueue
from ocpp16.state.context import LAZY_S, Context
from ocpp16.state.id_tags import Verdict

CLOSED_CAP = 1000
"""Closed transactions that stay in the store."""
VALUES_CAP = 50_000
"""Meter values waiting (30 days offline at 60 s and more); beyond it every second one goes, never a start or stop."""
PARKED_CAP = 1_000
"""Meter values refused for good that are kept to be looked at."""
HORIZON_S = 60.0
"""How far ahead of its last write a transaction may tell values."""


class Transactions:
    """Writes transactions down and tells them."""

    def __init__(
        self,
        context: Context,
        reports: TransactionQueue,
        authorization: Authorization,
        messages: TransactionMessages,
        *,
        on_verdict: Callable[[Transaction, Verdict], None],
    ) -> None:
        self.context = context
        self.reports = reports
        self.authorization = authorization
        self.on_verdict = on_verdict
        self.telling = messages
        known = context.facts.of(Transaction)
        self.chronology = TransactionTime(context)
        self._next_number = 1 + max((transaction.number for transaction in known.values()), default=0)
        self._closed = [t.number for t in sorted(known.values(), key=lambda t: t.number) if _is_closed(t)]
        self._parked = sorted(s.seq for s in context.facts.of(Sample).values() if s.state == "parked")
        self._announce_all()

    def _announce_all(self) -> None:
        for transaction in self.context.facts.of(Transaction).values():
            if transaction.start == "waiting":
                self.reports.announce(QueueKey(transaction.start_seq, "start", transaction.number))
            if transaction.stop == "waiting" and transaction.stop_seq is not None:
                self.reports.announce(QueueKey(transaction.stop_seq, "stop", transaction.number))
        for sample in self.context.facts.of(Sample).values():
            if not sample.for_stop and sample.state == "waiting":
                self.reports.announce(QueueKey(sample.seq, "values", sample.seq))

    # --- writing down, in the order of the story --------------------------------------------------------------------

    def begin(
        self, connector: int, id_tag: str, parent: str | None, wh: float, reservation_id: int | None
    ) -> Transaction:
        """§4.8: the transaction is a fact from here on; nothing flows before this is on disk."""
        stamp = self.context.stamp()
        configuration = self.authorization.configuration
        transaction = Transaction(
            number=self._next_number,
            connector=connector,
            id_tag=id_tag,
            parent_id_tag=parent,
            began=stamp,
            meter_start_wh=int(wh),
            reservation_id=reservation_id,
            start_seq=self.context.next_seq(),
            last_wh=int(wh),
            last=stamp,
            stop_sampled=configuration.text(Key.StopTxnSampledData),
            stop_aligned=configuration.text(Key.StopTxnAlignedData),
        )
        self._next_number += 1
        self.context.save(transaction)
        self.reports.announce(QueueKey(transaction.start_seq, "start", transaction.number))
        self.context.note(
            "transaction-began", number=transaction.number, connector=connector, id_tag=id_tag, wh=int(wh)
        )
        return transaction

    def add_sample(
        self, connector: int, transaction: Transaction | None, at: Stamp, context: str, values: Any, interval_s: float
    ) -> None:
        """Values for MeterValues.  Rare ones are written at once; frequent ones may wait a minute."""
        sample = Sample(
            seq=self.context.next_seq(),
            connector=connector,
            number=transaction.number if transaction else None,
            at=at,
            context=context,
            values=values,
        )
        rare = interval_s >= HORIZON_S
        self.context.save(sample, within_s=0.0 if rare else HORIZON_S, fleeting=self.reports.waiting == 0)
        self.reports.announce(QueueKey(sample.seq, "values", sample.seq))
        if self.reports.waiting > VALUES_CAP:
            self._thin_values()

    def lived_until(self, number: int, wh: float, at: Stamp, interval_s: float) -> None:
        """A power cut must not date the stop before a value that was told: `last` is never behind what leaves."""
        transaction = self.context.facts.of(Transaction)[number]
        if not _later(at, transaction.last) and int(wh) - transaction.last_wh < 1:
            return
        horizon = 0.0 if interval_s >= HORIZON_S else HORIZON_S
        if horizon and not _later(at, transaction.last):
            self.context.save(replace(transaction, last_wh=max(int(wh), transaction.last_wh)), within_s=horizon)
            return
        last = replace(at, mono=at.mono + horizon, utc=None if at.utc is None else at.utc + horizon)
        told = max(at.utc or 0.0, transaction.told_utc or 0.0) or None
        self.context.save(replace(transaction, last_wh=max(int(wh), transaction.last_wh), last=last, told_utc=told))

    def add_stop_data(self, transaction: Transaction, at: Stamp, context: str, values: Any, cap: int) -> None:
        """transactionData: Begin and End always stay, the others thin out when too many (E 3.91)."""
        group = self.context.facts.samples_of.get(transaction.number, {})
        kept = sorted(seq for seq, sample in group.items() if sample.for_stop)
        if context not in ("Transaction.Begin", "Transaction.End") and len(kept) >= cap - 1:
            for seq in kept[1::2]:
                self.context.delete(Sample, seq, within_s=HORIZON_S)
            if cap <= 2:  # there is room for Begin and End only
                return
        sample = Sample(
            seq=self.context.next_seq(),
            connector=transaction.connector,
            number=transaction.number,
            at=at,
            context=context,
            values=values,
            for_stop=True,
        )
        self.context.save(sample, within_s=HORIZON_S)

    def stopping(self, transaction: Transaction, reason: str, id_tag: str | None) -> Transaction:
        """The end was asked for; it is reached when the car has stopped drawing."""
        changed = replace(transaction, stopping=reason, stop_id_tag=id_tag)
        self.context.save(changed)
        return changed

    def end(self, transaction: Transaction, reason: str, id_tag: str | None, wh: float, at: Stamp) -> Transaction:
        """§4.10: the bill is closed with the meter's own register."""
        self.chronology.forget(transaction.number)
        ended = replace(
            transaction,
            stop_sampled="",
            stop_aligned="",
            stopping="",
            ended=at,
            meter_stop_wh=max(int(wh), transaction.meter_start_wh, transaction.last_wh),
            reason=reason,
            stop_id_tag=id_tag,
            stop_seq=self.context.next_seq(),
            stop="waiting",
        )
        self.context.save(ended)
        assert ended.stop_seq is not None
        self.reports.announce(QueueKey(ended.stop_seq, "stop", ended.number))
        self.context.note(
            "transaction-ended",
            number=ended.number,
            connector=ended.connector,
            reason=reason,
            wh=(ended.meter_stop_wh or 0) - ended.meter_start_wh,
        )
        return ended

    # --- what came of it --------------------------------------------------------------------------------------------

    def confirmed(self, key: QueueKey, confirmation: Any) -> None:
        if key.kind == "values":
            if key.row in self._parked:
                self._parked.remove(key.row)
            self.context.delete(Sample, key.row, within_s=LAZY_S)
            return
        transaction = self.context.facts.of(Transaction).get(key.row)
        if transaction is None or getattr(transaction, key.kind) == "confirmed":
            return  # a second answer, or one that comes when all is told and forgotten
        if key.kind == "start":
            self._start_confirmed(transaction, confirmation)
        else:
            self._stop_confirmed(transaction, confirmation)

    def _start_confirmed(self, transaction: Transaction, confirmation: StartTransactionConf) -> None:
        verdict = self.authorization.learn(transaction.id_tag, confirmation.id_tag_info)
        changed = replace(
            transaction,
            start="confirmed",
            transaction_id=confirmation.transaction_id,  # E 3.54: 0 and negative ones are ids like any other
            verdict=verdict.status,
            parent_id_tag=verdict.parent_id_tag or transaction.parent_id_tag,
            error="",
        )
        self.context.save(changed)
        if changed.ended is None:
            self.on_verdict(changed, verdict)
        self._close(changed)

    def _stop_confirmed(self, transaction: Transaction, confirmation: StopTransactionConf) -> None:
        if confirmation.id_tag_info is not None:
            self.authorization.learn(transaction.stop_id_tag or transaction.id_tag, confirmation.id_tag_info)
        changed = replace(transaction, stop="confirmed", stop_error="")
        self.context.save(changed)
        for seq, sample in list(self.context.facts.samples_of.get(transaction.number, {}).items()):
            if sample.for_stop:
                self.context.delete(Sample, seq)
        self._close(changed)

    def _close(self, transaction: Transaction) -> None:
        if _is_closed(transaction) and transaction.number not in self._closed[-16:]:
            self._closed.append(transaction.number)
            while len(self._closed) > CLOSED_CAP:
                self.context.delete(Transaction, self._closed.pop(0))

    def parked(self, key: QueueKey, error: str) -> None:
        """Refused for good: kept, visible, to be tried again by hand; it blocks nothing."""
        if key.kind == "values":
            self._park_values(key, error)
            return
        transaction = self.context.facts.of(Transaction)[key.row]
        parked = {"start": "parked", "error": error} if key.kind == "start" else {"stop": "parked", "stop_error": error}
        changed = replace(transaction, **parked)
        self.context.save(changed)
        self.context.note("report-parked", kind=key.kind, number=transaction.number, error=error)
        self._close(changed)

    def _park_values(self, key: QueueKey, error: str) -> None:
        sample = self.context.facts.of(Sample)[key.row]
        self.context.save(replace(sample, state="parked", error=error), within_s=LAZY_S)
        self.context.note("report-parked", kind="values", number=sample.number, error=error)
        self._parked.append(key.row)
        while len(self._parked) > PARKED_CAP:
            self.context.delete(Sample, self._parked.pop(0), within_s=LAZY_S)

    def _thin_values(self) -> None:
        """The queue is full: every second waiting value goes, oldest and newest stay."""
        waiting = [key for key in self.reports.in_order() if key.kind == "values"]
        victims = waiting[1:-1:2]
        self.reports.thin_out(victims)
        for key in victims:
            self.context.delete(Sample, key.row, within_s=LAZY_S)
        self.context.note("queue-thinned", dropped=len(victims), kept=self.reports.waiting)

    def parked_keys(self) -> list[QueueKey]:
        keys = [QueueKey(seq, "values", seq) for seq in self._parked]
        for transaction in self.context.facts.of(Transaction).values():
            if transaction.start == "parked":
                keys.append(QueueKey(transaction.start_seq, "start", transaction.number))
            if transaction.stop == "parked" and transaction.stop_seq is not None:
                keys.append(QueueKey(transaction.stop_seq, "stop", transaction.number))
        return keys

    def retry(self, key: QueueKey) -> bool:
        """Put a parked one back into the queue.  False: its stop has gone already, so a start would come too late."""
        if key.kind == "values":
            self._parked.remove(key.row)
            self.context.save(replace(self.context.facts.of(Sample)[key.row], state="waiting", error=""))
        else:
            transaction = self.context.facts.of(Transaction)[key.row]
            gone = transaction.stop in ("confirmed", "parked") or self.reports.has_left(transaction.stop_seq)
            if key.kind == "start" and gone:
                return False
            waits = {"start": "waiting", "error": ""} if key.kind == "start" else {"stop": "waiting", "stop_error": ""}
            self.context.save(replace(transaction, **waits))
            if key.row in self._closed:
                self._closed.remove(key.row)
        self.reports.announce(key)
        return True


def _later(one: Stamp, other: Stamp) -> bool:
    """Whether `one` is after what `other` covers."""
    if one.utc is not None and other.utc is not None:
        return one.utc > other.utc
    return one.mono > other.mono


def _is_closed(transaction: Transaction) -> bool:
    return {transaction.start, transaction.stop} <= {"confirmed", "parked"}
