"""The queue of transaction messages (§3.7) and their retries (§3.7.1): oldest first, one at a time.

A parked message is offered as a probe now and then: it is sent once, when nothing else waits.

The queue holds keys of rows; a message is built from its row when it is sent, so that it carries the transactionId of
the Central System.  A message is confirmed, or parked after TransactionMessageAttempts failures; the records of both
are kept by `profiles/core/transaction_records.py`.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from typing import Any, Literal, NamedTuple

from ocpp16.messages.types import IdTagInfo, Message
from ocpp16.rpc.call_outcome import CONNECTION_LOST, Failure
from ocpp16.state.context import Context
from ocpp16.state.timers import Timer

MessageKind = Literal["start", "values", "stop"]


class QueueKey(NamedTuple):
    """Sequence number over all transaction messages, kind, and key of the row (transaction number or sample seq)."""

    seq: int
    kind: MessageKind
    row: int


class QueuedMessage(NamedTuple):
    """A transaction message, built to be sent."""

    key: QueueKey
    action: str
    request: Message


class Failing(NamedTuple):
    """A message that failed and will be sent again."""

    key: QueueKey
    attempts: int
    error: str
    again_at: float
    """Monotonic second."""


class TransactionQueue:
    """One queue for all connectors, in the order in which the facts happened."""

    def __init__(
        self,
        context: Context,
        *,
        build: Callable[[QueueKey], QueuedMessage | None],
        on_confirmed: Callable[[QueueKey, Any], None],
        on_parked: Callable[[QueueKey, str], None],
        on_judged: Callable[[QueueKey, IdTagInfo], None],
        attempts_allowed: Callable[[], int],
        retry_interval_s: Callable[[], float],
    ) -> None:
        self.context = context
        self.build = build
        """Build the message of a row; None: there is nothing to send any more."""
        self.on_confirmed = on_confirmed
        self.on_parked = on_parked
        self.on_judged = on_judged
        """An answer that cannot be used as one has a verdict about the card: that counts."""
        self.attempts_allowed = attempts_allowed
        self.retry_interval_s = retry_interval_s
        self._heap: list[QueueKey] = []
        """Oldest first.  The first is known; behind it there may be removed keys, which are skipped later."""
        self._known: set[QueueKey] = set()
        self._attempts = 0
        self._not_before = 0.0
        self._sent_seq = 0
        self._error = ""
        self.probing: QueueKey | None = None
        """A parked message that is sent once, when nothing else waits, and while its outcome is not known."""

    # --- the queue --------------------------------------------------------------------------------------------------

    def announce(self, key: QueueKey) -> None:
        """Add the message of a new fact (or, at start, of one found in the store); a known key changes nothing."""
        if key == self.probing:  # it is retried by hand: an ordinary one again
            self.probing = None
        if key not in self._known:
            head = self._heap[0] if self._heap else None
            self._known.add(key)
            heapq.heappush(self._heap, key)
            if head is not None and key < head:
                self._attempts, self._not_before = 0, 0.0  # an older one that is retried: its attempts count from 0

    @property
    def waiting(self) -> int:
        return len(self._known)

    def in_order(self) -> list[QueueKey]:
        """All waiting messages, in the order of sending."""
        return sorted(self._known)

    def unsent_up_to(self, seq: int) -> bool:
        """Whether the oldest message, at or before `seq`, has never been sent and does not wait for a retry."""
        return bool(self._heap) and self._heap[0].seq <= seq and self._sent_seq < seq and self._held_up() is None

    def has_left(self, seq: int | None) -> bool:
        """Whether the message with that number was sent since the start of the process, answered or not."""
        return seq is not None and seq <= self._sent_seq

    def _held_up(self) -> float | None:
        return self._not_before if self._not_before > self.context.now.mono else None

    def next(self) -> QueuedMessage | None:
        """The oldest message, unless it waits for its retry.  Messages whose row is gone are dropped."""
        if self._held_up() is not None:  # §3.7.1: nothing behind it moves while it waits
            return None
        while self._heap:
            report = self.build(self._heap[0])
            if report is not None:
                self._sent_seq = max(self._sent_seq, report.key.seq)
                return report
            self._forget(self._heap[0])
        if self.probing is None or (report := self.build(self.probing)) is None:
            self.probing = None
            return None
        self._sent_seq = max(self._sent_seq, report.key.seq)
        return report

    def probe(self, key: QueueKey) -> None:
        """Send a parked message once, when nothing else waits."""
        self.probing = key

    def _forget(self, key: QueueKey) -> None:
        self._known.discard(key)
        if self._heap and self._heap[0] == key:
            self._attempts, self._not_before = 0, 0.0
        while self._heap and self._heap[0] not in self._known:
            heapq.heappop(self._heap)

    def withdraw(self, key: QueueKey) -> bool:
        """Remove one (a technician parks it).  False: it is not in the queue."""
        if key not in self._known:
            return False
        self._forget(key)
        return True

    def thin_out(self, keys: Iterable[QueueKey]) -> None:
        """Remove many, never the oldest; the heap is rebuilt once."""
        gone = set(keys)
        assert not self._heap or self._heap[0] not in gone
        self._known -= gone
        self._heap = [key for key in self._heap if key not in gone]
        heapq.heapify(self._heap)

    # --- outcomes ---------------------------------------------------------------------------------------------------

    def confirmed(self, report: QueuedMessage, confirmation: Any) -> None:
        """Also for a late answer to a message that was parked meanwhile."""
        if report.key in self._known:
            self._forget(report.key)
        if report.key == self.probing:
            self.probing = None
        self.on_confirmed(report.key, confirmation)

    def failed(self, report: QueuedMessage, failure: Failure) -> None:
        """§3.7.1: retried after TransactionMessageRetryInterval x sendings, parked after TransactionMessageAttempts."""
        if failure.id_tag_info is not None:
            self.on_judged(report.key, failure.id_tag_info)
        if report.key == self.probing:
            self.probing = None
            self.on_parked(report.key, failure.text()[:200])
            return
        if report.key not in self._known or self._heap[0] != report.key:
            return
        self._attempts += 1
        self._error = error = failure.text()
        if self._attempts >= max(1, self.attempts_allowed()):
            self._forget(report.key)
            self.on_parked(report.key, error[:200])
            return
        wait = self.retry_interval_s() * self._attempts
        self.context.note("report-retry", action=report.action, attempt=self._attempts, wait_s=wait, error=error[:200])
        self._not_before = self.context.now.mono + wait
        self.context.timers.set(Timer.REPORT, self._not_before)

    def withheld(self, report: QueuedMessage, error: str) -> None:
        """Park a message that is not valid OCPP: it is never sent."""
        self._forget(report.key)
        self.probing = None if report.key == self.probing else self.probing
        self.on_parked(report.key, error[:200])

    def interrupted(self, report: QueuedMessage, counts: bool) -> None:
        """The connection was lost before the answer: counted as a failure only where the message may be the cause."""
        if report.key == self.probing:
            self.probing = None  # it stays parked, and is tried again on the next connection
        elif counts:
            self.failed(report, CONNECTION_LOST)

    def failing(self) -> Failing | None:
        """How the oldest message failed, while it waits for its retry; None: it does not."""
        at = self._held_up()
        return None if at is None or not self._heap else Failing(self._heap[0], self._attempts, self._error, at)

    def retry_at(self) -> float | None:
        """Monotonic time of the next retry; None: the oldest message does not wait."""
        return self._held_up()
