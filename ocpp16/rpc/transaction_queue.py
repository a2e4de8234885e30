"""The queue of transaction messages (§3.7), read off the records: oldest first, one at a time, never stored twice.

A message is built at the moment of sending, so that the Central System's transactionId is in it; its row is told
confirmed, or parked after TransactionMessageAttempts refusals.  What that means is `transactions.py`'s affair.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from typing import Any, Literal, NamedTuple

from ocpp16.messages.types import Message
from ocpp16.state.context import Context
from ocpp16.state.timers import Timer

MessageKind = Literal["start", "values", "stop"]


class QueueKey(NamedTuple):
    """Place in the order of all reports, what it is, and its row's key (a transaction's number or a sample's seq)."""

    seq: int
    kind: MessageKind
    row: int


class Report(NamedTuple):
    """A transaction message as it is about to be sent."""

    key: QueueKey
    action: str
    request: Message


class TransactionQueue:
    """One queue for the station, in the order of the facts."""

    def __init__(
        self,
        context: Context,
        *,
        build: Callable[[QueueKey], Report | None],
        on_confirmed: Callable[[QueueKey, Any], None],
        on_parked: Callable[[QueueKey, str], None],
        attempts_allowed: Callable[[], int],
        retry_interval_s: Callable[[], float],
    ) -> None:
        self.context = context
        self.build = build
        """Read a message off its row; None where nothing is left to be sent."""
        self.on_confirmed = on_confirmed
        self.on_parked = on_parked
        self.attempts_allowed = attempts_allowed
        self.retry_interval_s = retry_interval_s
        self._heap: list[QueueKey] = []
        """The known ones, oldest first; behind the first one also some that are known no more."""
        self._known: set[QueueKey] = set()
        self._attempts = 0
        self._not_before = 0.0
        self._sent_seq = 0

    # --- the queue --------------------------------------------------------------------------------------------------

    def announce(self, key: QueueKey) -> None:
        """A fact that must be told came up (or, at start, was found in the store)."""
        if key not in self._known:
            head = self._heap[0] if self._heap else None
            self._known.add(key)
            heapq.heappush(self._heap, key)
            if head is not None and key < head:
                self._attempts, self._not_before = 0, 0.0  # an older one, to be tried again: its turn is fresh

    @property
    def waiting(self) -> int:
        return len(self._known)

    def in_order(self) -> list[QueueKey]:
        """In the order of sending."""
        return sorted(self._known)

    def unsent_up_to(self, seq: int) -> bool:
        """Whether a report of that place or before has never been sent and is not held up by a retry."""
        return bool(self._heap) and self._heap[0].seq <= seq and self._sent_seq < seq and self._held_up() is None

    def has_left(self, seq: int | None) -> bool:
        """Whether the report of that place was sent in this life, answered or not."""
        return seq is not None and seq <= self._sent_seq

    def _held_up(self) -> float | None:
        return self._not_before if self._not_before > self.context.now.mono else None

    def next(self) -> Report | None:
        """The oldest one, if it need not wait."""
        if self._held_up() is not None:  # §3.7.1: nothing behind it moves while it waits
            return None
        while self._heap:
            report = self.build(self._heap[0])
            if report is not None:
                self._sent_seq = max(self._sent_seq, report.key.seq)
                return report
            self._forget(self._heap[0])
        return None

    def _forget(self, key: QueueKey) -> None:
        self._known.discard(key)
        if self._heap and self._heap[0] == key:
            self._attempts, self._not_before = 0, 0.0
        while self._heap and self._heap[0] not in self._known:
            heapq.heappop(self._heap)

    def withdraw(self, key: QueueKey) -> bool:
        """Take one out of the queue (it is parked by hand).  False: it is not there."""
        if key not in self._known:
            return False
        self._forget(key)
        return True

    def thin_out(self, keys: Iterable[QueueKey]) -> None:
        """Take many out, none of them the head: the queue is built anew once, for it is long."""
        gone = set(keys)
        assert not self._heap or self._heap[0] not in gone
        self._known -= gone
        self._heap = [key for key in self._heap if key not in gone]
        heapq.heapify(self._heap)

    # --- what came of it --------------------------------------------------------------------------------------------

    def confirmed(self, report: Report, confirmation: Any) -> None:
        """Also a late answer, to one that was parked meanwhile for want of it."""
        if report.key in self._known:
            self._forget(report.key)
        self.on_confirmed(report.key, confirmation)

    def failed(self, report: Report, code: str, description: str) -> None:
        """A CALLERROR or no answer (§3.7.1): TransactionMessageAttempts sendings, RetryInterval x sendings between."""
        if report.key not in self._known or self._heap[0] != report.key:
            return
        self._attempts += 1
        error = f"{code or 'no answer'}: {description}" if code else "no answer"
        if self._attempts >= max(1, self.attempts_allowed()):
            self._forget(report.key)
            self.on_parked(report.key, error[:200])
            return
        wait = self.retry_interval_s() * self._attempts
        self.context.note("report-retry", action=report.action, attempt=self._attempts, wait_s=wait, error=error[:200])
        self._not_before = self.context.now.mono + wait
        self.context.timers.set(Timer.REPORT, self._not_before)

    def withheld(self, report: Report, error: str) -> None:
        """What is not valid is never sent: parked at once."""
        self._forget(report.key)
        self.on_parked(report.key, error[:200])

    def interrupted(self, report: Report, counts: bool) -> None:
        """The connection was lost before the answer: no attempt is counted, unless this message may be the cause."""
        if counts:
            self.failed(report, "", "connection lost")

    def retry_at(self) -> float | None:
        return self._held_up()
