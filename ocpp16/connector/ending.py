"""How a transaction ends: the offer falls at once, the bill is closed when the contactor is open (§4.10).

Also how it ends, or goes on, after we were away.
"""

from __future__ import annotations

from msgspec.structs import replace

from ocpp16.configuration.key_names import Key
from ocpp16.connector.state import ConnectorState
from ocpp16.messages.types import Reason
from ocpp16.profiles.core.transaction_records import HORIZON_S
from ocpp16.records import Transaction
from ocpp16.state.timers import Timer

OPENING_S = 10.0
"""Steady pilot, 6 s, contactor: after that the bill is closed with what the meter says."""
LAST_READING_S = 2.0
"""The reading that follows the opening comes within this."""


class Ending(ConnectorState):
    """The last chapter of a connector's story."""

    def stop(self, reason: Reason, id_tag: str | None = None) -> None:
        """The offer falls at once; the bill is closed when the car has stopped and the contactor is open."""
        transaction = self.transaction
        if transaction is None or transaction.stopping:
            return
        if self.ready and not self.closed:
            self._finish(replace(transaction, stopping=str(reason), stop_id_tag=id_tag))
            return
        self.parts.transactions.stopping(transaction, str(reason), id_tag)
        self.parts.smart.changed()
        self.context.timers.clear(Timer.SAMPLE, self.number)
        if self.ready:  # else only the board knows whether energy flows, and how much did: the bill waits for it
            self.context.timers.set(Timer.OPENING, self.context.now.mono + OPENING_S, self.number)

    def opening_timed_out(self) -> None:
        """No opening, or no reading after it: the bill is closed with the newest reading."""
        transaction = self.transaction
        if transaction is not None and transaction.stopping:
            self._finish(transaction)

    def _finish(self, transaction: Transaction) -> None:
        wh = self.parts.metering.register_wh(self.number)
        at = self.parts.transactions.chronology.in_order(transaction.number, self.context.stamp())
        self.parts.sampled_values.transaction_ends(transaction, at)
        self.parts.transactions.end(
            transaction, transaction.stopping, transaction.stop_id_tag, transaction.last_wh if wh is None else wh, at
        )
        self._ended(transaction)

    def ended_in_the_dark(self, reason: Reason, gone: bool) -> None:
        """The unit was off: the register is the meter's own of now, the time the last at which we surely lived.

        `gone`: the cable was pulled meanwhile.
        """
        transaction = self.transaction
        if transaction is None:
            return
        if transaction.stopping:
            reason = Reason(transaction.stopping)
        wh = self.parts.metering.register_wh(self.number)
        at = transaction.last
        now = self.context.clock.stamp(self.context.now.mono)
        ahead = 0.0 if at.utc is None or now.utc is None else at.utc - now.utc
        if 0.0 < ahead <= HORIZON_S:  # `last` was written ahead of its time; more than that: a wild clock, order counts
            at = now
        at = self.parts.transactions.chronology.in_order(transaction.number, at)
        self.parts.sampled_values.transaction_ends(transaction, at)
        self.parts.transactions.end(
            transaction, str(reason), transaction.stop_id_tag, transaction.last_wh if wh is None else wh, at
        )
        self._ended(transaction)

    def goes_on(self) -> None:
        """Only we were away (or the board process, and the cable stayed): same transaction."""
        transaction = self.transaction
        if transaction is None:
            return
        if transaction.stopping:
            due = OPENING_S if self.closed else LAST_READING_S
            self.context.timers.set(Timer.OPENING, self.context.now.mono + due, self.number)
            return
        self.parts.sampled_values.arm(transaction)
        began = transaction.began
        exchanged = began.boot == self.context.clock.boot_id and self.unplugged_at > began.mono
        if (not self.plugged or exchanged) and self.parts.configuration.flag(
            Key.StopTransactionOnEVSideDisconnect, self.parts.product.stop_on_ev_disconnect
        ):
            self.stop(Reason.EV_DISCONNECTED)

    def _ended(self, transaction: Transaction) -> None:
        self.parts.smart.transaction_ended(transaction.number)
        self.context.timers.clear(Timer.OPENING, self.number)
        self.context.timers.clear(Timer.ENERGISE, self.number)
        self._set_finishing(self.plugged or self.held_for is not None)
        self.on_ended(self.number)

    def _set_finishing(self, finishing: bool) -> None:
        row = self._occupancy
        if row.finishing != finishing:
            self.context.save(replace(row, finishing=finishing), within_s=0.0 if finishing else 1.0)

    def forget_occupancy(self) -> None:
        """Out of service now: afterwards it is Preparing, for Unavailable never leads to Finishing (§4.9)."""
        self._set_finishing(False)
