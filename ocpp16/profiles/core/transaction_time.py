"""Timestamps within a transaction: none lies before one that was sent earlier, whatever the clock did (§3.7, §4.7).

The clock may be set by the Central System, be unknown after a restart, or both; the order of events stays.  A step of a
minute or more does not reach a running transaction: it goes on in its own time, so that its durations are true.
"""

from __future__ import annotations

from msgspec.structs import replace

from ocpp16.records import Sample, Stamp, Transaction
from ocpp16.state.context import Context
from ocpp16.state.utc_clock import STEP_S

HORIZON_S = 60.0
"""Seconds for which values and progress may wait for a write while values are delivered as they come."""


class TransactionTime:
    """The latest timestamp of each transaction."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._used: dict[int, float] = {}
        rows = context.facts.of(Transaction).values()
        self._inherited = {
            row.number: (_known(row.told_utc), _known(row.told_utc) + HORIZON_S) for row in rows if row.ended is None
        }
        """Of an earlier process: it sent values until the first time, and at most until the second (UTC seconds), which
        is a bound and no time at which anything happened."""
        self._own_offset: dict[int, float] = {}
        """Of each running transaction: UTC less monotonic seconds."""

    def used(self, number: int) -> float:
        """UTC seconds before which no timestamp of this transaction may lie; 0: no time is known yet."""
        if number not in self._used:
            row = self.context.facts.of(Transaction)[number]
            samples = self.context.facts.samples_of.get(number, {}).values()
            sent = (_known(sample.at.utc) for sample in samples)
            self._used[number] = max(_known(row.began.utc), _known(row.told_utc), *sent)
        return self._used[number]

    def own_time(self, number: int, at: Stamp) -> Stamp:
        """The stamp in the transaction's own time: the clock's, without its steps of a minute or more."""
        clock = self.context.clock
        if at.utc is None or clock.offset is None or at.boot != clock.boot_id:
            return at
        if number not in self._own_offset:
            row = self.context.facts.of(Transaction)[number]
            stamps = (row.last, row.began)
            known = (s.utc - s.mono for s in stamps if s.utc is not None and s.boot == clock.boot_id)
            self._own_offset[number] = next(known, clock.offset)
        step = clock.offset - self._own_offset[number]
        if abs(step) < STEP_S:
            self._own_offset[number] = clock.offset
            return at
        return replace(at, utc=round(at.mono + self._own_offset[number], 3))

    def in_order(self, number: int, at: Stamp) -> Stamp:
        """The stamp in the transaction's own time, moved up to the latest one used where it lies before.

        An unknown time stays unknown.
        """
        at = self.own_time(number, at)
        if at.utc is None:
            return at
        used = self.used(number)
        sent, at_most = self._inherited.pop(number, (0.0, 0.0))
        if at.utc < sent:  # set back; how far the earlier process came after its last write is not known
            used = max(used, at_most)
        self._used[number] = max(used, at.utc)
        return at if at.utc >= used else replace(at, utc=used)

    def forget(self, number: int) -> None:
        """The transaction has ended."""
        self._used.pop(number, None)
        self._own_offset.pop(number, None)
        self._inherited.pop(number, None)

    def settle(self) -> None:
        """UTC is known now: earlier facts get theirs, from the monotonic clock or the floor, in their order."""
        for sample in sorted(self.context.facts.of(Sample).values(), key=lambda sample: sample.seq):
            if sample.at.utc is None:
                self.context.save(replace(sample, at=self._settled(sample.number, sample.at)))
        clock = self.context.clock
        for transaction in list(self.context.facts.of(Transaction).values()):
            ended = transaction.ended
            if ended is not None and ended.utc is None:
                ended = self._settled(transaction.number, ended)
                self.forget(transaction.number)
            began, last = clock.settle(transaction.began), clock.settle(transaction.last)
            self.context.save(replace(transaction, began=began, last=last, ended=ended))

    def _settled(self, number: int | None, at: Stamp) -> Stamp:
        at = self.context.clock.settle(at)
        return at if number is None or number not in self.context.facts.of(Transaction) else self.in_order(number, at)


def _known(utc: float | None) -> float:
    return utc or 0.0
