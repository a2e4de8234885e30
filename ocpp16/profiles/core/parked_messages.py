"""Parked transaction messages (§3.7.1): never dropped, and tried again slowly, by themselves, after all fresh ones.

A round begins with each accepted connection, and an hour after the last one: each parked message is sent once, oldest
first, one at a time.  One failure says little about the next message, many say much about the Central System: after a
failure the round pauses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ocpp16.profiles.core.transaction_records import TransactionRecords
from ocpp16.records import Sample, Stamp, Transaction
from ocpp16.rpc.transaction_queue import QueueKey, TransactionQueue
from ocpp16.state.context import Context
from ocpp16.state.timers import Timer

FIRST_S = 30.0
"""Seconds from an accepted connection to its round."""
PAUSE_S = 60.0
"""Seconds from a failure to the next message of a round."""
ROUND_S = 3600.0
"""Seconds from the end of a round to the next one."""


class Parked(NamedTuple):
    """What is parked: how many messages, since when, and the last error of the oldest."""

    messages: int
    since: Stamp | None
    error: str


class ParkedMessages:
    """Chooses the next parked message for the queue; says what is parked."""

    def __init__(
        self,
        context: Context,
        queue: TransactionQueue,
        transactions: TransactionRecords,
        *,
        is_connected: Callable[[], bool],
    ) -> None:
        self.context = context
        self.queue = queue
        self.transactions = transactions
        self.is_connected = is_connected
        """The Central System has accepted this connection."""
        self._left: list[QueueKey] = []
        """Of the present round, the next one last."""

    # --- the rounds -------------------------------------------------------------------------------------------------

    def connected(self) -> None:
        """The Central System has accepted a connection: it may have been repaired."""
        self._left.clear()
        if self.transactions.parked_keys():
            self.context.timers.set(Timer.PARKED, self.context.now.mono + FIRST_S)

    def due(self) -> None:
        """Offer the next message to the queue; it is sent when nothing else waits."""
        if not self.is_connected():  # the next connection begins a round
            return
        if self.queue.probing is not None:  # it has not had its turn yet
            self.context.timers.set(Timer.PARKED, self.context.now.mono + PAUSE_S)
            return
        if not self._left:
            self._left = sorted(filter(self.transactions.may_retry, self.transactions.parked_keys()), reverse=True)
        parked = set(self.transactions.parked_keys())
        while self._left and (self._left[-1] not in parked or not self.transactions.may_retry(self._left[-1])):
            self._left.pop()
        if self._left:
            self.queue.probe(self._left.pop())
        self.context.timers.set(Timer.PARKED, self.context.now.mono + (PAUSE_S if self._left else ROUND_S))

    def confirmed(self) -> None:
        """A transaction message was confirmed: where a round goes on, the next one follows at once."""
        if self._left and self.queue.probing is None:
            self.context.timers.set(Timer.PARKED, self.context.now.mono)

    def parked(self) -> None:
        """A message was parked: a round comes in an hour, where none is planned."""
        if self.context.timers.due(Timer.PARKED) is None:
            self.context.timers.set(Timer.PARKED, self.context.now.mono + ROUND_S)

    # --- what is parked ---------------------------------------------------------------------------------------------

    def summary(self, connector: int | None = None) -> Parked:
        """Of a connector, or of all; `since` is the time of the oldest fact that was not delivered."""
        count, oldest = 0, None
        for key in sorted(self.transactions.parked_keys()):
            fact = self._fact(key, connector)
            if fact is not None:
                count += 1
                oldest = oldest or fact
        return Parked(count, *(oldest or (None, "")))

    def _fact(self, key: QueueKey, connector: int | None) -> tuple[Stamp, str] | None:
        if key.kind == "values":
            sample = self.context.facts.of(Sample)[key.row]
            return (sample.at, sample.error) if connector in (None, sample.connector) else None
        transaction = self.context.facts.of(Transaction)[key.row]
        if connector not in (None, transaction.connector):
            return None
        if key.kind == "start":
            return transaction.began, transaction.error
        return transaction.ended or transaction.last, transaction.stop_error
