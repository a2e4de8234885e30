"""One connector's story, in the order in which it happens: cable, card, transaction, offer, end.

Facts come in, facts are saved; `offered_amps` and `view` are asked for after every step and never stored.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from msgspec.structs import replace

from ocpp16.context import Context
from ocpp16.events import CableChanged, ConnectorShape, ContactorChanged, MeterSampled, PilotChanged
from ocpp16.messages.types import Reason
from ocpp16.product import Product
from ocpp16.profiles.core.authorization import Authorization, Verdict, same
from ocpp16.profiles.core.configuration import Configuration
from ocpp16.profiles.core.metering import Metering
from ocpp16.profiles.core.transactions import Transactions
from ocpp16.records import Availability, Occupancy, Transaction
from ocpp16.status import View, Why, fault_of, why_of
from ocpp16.timers import Timer

SETTLE_S = 15.0
"""A car that was offered energy may take so long to ask before we call it suspended."""
OPENING_S = 10.0
"""Steady pilot, 6 s, contactor: after that the bill is closed with what the meter says."""
LAST_READING_S = 2.0
"""The reading that follows the opening comes within this."""


class Token(NamedTuple):
    """An accepted card, or a remote start, that waits for the plug (or for the meter)."""

    id_tag: str
    parent_id_tag: str | None
    remote: bool


class Parts(NamedTuple):
    """The profiles that a connector works with."""

    context: Context
    configuration: Configuration
    authorization: Authorization
    transactions: Transactions
    metering: Metering
    product: Product


class Connector:
    """Connector `number` (> 0)."""

    def __init__(self, number: int, parts: Parts, station_faults: dict[str, str]) -> None:
        self.number = number
        self.parts = parts
        self.context = parts.context
        self.shape: ConnectorShape | None = None
        self.ready = False
        """The board has told all present states, and it is decided what happened while we were away."""
        self.station_faults = station_faults
        self.faults: dict[str, str] = {}
        self.pilot = "A"
        self.plugged = False
        self.plugged_at = 0.0
        self.cable_present = False
        self.cable_amps = 0.0
        self.cable_locked = False
        self.closed = False
        self.opened_at = 0.0
        self.signalled_amps = 0.0
        self.signalled_why = ""
        self.token: Token | None = None
        self.asking: str | None = None
        self.held_for: Token | None = None
        """Whose cable stays locked in the socket after the plug was pulled at the car."""
        self.limit: Callable[[int], tuple[float, str]] | None = None
        """Charging profiles, where the product has them: amperes and what holds them down."""
        self.reservation_for: Callable[[int, str, str | None], int | None] | None = None
        self.on_ended: Callable[[int], None]

    # --- facts that others hold -----------------------------------------------------------------------------------------

    @property
    def transaction(self) -> Transaction | None:
        return self.context.facts.running.get(self.number)

    @property
    def operative(self) -> bool:
        rows = self.context.facts.of(Availability)
        station, own = rows.get(0), rows.get(self.number)
        return (station is None or station.operative) and (own is None or own.operative)

    @property
    def finishing(self) -> bool:
        occupancy = self.context.facts.of(Occupancy).get(self.number)
        return self.held_for is not None or (occupancy is not None and occupancy.finishing and self.plugged)

    def fault_codes(self) -> tuple[str, ...]:
        return (*self.station_faults, *self.faults)

    @property
    def faulted(self) -> bool:
        """A fault that forbids to give energy (or, without a transaction, to begin one)."""
        codes = self.fault_codes()
        return any(fault_of(code).blocks_running for code in codes) if self.transaction else bool(codes)

    @property
    def free(self) -> bool:
        """A card could begin something here."""
        return self.transaction is None and self.token is None and self.operative and not self.faulted

    # --- the cable ------------------------------------------------------------------------------------------------------

    def cable_changed(self, event: CableChanged) -> None:
        self.cable_present, self.cable_amps, self.cable_locked = event.present, event.max_amps, event.locked
        if not event.present:
            self.held_for = None
        self.begin_if_ready()

    def pilot_changed(self, event: PilotChanged) -> None:
        self.pilot = event.state
        if event.state == "A":
            self._unplugged()
        elif event.state in "BCD" and not self.plugged:
            self.plugged, self.plugged_at = True, event.at
        self.begin_if_ready()

    def _unplugged(self) -> None:
        if not self.plugged:
            return
        self.plugged = False
        self._set_finishing(False)
        transaction = self.transaction
        if transaction is not None and self.ready:
            # §4.5 of the errata digest, E 3.80: true ends the transaction, false keeps it for the car's return
            if self.parts.configuration.flag(
                "StopTransactionOnEVSideDisconnect", self.parts.product.stop_on_ev_disconnect
            ):
                unlock = self.parts.configuration.flag("UnlockConnectorOnEVSideDisconnect")
                if self.shape is not None and self.shape.lock and not unlock:
                    self.held_for = Token(transaction.id_tag, transaction.parent_id_tag, remote=False)
                self.stop(Reason.EV_DISCONNECTED)
        elif self.token is not None:
            self._await_plug()

    # --- the card -------------------------------------------------------------------------------------------------------

    def card(self, id_tag: str) -> None:
        """§4.1, §4.10: a card begins, ends, or gives up."""
        if self.transaction is not None:
            self._card_in_transaction(self.transaction, id_tag)
        elif self.held_for is not None and self._may_release(id_tag):
            self.held_for = None  # E 3.5
        elif self.token is not None:
            if same(self.token.id_tag, id_tag):
                self._give_up("the card was shown again")
            else:
                self.context.note(
                    "card-refused", connector=self.number, id_tag=id_tag, reason="another card waits here"
                )
        elif not self.parts.product.local_start or not self.free:
            reason = "out of service" if not self.operative else "faulted" if self.faulted else "no local start"
            self.context.note("card-refused", connector=self.number, id_tag=id_tag, reason=reason)
        else:
            self.asking = id_tag
            self.parts.authorization.ask(id_tag, self._authorized_locally)

    def _may_release(self, id_tag: str) -> bool:
        holder = self.held_for
        if holder is None or same(holder.id_tag, id_tag):
            return True
        known = self.parts.authorization.known(id_tag)
        return known is not None and self._same_group(holder.parent_id_tag, known.parent_id_tag)

    @staticmethod
    def _same_group(one: str | None, other: str | None) -> bool:
        return one is not None and other is not None and same(one, other)

    def _authorized_locally(self, id_tag: str, verdict: Verdict) -> None:
        self.asking = None
        self._authorized(id_tag, verdict, remote=False)

    def _authorized_remotely(self, id_tag: str, verdict: Verdict) -> None:
        self.asking = None
        self._authorized(id_tag, verdict, remote=True)

    def _authorized(self, id_tag: str, verdict: Verdict, remote: bool) -> None:
        if not verdict.accepted or not self.free:
            reason = f"{verdict.status} by {verdict.source}" if not verdict.accepted else "the connector is taken"
            self.context.note("card-refused", connector=self.number, id_tag=id_tag, reason=reason)
            return
        self.accept(Token(id_tag, verdict.parent_id_tag, remote))

    def remote_start(self, id_tag: str, authorize: bool) -> None:
        """§5.11; the answer was given before.  With AuthorizeRemoteTxRequests like a card, else at once."""
        if authorize:
            self.asking = id_tag
            self.parts.authorization.ask(id_tag, self._authorized_remotely)
        else:
            self.accept(Token(id_tag, None, remote=True))

    def accept(self, token: Token) -> None:
        """Authorized: now the plug, if it is not in yet."""
        self.token = token
        self._await_plug()
        self.begin_if_ready()

    def _await_plug(self) -> None:
        timeout = self.parts.configuration.number("ConnectionTimeOut")
        self.context.timers.set(Timer.PLUG_IN, self.context.now.mono + timeout, self.number)

    def plug_in_timed_out(self) -> None:
        self._give_up("ConnectionTimeOut")

    def _give_up(self, why: str) -> None:
        if self.token is not None:
            self.context.note("start-given-up", connector=self.number, id_tag=self.token.id_tag, reason=why)
        self.token = None
        self.context.timers.clear(Timer.PLUG_IN, self.number)

    # --- the transaction ------------------------------------------------------------------------------------------------

    def missing(self) -> str | None:
        """What a transaction with an accepted card still waits for: a reason's code, None: nothing."""
        if self.shape is None or not self.ready or self.faulted:
            return (self.fault_codes() or ("board-missing",))[0]
        if not self.operative:
            return "unavailable"
        if not self.context.facts.unit.registered:  # §4.2.1: best denied before the first acceptance ever
            return "never-registered"
        if not self.plugged or self.pilot not in "BCD":
            return "waiting-plug"
        if self.shape.lock and not self.cable_locked:
            return "waiting-lock"
        if self.parts.metering.register_wh(self.number) is None:
            return "waiting-meter"
        return None

    def begin_if_ready(self) -> None:
        token = self.token
        if token is None or self.transaction is not None or self.missing() is not None:
            return
        self.token = None
        self.context.timers.clear(Timer.PLUG_IN, self.number)
        self._set_finishing(False)
        wh = self.parts.metering.register_wh(self.number)
        assert wh is not None
        reservation = (
            self.reservation_for(self.number, token.id_tag, token.parent_id_tag) if self.reservation_for else None
        )
        transaction = self.parts.transactions.begin(self.number, token.id_tag, token.parent_id_tag, wh, reservation)
        self.parts.metering.transaction_began(transaction)
        self.context.timers.set(Timer.ENERGISE, self.context.now.mono + SETTLE_S, self.number)

    def judged(self, transaction: Transaction, verdict: Verdict) -> None:
        """§4.8, E 3.17: the Central System's word on a transaction that runs already."""
        if verdict.accepted or transaction.stopping:
            return
        self.context.note("card-refused", connector=self.number, id_tag=transaction.id_tag, reason=verdict.status)
        if self.parts.configuration.flag("StopTransactionOnInvalidId"):
            self.stop(Reason.DE_AUTHORIZED)
            return
        more = self.parts.configuration.number("MaxEnergyOnInvalidId")
        wh = int(self.parts.metering.register_wh(self.number) or transaction.last_wh)
        self.context.save(replace(transaction, energy_ends_wh=wh + more if more else transaction.meter_start_wh))

    def contactor_changed(self, event: ContactorChanged) -> None:
        if self.closed and not event.closed:
            self.opened_at = event.at
        self.closed = event.closed
        if self.closed:
            self.context.timers.clear(Timer.ENERGISE, self.number)
        elif self.transaction is not None and self.transaction.stopping:
            self.context.timers.set(Timer.OPENING, self.context.now.mono + LAST_READING_S, self.number)

    def meter_sampled(self, event: MeterSampled) -> None:
        self.parts.metering.sampled(event)
        transaction = self.transaction
        if transaction is None:
            self.begin_if_ready()
        elif transaction.stopping and not self.closed and self.ready and event.at >= self.opened_at:
            self._finish(transaction)

    def faults_changed(self) -> None:
        """§7.7: what forbids energy ends the transaction, or (where it passes by itself) only holds it up."""
        transaction = self.transaction
        if (
            transaction is not None
            and self.ready
            and any(fault_of(code).ends_transaction for code in self.fault_codes())
        ):
            self.stop(Reason.OTHER)
        self.begin_if_ready()

    # --- the offer ------------------------------------------------------------------------------------------------------

    def chain(self) -> list[tuple[float, str]]:
        """All that bounds the amperes, whatever the state."""
        if self.shape is None:
            return [(0.0, "no board")]
        bounds = [(self.shape.max_amps, "board"), (self.parts.product.max_amps, "product")]
        if self.cable_amps > 0.0:
            bounds.append((self.cable_amps, "cable"))
        if self.limit is not None:
            bounds.append(self.limit(self.number))
        return bounds

    def offered_amps(self) -> float:
        """§7.13 Current.Offered.  Below the smallest that can be signalled (6 A): no energy."""
        transaction = self.transaction
        if transaction is None or transaction.stopping or self.shape is None or self.faulted:
            return 0.0
        if transaction.energy_ends_wh is not None:
            wh = self.parts.metering.register_wh(self.number)
            if wh is None or wh >= transaction.energy_ends_wh:
                return 0.0
        amps = min(amps for amps, _ in self.chain())
        return amps if amps >= self.shape.min_amps else 0.0

    def locked(self) -> bool:
        """The lock, where there is one, holds from the accepted card to the end."""
        if self.shape is None or not self.shape.lock:
            return False
        return (
            self.transaction is not None or self.held_for is not None or (self.token is not None and self.cable_present)
        )

    # --- the end --------------------------------------------------------------------------------------------------------

    def _card_in_transaction(self, transaction: Transaction, id_tag: str) -> None:
        if transaction.stopping or not self.parts.product.local_stop:
            return
        if same(transaction.id_tag, id_tag):  # §4.10: Authorize.req is forbidden here
            self.stop(Reason.LOCAL, id_tag)
            return
        group = transaction.parent_id_tag
        if group is None:
            self.context.note("card-refused", connector=self.number, id_tag=id_tag, reason="another card began this")
            return
        known = self.parts.authorization.known(id_tag)
        if known is not None and known.accepted and self._same_group(group, known.parent_id_tag):
            self.parts.authorization.ask(id_tag, self._group_member)
        elif self.parts.authorization.online:
            self.parts.authorization.ask_central_system(id_tag, self._group_member)

    def _group_member(self, id_tag: str, verdict: Verdict) -> None:
        transaction = self.transaction
        if transaction is None or not verdict.accepted:
            return
        if self._same_group(transaction.parent_id_tag, verdict.parent_id_tag):
            self.stop(Reason.LOCAL, id_tag)

    def stop(self, reason: Reason, id_tag: str | None = None) -> None:
        """The offer falls at once; the bill is closed when the car has stopped and the contactor is open."""
        transaction = self.transaction
        if transaction is None or transaction.stopping:
            return
        if not self.closed:
            self._finish(replace(transaction, stopping=str(reason), stop_id_tag=id_tag))
            return
        self.parts.transactions.stopping(transaction, str(reason), id_tag)
        self.context.timers.clear(Timer.SAMPLE, self.number)
        self.context.timers.set(Timer.OPENING, self.context.now.mono + OPENING_S, self.number)

    def opening_timed_out(self) -> None:
        """No opening, or no reading after it: the bill is closed with the newest reading."""
        transaction = self.transaction
        if transaction is not None and transaction.stopping:
            self._finish(transaction)

    def _finish(self, transaction: Transaction) -> None:
        wh = self.parts.metering.register_wh(self.number)
        at = self.context.stamp()
        self.parts.metering.transaction_ends(transaction, at)
        self.parts.transactions.end(
            transaction, transaction.stopping, transaction.stop_id_tag, transaction.last_wh if wh is None else wh, at
        )
        self._ended()

    def ended_in_the_dark(self, reason: Reason, gone: bool) -> None:
        """The unit was off: the register is the meter's own of now, the time the last at which we are known to have lived.

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
        if at.utc is not None and now.utc is not None and at.utc > now.utc:
            at = now
        self.parts.metering.transaction_ends(transaction, at)
        self.parts.transactions.end(
            transaction, str(reason), transaction.stop_id_tag, transaction.last_wh if wh is None else wh, at
        )
        self._ended()

    def goes_on(self) -> None:
        """Only we were away (or the board process, and the cable stayed): same transaction."""
        transaction = self.transaction
        if transaction is None:
            return
        if transaction.stopping:
            due = OPENING_S if self.closed else LAST_READING_S
            self.context.timers.set(Timer.OPENING, self.context.now.mono + due, self.number)
            return
        self.parts.metering.arm_samples(transaction)
        if not self.plugged and self.parts.configuration.flag(
            "StopTransactionOnEVSideDisconnect", self.parts.product.stop_on_ev_disconnect
        ):
            self.stop(Reason.EV_DISCONNECTED)

    def _ended(self) -> None:
        self.context.timers.clear(Timer.OPENING, self.number)
        self.context.timers.clear(Timer.ENERGISE, self.number)
        self._set_finishing(self.plugged)
        self.on_ended(self.number)

    def _set_finishing(self, finishing: bool) -> None:
        occupancy = self.context.facts.of(Occupancy).get(self.number)
        if (occupancy is not None and occupancy.finishing) != finishing:
            self.context.save(Occupancy(connector=self.number, finishing=finishing), within_s=0.0 if finishing else 1.0)

    def forget_occupancy(self) -> None:
        """Out of service now: afterwards it is Preparing, for Unavailable never leads to Finishing (§4.9)."""
        self._set_finishing(False)

    # --- what it looks like -----------------------------------------------------------------------------------------------

    def view(self) -> View:
        transaction = self.transaction
        return View(
            faults=self.fault_codes(),
            operative=self.operative,
            plugged=self.plugged,
            waiting_user=self.token is not None,
            transaction=transaction is not None,
            stopping=transaction.stopping if transaction else "",
            offered=self.offered_amps() > 0.0,
            closed=self.closed,
            settling=self.context.timers.due(Timer.ENERGISE, self.number) is not None,
            finishing=self.finishing,
        )

    def why(self) -> Why:
        """The one reason that matters most (§ "why" of the technician's tool)."""
        amps = self.offered_amps()
        chain = tuple(f"{bound:g} A {name}" for bound, name in sorted(self.chain()))
        return why_of(self._reason(amps), amps, chain)

    def _reason(self, amps: float) -> str:
        codes = self.fault_codes()
        transaction = self.transaction
        if codes and self.faulted:
            return codes[0]
        if transaction is not None:
            return self._reason_in_transaction(transaction, amps)
        if not self.operative:
            return "unavailable"
        if self.token is not None:
            return self.missing() or "waiting-meter"
        if self.asking is not None:
            return "waiting-answer"
        if self.finishing:
            return "finished"
        if not self.context.facts.unit.registered:
            return "never-registered"
        return "not-authorized" if self.plugged else "no-ev"

    def _reason_in_transaction(self, transaction: Transaction, amps: float) -> str:
        if transaction.stopping:
            return "stopping"
        if not self.plugged:
            return "ev-unplugged"
        if amps > 0.0:
            return "charging" if self.closed else "ev-not-asking"
        return "refused-card" if transaction.energy_ends_wh is not None else "limit"
