"""Going down: transactions end with their reason, the last messages are sent, then a `Restart` job (§5.14).

Begun by Reset, a firmware update, the supervisor, or a unit whose mains fail.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from ocpp16.configuration.configuration import Configuration
from ocpp16.configuration.key_names import Key
from ocpp16.connector.connector import Connector
from ocpp16.events import MainsLost, ShutdownAsked
from ocpp16.messages.types import Reason
from ocpp16.product import Product
from ocpp16.profiles.core.registration import Registration
from ocpp16.rpc.session import Session
from ocpp16.rpc.transaction_queue import TransactionQueue
from ocpp16.state.context import Context
from ocpp16.state.timers import Timer
from ocpp16.step import Restart

RESET_S = 30.0
"""Seconds that a reset waits for the last answers."""
SUPERVISOR_S = 3.5
"""The same when the supervisor ends the process (it kills after 5 s)."""
SUPERVISOR_SHORT_S = 1.0
"""The same where the board keeps the charge."""

ShutdownKind = Literal["SoftReset", "HardReset", "Exit"]
CAUSES: dict[ShutdownKind, str] = {
    "SoftReset": "soft reset",
    "HardReset": "reset of the whole unit",
    "Exit": "asked to stop",
}


class Pending(NamedTuple):
    """A shutdown that has begun."""

    how: ShutdownKind
    deadline: float
    """Monotonic seconds."""
    ends_charge: bool


class Shutdown:
    """At most one shutdown; nothing new begins while it is pending."""

    def __init__(
        self,
        context: Context,
        session: Session,
        transaction_queue: TransactionQueue,
        configuration: Configuration,
        registration: Registration,
        connectors: dict[int, Connector],
        product: Product,
    ) -> None:
        self.context = context
        self.session = session
        self.transaction_queue = transaction_queue
        self.configuration = configuration
        self.registration = registration
        self.connectors = connectors
        self.product = product
        self.pending: Pending | None = None
        self.finished = False
        """The `Restart` job was sent: every further step is empty."""

    def begin(self, how: ShutdownKind, within_s: float, ends_charge: bool = True) -> None:
        """Stop what runs (`ends_charge`) and finish within so many seconds; a sooner shutdown that pends goes on.

        A later call may shorten the wait, but does not change why the station goes down.
        """
        deadline = self.context.carried_out_at + within_s
        if self.pending is not None and self.pending.deadline <= deadline:
            return
        how = how if self.pending is None else self.pending.how
        reason = Reason.REBOOT if how == "Exit" else Reason(how)
        self.pending = Pending(how, deadline, ends_charge)
        self.context.save_unit(shutdown=str(reason))
        charge = "running transactions end" if ends_charge else "a running transaction goes on under its lease"
        self.context.note("leaving", why=CAUSES[how], charge=charge)
        self.context.timers.set(Timer.SHUTDOWN, deadline)
        for connector in self.connectors.values():
            connector.shut_down(reason if ends_charge else None)

    def finish_if_done(self) -> None:
        """Called after every step: send the `Restart` job when the last messages are answered, or at the deadline."""
        pending = self.pending
        if pending is None or self.finished:
            return
        running = pending.ends_charge and bool(self._running())
        if (running or self._has_messages()) and self.context.now.mono < pending.deadline:
            return
        self.finished = True
        self.context.flush_lazy()
        retries = self.configuration.number(Key.ResetRetries) if pending.how == "HardReset" else 0
        self.context.jobs.append(Restart(pending.how, retries))

    def _running(self) -> list[Connector]:
        return [connector for connector in self.connectors.values() if connector.state.transaction is not None]

    def _has_messages(self) -> bool:
        """Whether a message waits for its answer or its turn; a queue that waits for a retry is left to the store."""
        queue = self.transaction_queue
        waiting = self.session.busy or (queue.waiting > 0 and queue.retry_at() is None)
        return self.session.up and self.registration.accepted and waiting

    def shutdown_asked(self, event: ShutdownAsked) -> None:
        """The supervisor ends the process.  A board process of its own keeps the charge for the length of the lease."""
        self.begin("Exit", SUPERVISOR_S if event.ends_charge else SUPERVISOR_SHORT_S, event.ends_charge)

    def mains_lost(self, event: MainsLost) -> None:
        """AQ-7.1: some seconds are left to close the bills; without a backup supply the next boot does."""
        self.context.note("mains-lost")
        for connector in self.connectors.values() if self.product.stops_before_power_loss else ():
            connector.shut_down(Reason.POWER_LOSS)
