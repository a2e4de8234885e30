"""Orders about connectors: RemoteStart, RemoteStop, UnlockConnector, Reset, DataTransfer (§5.3..§5.18), and going down.

The answer is always given before anything is done.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal, NamedTuple

from ocpp16.configuration.configuration import Configuration
from ocpp16.configuration.key_names import Key
from ocpp16.connector.connector import Connector
from ocpp16.events import BoardDone, MainsLost, ShutdownAsked
from ocpp16.messages.core import (
    DataTransferConf,
    DataTransferReq,
    RemoteStartTransactionConf,
    RemoteStartTransactionReq,
    RemoteStopTransactionConf,
    RemoteStopTransactionReq,
    ResetConf,
    ResetReq,
    UnlockConnectorConf,
    UnlockConnectorReq,
)
from ocpp16.messages.types import (
    ChargingProfile,
    DataTransferStatus,
    Reason,
    RemoteStartStopStatus,
    ResetStatus,
    ResetType,
    UnlockStatus,
)
from ocpp16.product import Product
from ocpp16.profiles.core.registration import Registration
from ocpp16.profiles.reservation import Reservations
from ocpp16.rpc.pending_calls import POSTPONED, Postponed
from ocpp16.rpc.session import Session
from ocpp16.rpc.transaction_queue import TransactionQueue
from ocpp16.state.context import Context
from ocpp16.state.timers import Timer
from ocpp16.step import Order, Restart

LAST_WORD_S = 30.0
"""After a Reset: how long the last answers are awaited."""
SHUTDOWN_S = 3.5
"""The same when the supervisor wants us to end (it kills after 5 s)."""

How = Literal["SoftReset", "HardReset", "Exit"]
WHY_LEAVING: dict[How, str] = {
    "SoftReset": "soft reset",
    "HardReset": "reset of the whole unit",
    "Exit": "asked to stop",
}


class Leaving(NamedTuple):
    """This life comes to its end."""

    how: How
    deadline: float
    ends_charge: bool


class RemoteControl:
    """Carries out what the Central System orders; `leave` is also how a technician or the supervisor ends a life."""

    def __init__(
        self,
        context: Context,
        session: Session,
        reports: TransactionQueue,
        configuration: Configuration,
        registration: Registration,
        connectors: dict[int, Connector],
        reservations: Reservations,
        product: Product,
        vendor: str,
    ) -> None:
        self.context = context
        self.session = session
        self.reports = reports
        self.configuration = configuration
        self.registration = registration
        self.connectors = connectors
        self.reservations = reservations
        self.product = product
        self.vendor = vendor
        self.leaving: Leaving | None = None
        self.gone = False
        self._unlocking: dict[int, str] = {}
        self._orders: dict[int, Callable[[bool, str], None]] = {}
        self._next_ref = 1

    # --- start and stop ---------------------------------------------------------------------------------------------

    def on_remote_start(self, request: RemoteStartTransactionReq) -> RemoteStartTransactionConf:
        connector = self._eligible(request)
        if connector is None:
            return RemoteStartTransactionConf(status=RemoteStartStopStatus.REJECTED)
        authorize = self.configuration.flag(Key.AuthorizeRemoteTxRequests)
        connector.remote_start(
            request.id_tag, authorize, request.charging_profile
        )  # its messages leave after this answer
        return RemoteStartTransactionConf(status=RemoteStartStopStatus.ACCEPTED)

    def _eligible(self, request: RemoteStartTransactionReq) -> Connector | None:
        """§5.11: the named one, else the first that is free, a plugged one before an empty one."""
        if not self.registration.accepted or self.leaving is not None:  # §4.2: not allowed while Pending
            return None
        candidates = list(self.connectors.values())
        if request.connector_id is not None:
            candidates = [c for c in candidates if c.number == request.connector_id]
        free = [c for c in candidates if c.free and c.asking is None and self._is_open_to(c, request.id_tag)]
        chosen = min(free, key=partial(self._rank, request.id_tag), default=None)
        if chosen is None or not self._profile_fits(request.charging_profile, chosen):
            return None
        return chosen

    def _is_open_to(self, connector: Connector, id_tag: str) -> bool:
        """A group can be told only where the card is asked about, or known."""
        known = connector.parts.authorization.known(id_tag)
        if self.reservations.admits(connector.number, id_tag, None if known is None else known.parent_id_tag):
            return True
        return self.reservations.group_may(connector.number) and self.configuration.flag(Key.AuthorizeRemoteTxRequests)

    def _rank(self, id_tag: str, connector: Connector) -> tuple[bool, int, int]:
        """The reserved one first, then one whose car waits, then by number."""
        mine = connector.reserved_for(id_tag)
        return not mine, connector.waits_for(id_tag), connector.number

    def _profile_fits(self, profile: ChargingProfile | None, connector: Connector) -> bool:
        if profile is None:
            return True
        return self.product.has("SmartCharging") and connector.parts.smart.fits_start(profile, connector.number)

    def on_remote_stop(self, request: RemoteStopTransactionReq) -> RemoteStopTransactionConf:
        for connector in self.connectors.values():
            transaction = connector.transaction
            if (
                self.registration.accepted
                and transaction is not None
                and transaction.start == "confirmed"
                and transaction.transaction_id == request.transaction_id
            ):
                connector.stop(Reason.REMOTE)
                return RemoteStopTransactionConf(status=RemoteStartStopStatus.ACCEPTED)
        return RemoteStopTransactionConf(status=RemoteStartStopStatus.REJECTED)

    # --- unlock -----------------------------------------------------------------------------------------------------

    def on_unlock(self, request: UnlockConnectorReq, call_id: str) -> UnlockConnectorConf | Postponed:
        """§5.18: ends the transaction first; without a lock nothing is touched (E 3.87)."""
        connector = self.connectors.get(request.connector_id)
        if connector is None or connector.shape is None or not connector.shape.lock:
            return UnlockConnectorConf(status=UnlockStatus.NOT_SUPPORTED)
        if connector.number in self._unlocking:
            return UnlockConnectorConf(status=UnlockStatus.UNLOCK_FAILED)
        self._unlocking[connector.number] = call_id
        connector.stop(Reason.UNLOCK_COMMAND)
        self.connector_ended(connector.number)
        return POSTPONED

    def connector_ended(self, number: int) -> None:
        """A transaction is over: what waited for it."""
        connector = self.connectors[number]
        if number not in self._unlocking or connector.transaction is not None:
            return
        connector.held_for = None
        self.order("unlock", number, partial(self._unlocked, number))

    def _unlocked(self, number: int, ok: bool, detail: str) -> None:
        call_id = self._unlocking.pop(number, None)
        if call_id is None:
            return
        status = UnlockStatus.UNLOCKED if ok else UnlockStatus.UNLOCK_FAILED
        self.context.note("unlocked" if ok else "unlock-failed", connector=number, detail=detail)
        self.session.answer(call_id, UnlockConnectorConf(status=status))

    # --- orders to the board ----------------------------------------------------------------------------------------

    def order(
        self,
        what: Literal["unlock", "selftest", "clear-latched", "meter-read"],
        connector: int | None,
        then: Callable[[bool, str], None],
    ) -> None:
        self._orders[self._next_ref] = then
        self.context.orders.append(Order(self._next_ref, what, connector))
        self._next_ref += 1

    def board_done(self, event: BoardDone) -> None:
        self.order_done(event.ref, event.ok, event.detail)

    def order_done(self, ref: int, ok: bool, detail: str) -> None:
        then = self._orders.pop(ref, None)
        if then is not None:
            then(ok, detail)

    def board_lost(self) -> None:
        """Nobody will answer what was ordered."""
        for ref in list(self._orders):
            self.order_done(ref, False, "the board is lost")

    # --- data transfer ----------------------------------------------------------------------------------------------

    def on_data_transfer(self, request: DataTransferReq) -> DataTransferConf:
        ours = request.vendor_id.casefold() == self.vendor.casefold()
        unknown = DataTransferStatus.UNKNOWN_MESSAGE_ID if ours else DataTransferStatus.UNKNOWN_VENDOR_ID
        return DataTransferConf(status=unknown)

    # --- going down -------------------------------------------------------------------------------------------------

    def on_reset(self, request: ResetReq) -> ResetConf:
        if self.leaving is not None:
            return ResetConf(status=ResetStatus.REJECTED)
        self.leave("SoftReset" if request.type is ResetType.SOFT else "HardReset", LAST_WORD_S)
        return ResetConf(status=ResetStatus.ACCEPTED)

    def leave(self, how: How, within_s: float, ends_charge: bool = True) -> None:
        """Transactions end with the reason that belongs to it; the stop is told, or waits in the store."""
        if self.leaving is not None and self.leaving.deadline <= self.context.now.mono + within_s:
            return
        how = how if self.leaving is None else self.leaving.how  # who hurries us does not change why we go
        reason = Reason.REBOOT if how == "Exit" else Reason(how)
        self.leaving = Leaving(how, self.context.now.mono + within_s, ends_charge)
        self.context.save_unit(shutdown=str(reason))
        charge = "running transactions end" if ends_charge else "a running transaction goes on under its lease"
        self.context.note("leaving", why=WHY_LEAVING[how], charge=charge)
        self.context.timers.set(Timer.LAST_WORD, self.leaving.deadline)
        for connector in self.connectors.values():
            connector.token = None
            if ends_charge:
                connector.stop(reason)

    def leave_if_done(self) -> None:
        """Called after every step: the last word is spoken, or time is up."""
        if self.leaving is None or self.gone:
            return
        running = self.leaving.ends_charge and any(c.transaction is not None for c in self.connectors.values())
        talking = (
            self.session.up
            and self.registration.accepted
            and (self.session.busy or (self.reports.waiting > 0 and self.reports.retry_at() is None))
        )
        if (running or talking) and self.context.now.mono < self.leaving.deadline:
            return
        self.gone = True
        self.context.flush_lazy()
        retries = self.configuration.number(Key.ResetRetries) if self.leaving.how == "HardReset" else 0
        self.context.jobs.append(Restart(self.leaving.how, retries))

    def shutdown_asked(self, event: ShutdownAsked) -> None:
        """The supervisor's wish.  A board process of its own keeps the charge for the length of the lease."""
        self.leave("Exit", SHUTDOWN_S if event.ends_charge else 1.0, event.ends_charge)

    def mains_lost(self, event: MainsLost) -> None:
        """AQ-7.1: some seconds are left to close the bills; without backup supply the next boot does."""
        self.context.note("mains-lost")
        for connector in self.connectors.values() if self.product.stops_before_power_loss else ():
            connector.token = None
            connector.stop(Reason.POWER_LOSS)
