"""One connector's story, in the order in which it happens: cable, card, transaction (its end: `ending.py`).

Facts come in, facts are saved; what is offered and shown is asked for after every step and never stored.
"""

from __future__ import annotations

from msgspec.structs import replace

from ocpp16.configuration.key_names import Key
from ocpp16.connector.ending import LAST_READING_S, Ending
from ocpp16.connector.state import Token
from ocpp16.connector.why import CardRefused
from ocpp16.events import CableChanged, ContactorChanged, MeterSampled, PilotChanged
from ocpp16.messages.types import ChargingProfile, Reason
from ocpp16.records import Transaction
from ocpp16.state.id_tags import Verdict, same
from ocpp16.state.timers import Timer
from ocpp16.status.connector_status import fault_of

SETTLE_S = 15.0
"""A car that was offered energy may take so long to ask before we call it suspended."""


class Connector(Ending):
    """Connector `number` (> 0)."""

    # --- the cable --------------------------------------------------------------------------------------------------

    def cable_changed(self, event: CableChanged) -> None:
        self.cable_present, self.cable_amps, self.cable_locked = event.present, event.max_amps, event.locked
        if not event.present:
            self.held_for = None
        self.begin_if_ready()

    def pilot_changed(self, event: PilotChanged) -> None:
        self.pilot = event.state
        if event.state == "A" and not self.ready:
            self.unplugged_at = event.at  # what follows from it is decided when all is told
        elif event.state == "A":
            self.unplugged()
        elif event.state in "BCD" and not self.plugged:
            self.plugged, self.plugged_at = True, event.at
        self.begin_if_ready()

    def unplugged(self) -> None:
        """The car is gone."""
        if not self.plugged:
            return
        self.plugged, self.refused = False, None
        self._set_finishing(self._occupancy.finishing and self.held_for is not None)
        transaction = self.transaction
        if transaction is not None and self.ready:
            # §4.5 of the errata digest, E 3.80: true ends the transaction, false keeps it for the car's return
            if self.parts.configuration.flag(
                Key.StopTransactionOnEVSideDisconnect, self.parts.product.stop_on_ev_disconnect
            ):
                unlock = self.parts.configuration.flag(Key.UnlockConnectorOnEVSideDisconnect)
                if self.shape is not None and self.shape.lock and not unlock:
                    self.held_for = Token(transaction.id_tag, transaction.parent_id_tag, remote=False)
                self.stop(Reason.EV_DISCONNECTED)
        elif self.token is not None:
            self._await_plug()

    # --- the card ---------------------------------------------------------------------------------------------------

    def card(self, id_tag: str) -> None:
        """§4.1, §4.10: a card begins, ends, or gives up."""
        if self.transaction is not None:
            self._card_in_transaction(self.transaction, id_tag)
        elif self.held_for is not None:
            self._card_at_held_cable(id_tag)
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
        elif not self.open_to(id_tag):  # §3.12: no question is asked about a card that is not the reserved one
            self._refuse(id_tag, "reserved for another card")
        elif self.asking is None or not same(self.asking, id_tag):  # else its answer is awaited already
            self.asking, self._asked_profile = id_tag, None
            self.parts.authorization.ask(id_tag, self._authorized_locally)

    def _card_at_held_cable(self, id_tag: str) -> None:
        """E 3.5: only its driver, or one of his group, gets the cable."""
        if self._may_release(id_tag):
            self.held_for = None
        else:
            self.context.note("card-refused", connector=self.number, id_tag=id_tag, reason="another one's cable")

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
            reason = f"{verdict.status}, says {verdict.source}" if not verdict.accepted else "the connector is taken"
            self._refuse(id_tag, reason)
            return
        if not self.parts.reservations.admits(self.number, id_tag, verdict.parent_id_tag):
            self._refuse(id_tag, "reserved for another group")
            return
        self.accept(Token(id_tag, verdict.parent_id_tag, remote, self._asked_profile if remote else None))

    def _refuse(self, id_tag: str, reason: str) -> None:
        self.refused = CardRefused(reason, self.context.now.mono)
        self.context.note("card-refused", connector=self.number, id_tag=id_tag, reason=reason)

    def remote_start(self, id_tag: str, authorize: bool, profile: ChargingProfile | None = None) -> None:
        """§5.11; the answer was given before.  With AuthorizeRemoteTxRequests like a card, else at once."""
        self._asked_profile = profile
        if authorize:
            self.asking = id_tag
            self.parts.authorization.ask(id_tag, self._authorized_remotely)
        else:
            known = self.parts.authorization.known(id_tag)
            self.accept(Token(id_tag, None if known is None else known.parent_id_tag, True, profile))

    def accept(self, token: Token) -> None:
        """Authorized: now the plug, if it is not in yet."""
        self.token, self.refused = token, None
        self._await_plug()
        self.begin_if_ready()

    def _await_plug(self) -> None:
        timeout = self.parts.configuration.number(Key.ConnectionTimeOut)
        self.context.timers.set(Timer.PLUG_IN, self.context.now.mono + timeout, self.number)

    def plug_in_timed_out(self) -> None:
        self._give_up(Key.ConnectionTimeOut)

    def _give_up(self, why: str) -> None:
        if self.token is not None:
            self.context.note("start-given-up", connector=self.number, id_tag=self.token.id_tag, reason=why)
        self.token = None
        self.context.timers.clear(Timer.PLUG_IN, self.number)

    # --- the transaction --------------------------------------------------------------------------------------------

    def begin_if_ready(self) -> None:
        token = self.token
        if token is None or self.transaction is not None or self.missing() is not None:
            return
        self.token = None
        self.context.timers.clear(Timer.PLUG_IN, self.number)
        self._set_finishing(False)
        wh = self.parts.metering.register_wh(self.number)
        assert wh is not None
        reservation = self.parts.reservations.used_by(self.number, token.id_tag, token.parent_id_tag)
        transaction = self.parts.transactions.begin(self.number, token.id_tag, token.parent_id_tag, wh, reservation)
        if token.profile is not None:
            self.parts.smart.install(token.profile, self.number, transaction.number)
        self.parts.smart.changed()
        self.parts.sampled_values.transaction_began(transaction)
        self.context.timers.set(Timer.ENERGISE, self.context.now.mono + SETTLE_S, self.number)

    def judged(self, transaction: Transaction, verdict: Verdict) -> None:
        """§4.8, E 3.17: the Central System's word on a transaction that runs already."""
        if verdict.accepted or transaction.stopping:
            return
        self.context.note("card-refused", connector=self.number, id_tag=transaction.id_tag, reason=verdict.status)
        if self.parts.configuration.flag(Key.StopTransactionOnInvalidId):
            if self.shape is not None and self.shape.lock:  # §4.8: the cable waits for its owner
                self.held_for = Token(transaction.id_tag, transaction.parent_id_tag, remote=False)
            self.stop(Reason.DE_AUTHORIZED)
            return
        more = self.parts.configuration.number(Key.MaxEnergyOnInvalidId)
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
        self.parts.metering.sampled(event, self.ready)
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

    # --- the card, again --------------------------------------------------------------------------------------------

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
