"""The records of transactions and meter values, and what each answer to their messages changes in them.

StartTransaction, MeterValues, StopTransaction: §3.7, §4.7, §4.8, §4.10.  When a transaction begins and ends is decided
in `connector/`; which values are due, in `sampled_values.py` and `clock_aligned_values.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from ocpp16.configuration.key_names import Key
from ocpp16.messages.core import StartTransactionConf, StopTransactionConf
from ocpp16.messages.types import IdTagInfo
from ocpp16.profiles.core.authorization import Authorization
from ocpp16.profiles.core.transaction_messages import TransactionMessages
from ocpp16.profiles.core.transaction_time import HORIZON_S, TransactionTime
from ocpp16.records import MeterSwap, Sample, Stamp, Transaction
from ocpp16.rpc.transaction_queue import QueueKey, TransactionQueue
from ocpp16.state.context import LAZY_S, Context
from ocpp16.state.id_tags import Verdict

CLOSED_CAP = 1000
"""Closed transactions (start and stop delivered) kept in the store; beyond it the oldest is deleted."""
UNDELIVERED_CAP = 50_000
"""Transactions kept until they are delivered, for years; from so many on no other one begins (fault `queue-full`)."""
VALUES_CAP = 50_000
"""Meter values in the queue (30 days offline at 60 s); beyond it every second one is dropped, never a start or stop."""
PARKED_CAP = 1_000
"""Parked meter values kept in the store; beyond it the oldest is deleted, with a note: they bill nothing."""
CREEP_WH = 10
"""Between two bills a register may rise so much without a note: one step of a coarse meter, in which the rest of the
last transaction comes to light, and what a meter counts of its own standby."""
STOP_WISH_S = 3.0
"""Seconds for which the wish to end may wait for the end itself, which follows when the contactor is open."""
ANSWERED = ("Remote", "UnlockCommand", "SoftReset", "HardReset", "Reboot")
"""Reasons of ends that somebody was promised: their wish is on disk before the answer."""


class TransactionRecords:
    """The one writer of `Transaction` records; it also writes the `Sample` records of MeterValues."""

    def __init__(
        self,
        context: Context,
        reports: TransactionQueue,
        authorization: Authorization,
        messages: TransactionMessages,
        *,
        is_connected: Callable[[], bool],
        on_verdict: Callable[[Transaction, Verdict], None],
        on_full: Callable[[bool], None],
    ) -> None:
        self.context = context
        self.reports = reports
        self.authorization = authorization
        self.is_connected = is_connected
        self.on_verdict = on_verdict
        self.on_full = on_full
        """As many transactions as may be kept wait to be delivered (True), or no longer so (False)."""
        self.messages = messages
        known = context.facts.of(Transaction)
        self.chronology = TransactionTime(context)
        self._next_number = 1 + max((transaction.number for transaction in known.values()), default=0)
        self._closed = [t.number for t in sorted(known.values(), key=lambda t: t.number) if _is_closed(t)]
        self._parked = sorted(s.seq for s in context.facts.of(Sample).values() if s.state == "parked")
        bills = [t for t in known.values() if t.ended is not None]
        self._last_bill = {t.connector: t for t in sorted(bills, key=lambda t: t.number)}
        self._parked_charges = {t.number for t in known.values() if "parked" in (t.start, t.stop)}
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

    # --- a transaction, from its start to its end -------------------------------------------------------------------

    def begin(
        self, connector: int, id_tag: str, parent: str | None, wh: float, reservation_id: int | None
    ) -> Transaction:
        """§4.8: record the start and queue StartTransaction; no energy is delivered before this is on disk."""
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
        self._look_for_unbilled(connector, int(wh))
        self.context.save(transaction)
        self.check_room()
        self.reports.announce(QueueKey(transaction.start_seq, "start", transaction.number))
        self.context.note(
            "transaction-began", number=transaction.number, connector=connector, id_tag=id_tag, wh=int(wh)
        )
        return transaction

    def _look_for_unbilled(self, connector: int, wh: int) -> None:
        """Energy between the end of the last bill and this start was billed to nobody: it is noted."""
        last, swap = self._last_bill.get(connector), self.context.facts.of(MeterSwap).get(connector)
        if last is None or last.meter_stop_wh is None or (swap is not None and last.number <= swap.after_number):
            return
        unbilled = wh - last.meter_stop_wh
        if unbilled > (CREEP_WH if last.stop_exact else 0):
            why = "" if last.stop_exact else "; the meter could not be read at its end"
            self.context.note("energy-unbilled", connector=connector, wh=unbilled, after=last.number, why=why)

    def last_bill(self, connector: int) -> Transaction | None:
        """The newest transaction of a connector that has ended."""
        return self._last_bill.get(connector)

    def horizon_s(self, interval_s: float) -> float:
        """Seconds for which values that come every `interval_s` may wait for a write; 0: they are written at once.

        The Central System has what was sent to it.  What it cannot be sent, or has not confirmed, is nowhere else.
        """
        is_delivered = self.is_connected() and self.reports.waiting == 0
        return max(0.0, HORIZON_S - interval_s) if is_delivered else 0.0

    def add_sample(
        self, connector: int, transaction: Transaction | None, at: Stamp, context: str, values: Any, interval_s: float
    ) -> None:
        """Record and queue values for MeterValues, which come every `interval_s`; written as `horizon_s` says."""
        sample = Sample(
            seq=self.context.next_seq(),
            connector=connector,
            number=transaction.number if transaction else None,
            at=at,
            context=context,
            values=values,
        )
        self.context.save(sample, within_s=self.horizon_s(interval_s), fleeting=self.reports.waiting == 0)
        self.reports.announce(QueueKey(sample.seq, "values", sample.seq))
        if self.reports.waiting > VALUES_CAP:
            self._thin_values()

    def save_progress(self, number: int, wh: float, at: Stamp, interval_s: float) -> None:
        """Record register and time with which a power cut would end the transaction: a moment at which we live.

        While values are delivered it lies up to 60 s behind them.
        """
        transaction = self.context.facts.of(Transaction)[number]
        if not _later(at, transaction.last) and int(wh) - transaction.last_wh < 1:
            return
        told = max(at.utc or 0.0, transaction.told_utc or 0.0) or None
        last = at if _later(at, transaction.last) else transaction.last
        progress = replace(transaction, last_wh=max(int(wh), transaction.last_wh), last=last, told_utc=told)
        self.context.save(progress, within_s=self.horizon_s(interval_s))

    def disconnected(self) -> None:
        """The connection is lost: what was sent and is not confirmed is written now."""
        if self.reports.waiting:
            self.context.flush_lazy()

    def stopping(self, transaction: Transaction, reason: str, id_tag: str | None) -> Transaction:
        """Record that the end was requested, and why; `end` follows when the contactor is open, mostly in a second.

        Lost with the process within these seconds, the transaction ends `Other` or `PowerLoss`, with its register.
        """
        changed = replace(transaction, stopping=reason, stop_id_tag=id_tag)
        self.context.save(changed, within_s=0.0 if reason in ANSWERED else STOP_WISH_S)
        return changed

    def end(
        self, transaction: Transaction, reason: str, id_tag: str | None, wh: float, at: Stamp, exact: bool = True
    ) -> Transaction:
        """§4.10: record the end with the meter's register `wh` (never below an earlier one), queue StopTransaction.

        Not `exact`: the meter could not be read, `wh` is the last register known.
        """
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
            stop_exact=exact,
        )
        self.context.save(ended)
        self._last_bill[ended.connector] = ended
        assert ended.stop_seq is not None
        self.reports.announce(QueueKey(ended.stop_seq, "stop", ended.number))
        self.context.note(
            "transaction-ended",
            number=ended.number,
            connector=ended.connector,
            reason=reason,
            wh=(ended.meter_stop_wh or 0) - ended.meter_start_wh,
        )
        if not exact:
            self.context.note(
                "stop-inexact", number=ended.number, connector=ended.connector, register_wh=ended.meter_stop_wh
            )
        return ended

    # --- answers and failures of its messages -----------------------------------------------------------------------

    def confirmed(self, key: QueueKey, confirmation: Any) -> None:
        """The message was confirmed: its row is updated, that of meter values deleted (at most 1 s late)."""
        if key.kind == "values":
            if key.row in self._parked:
                self._parked.remove(key.row)
            self.context.delete(Sample, key.row, within_s=LAZY_S)
            return
        transaction = self.context.facts.of(Transaction).get(key.row)
        if transaction is None or getattr(transaction, key.kind) == "confirmed":
            return  # a second answer, or one for a transaction that was deleted
        if key.kind == "start":
            self._start_confirmed(transaction, confirmation)
        else:
            self._stop_confirmed(transaction, confirmation)

    def _start_confirmed(self, transaction: Transaction, confirmation: StartTransactionConf) -> None:
        """E 3.54: 0 and negative ones are ids like any other.  Without idTagInfo the verdict known before holds."""
        info = confirmation.id_tag_info
        changed = replace(transaction, start="confirmed", transaction_id=confirmation.transaction_id, error="")
        if info is not None:
            changed = self._judge(changed, info)
        else:
            self.context.save(changed)
        self._close(changed)

    def _judge(self, transaction: Transaction, info: IdTagInfo) -> Transaction:
        verdict = self.authorization.learn(transaction.id_tag, info)
        group = verdict.parent_id_tag or transaction.parent_id_tag
        changed = replace(transaction, verdict=verdict.status, parent_id_tag=group)
        self.context.save(changed)
        if changed.ended is None:
            self.on_verdict(changed, verdict)
        return changed

    def judged(self, key: QueueKey, info: IdTagInfo) -> None:
        """§4.8: StartTransaction.conf has no transactionId, and so is sent again, but what it says of the card counts.

        A second answer of that kind says nothing new.
        """
        transaction = self.context.facts.of(Transaction).get(key.row)
        if key.kind == "start" and transaction is not None and transaction.verdict != info.status:
            self._judge(transaction, info)

    def _stop_confirmed(self, transaction: Transaction, confirmation: StopTransactionConf) -> None:
        if confirmation.id_tag_info is not None:
            self.authorization.learn(transaction.stop_id_tag or transaction.id_tag, confirmation.id_tag_info)
        changed = replace(transaction, stop="confirmed", stop_error="")
        self.context.save(changed)
        for seq, sample in list(self.context.facts.samples_of.get(transaction.number, {}).items()):
            if sample.for_stop:
                self.context.delete(Sample, seq)
        self._close(changed)

    def check_room(self) -> None:
        """Whether as many transactions wait to be delivered as may be kept."""
        undelivered = len(self.context.facts.of(Transaction)) - len(self._closed)
        self.on_full(undelivered >= UNDELIVERED_CAP)

    def _close(self, transaction: Transaction) -> None:
        self._track(transaction)
        if _is_closed(transaction) and transaction.number not in self._closed[-16:]:
            self._closed.append(transaction.number)
            while len(self._closed) > CLOSED_CAP:
                self.context.delete(Transaction, self._closed.pop(0))
            self.check_room()

    def _track(self, transaction: Transaction) -> None:
        if "parked" in (transaction.start, transaction.stop):
            self._parked_charges.add(transaction.number)
        else:
            self._parked_charges.discard(transaction.number)

    def parked(self, key: QueueKey, error: str) -> None:
        """§3.7.1: the last attempt failed.  The message is kept with its error, can be retried, and blocks nothing."""
        if key.kind == "values":
            self._park_values(key, error)
            return
        transaction = self.context.facts.of(Transaction)[key.row]
        parked = {"start": "parked", "error": error} if key.kind == "start" else {"stop": "parked", "stop_error": error}
        changed = replace(transaction, **parked)
        self.context.save(changed)
        if changed != transaction:  # else it was parked before, with the same answer
            self.context.note("report-parked", kind=key.kind, number=transaction.number, error=error)
        self._close(changed)

    def _park_values(self, key: QueueKey, error: str) -> None:
        sample = self.context.facts.of(Sample)[key.row]
        changed = replace(sample, state="parked", error=error)
        if changed != sample:
            self.context.save(changed, within_s=LAZY_S)
            self.context.note("report-parked", kind="values", number=sample.number, error=error)
        if key.row not in self._parked:
            self._parked.append(key.row)
        dropped = len(self._parked) - PARKED_CAP
        if dropped > 0:
            for seq in self._parked[:dropped]:
                self.context.delete(Sample, seq, within_s=LAZY_S)
            del self._parked[:dropped]
            self.context.note("parked-values-dropped", dropped=dropped, kept=PARKED_CAP)

    def _thin_values(self) -> None:
        """The queue is full: drop every second waiting value, keep the oldest and the newest."""
        waiting = [key for key in self.reports.in_order() if key.kind == "values"]
        dropped = waiting[1:-1:2]
        self.reports.thin_out(dropped)
        for key in dropped:
            self.context.delete(Sample, key.row, within_s=LAZY_S)
        self.context.note("queue-thinned", dropped=len(dropped), kept=self.reports.waiting)

    def parked_keys(self) -> list[QueueKey]:
        """All parked messages."""
        keys = [QueueKey(seq, "values", seq) for seq in self._parked]
        for number in self._parked_charges:
            transaction = self.context.facts.of(Transaction)[number]
            if transaction.start == "parked":
                keys.append(QueueKey(transaction.start_seq, "start", transaction.number))
            if transaction.stop == "parked" and transaction.stop_seq is not None:
                keys.append(QueueKey(transaction.stop_seq, "stop", transaction.number))
        return keys

    def may_retry(self, key: QueueKey) -> bool:
        """Whether a parked message may be sent again: not a start whose stop was confirmed, or is on its way."""
        if key.kind != "start":
            return True
        transaction = self.context.facts.of(Transaction)[key.row]
        under_way = transaction.stop == "waiting" and self.reports.has_left(transaction.stop_seq)
        return transaction.stop != "confirmed" and not under_way

    def retry(self, key: QueueKey) -> bool:
        """Put a parked message back into the queue.  False: a start whose stop was sent already would come too late."""
        if not self.may_retry(key):
            return False
        if key.kind == "values":
            self._parked.remove(key.row)
            self.context.save(replace(self.context.facts.of(Sample)[key.row], state="waiting", error=""))
        else:
            transaction = self.context.facts.of(Transaction)[key.row]
            waits = {"start": "waiting", "error": ""} if key.kind == "start" else {"stop": "waiting", "stop_error": ""}
            changed = replace(transaction, **waits)
            self.context.save(changed)
            self._track(changed)
        self.reports.announce(key)
        return True


def _later(one: Stamp, other: Stamp) -> bool:
    """Whether `one` is after `other`, in UTC where both have it."""
    if one.utc is not None and other.utc is not None:
        return one.utc > other.utc
    return one.mono > other.mono


def _is_closed(transaction: Transaction) -> bool:
    """Delivered, both: a parked message is undelivered, and is never dropped."""
    return transaction.start == "confirmed" and transaction.stop == "confirmed"
