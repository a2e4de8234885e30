"""One connector's story, in the order in which it happens: board, cable, card, transaction, its end, the next board.

Events come in, facts are written; offer, lamp and status are derived from them after every step.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from ocpp16.configuration.key_names import Key
from ocpp16.connector.occupancy import hold_cable, release_cable, set_finishing
from ocpp16.connector.offered_amps import OfferedAmps
from ocpp16.connector.state import CardRefused, ConnectorParts, ConnectorState, StartGivenUp, Token
from ocpp16.events import CableChanged, ConnectorShape, ContactorChanged, MeterSampled, OfferAcked, PilotChanged
from ocpp16.messages.types import ChargingProfile, Reason
from ocpp16.records import Stamp, Transaction
from ocpp16.state.id_tags import Verdict, same, same_group
from ocpp16.state.timers import Timer
from ocpp16.status.connector_status import StatusReport, connector_status
from ocpp16.status.faults import fault_of
from ocpp16.step import Lamp, Outlet

SETTLE_S = 15.0
"""Seconds that a car may take to ask for energy after the start before it is reported as SuspendedEV."""
OPENING_S = 10.0
"""Seconds from the stop to the open contactor (steady pilot, 6 s for the car, contactor); then the bill is closed."""
LAST_READING_S = 2.0
"""Seconds from the open contactor to the reading that closes the bill."""
STALLED_S = 1.0
"""A timer that is served so much later than it was due was held up by a stall of the station."""


class Connector:
    """Connector `number` (1..N).

    `on_ended(number)` is called when a transaction has ended, `on_waiting(number)` when an accepted card, or a remote
    start, waits for a plug here.
    """

    def __init__(
        self,
        number: int,
        parts: ConnectorParts,
        on_ended: Callable[[int], None],
        on_waiting: Callable[[int], None],
    ) -> None:
        self.number = number
        self.parts = parts
        self.context = parts.context
        self.on_ended = on_ended
        self.on_waiting = on_waiting
        self.state = ConnectorState(number, parts)
        self.offered = OfferedAmps(self.state, parts.product, parts.limits)

    # --- what is derived ----------------------------------------------------------------------------------------------

    def outlet(self, lamp: Lamp) -> Outlet:
        """The levels of this moment."""
        state, amps = self.state, self.offered.amps()
        transaction = state.transaction
        assert amps == 0.0 or transaction is not None  # §4.1: no energy without a transaction
        return Outlet(
            connector=self.number,
            offered_amps=amps,
            locked=state.wants_lock(),
            in_service=state.operative,
            lamp=lamp,
            transaction=transaction is not None and not transaction.stopping,
        )

    def status(self) -> StatusReport:
        """§4.9: what StatusNotification would report now."""
        return connector_status(self.state.status_facts(self.offered.amps() > 0.0))

    # --- the board ----------------------------------------------------------------------------------------------------

    def board_attached(self, shape: ConnectorShape) -> None:
        """A board reports what the connector is made of; its present states follow, then `board_ready`."""
        state = self.state
        state.shape, state.ready = shape, False
        state.faults.retain()

    def board_ready(self) -> None:
        """All present states are reported."""
        state = self.state
        if state.pilot == "A":
            self._unplugged()
        state.ready = True
        if not state.plugged:
            set_finishing(self.state, False)
            state.served = False

    def board_lost(self) -> None:
        """The present states are unknown; a transaction that is being stopped waits for the next board."""
        state = self.state
        state.shape, state.ready, state.closed = None, False, False
        self.context.timers.clear(Timer.OPENING, self.number)

    def offer_acked(self, event: OfferAcked) -> None:
        """What the pilot really signals."""
        self.state.signalled_amps, self.state.signalled_why = event.amps, event.why

    def set_fault(self, code: str, detail: str = "", recorded: bool = False) -> None:
        """A fault of this connector; `faults_changed` follows when all are reported."""
        self.state.faults.set(code, self.context.now.mono, detail, recorded)

    def clear_fault(self, code: str) -> None:
        """The end of a fault; `faults_changed` follows."""
        self.state.faults.clear(code)

    def faults_changed(self) -> None:
        """§7.7: what forbids energy ends the transaction, or suspends it where it passes by itself."""
        state = self.state
        transaction = state.transaction if state.ready else None
        ending = [code for code in state.fault_codes() if fault_of(code).ends_transaction]
        if transaction is not None and ending:
            if not transaction.stopping:
                state.stopped_by = transaction.number, ending[-1]
            self.stop(Reason.OTHER)
        self.begin_if_ready()

    # --- the cable ----------------------------------------------------------------------------------------------------

    def cable_changed(self, event: CableChanged) -> None:
        """A cable was put into the socket, locked, unlocked or taken out."""
        state = self.state
        state.cable_present, state.cable_amps, state.cable_locked = event.present, event.max_amps, event.locked
        if not event.present:
            self.release_cable()
        self.begin_if_ready()

    def pilot_changed(self, event: PilotChanged) -> None:
        """A car was plugged in or unplugged, or asks for energy (IEC 61851-1 Table A.1)."""
        state = self.state
        if state.pilot != event.state:
            state.pilot_at = event.at
        state.pilot = event.state
        if event.state == "A" and not state.ready:
            state.unplugged_at = event.at  # its consequences wait for `board_ready`
        elif event.state == "A":
            self._unplugged()
        elif event.state in "BCD" and not state.plugged:
            state.plugged, state.plugged_at = True, event.at
            self.context.note("plugged", connector=self.number)
        self.begin_if_ready()

    def _unplugged(self) -> None:
        """The car is gone.  E 3.80: the key true ends the transaction, false keeps it for the car's return."""
        state = self.state
        if not state.plugged:
            return
        state.plugged, state.refused, state.served, state.given_up = False, None, False, None
        self.context.note("unplugged", connector=self.number)
        set_finishing(self.state, state.occupancy.finishing and state.held_for is not None)
        transaction = state.transaction
        if transaction is not None and state.ready:
            if self._stops_when_unplugged():
                if not self.parts.configuration.flag(Key.UnlockConnectorOnEVSideDisconnect):
                    hold_cable(self.state, transaction)
                self.stop(Reason.EV_DISCONNECTED)
        elif state.token is not None and state.token.free_vend:
            self.take_token()
        elif state.token is not None:
            self._await_plug()

    def _stops_when_unplugged(self) -> bool:
        default = self.parts.product.stop_on_ev_disconnect
        return self.parts.configuration.flag(Key.StopTransactionOnEVSideDisconnect, default)

    def release_cable(self) -> None:
        """Nobody's cable is kept locked."""
        release_cable(self.state)

    # --- the card -----------------------------------------------------------------------------------------------------

    def card(self, id_tag: str) -> None:
        """§4.1, §4.10: a card begins, ends, or gives up."""
        state = self.state
        if state.transaction is not None:
            self._card_in_transaction(state.transaction, id_tag)
        elif state.held_for is not None:
            self._card_at_held_cable(state.held_for, id_tag)
        elif state.token is not None:
            if same(state.token.id_tag, id_tag):
                self._give_up("the card was shown again")
            else:
                self._refuse(id_tag, "another card waits here")
        elif not self.parts.product.local_start or not state.free:
            self._refuse(
                id_tag,
                "out of service" if not state.operative else "faulted" if state.faulted else "no local start",
            )
        elif not self.parts.reservations.open_to(self.number, id_tag):  # §3.12: no Authorize.req for another card
            self._refuse(id_tag, "reserved for another card")
        elif state.asking is None or not same(state.asking, id_tag):  # else its answer is awaited already
            state.asking, state.asked_profile = id_tag, None
            self.parts.authorization.ask(id_tag, self._authorized_locally)

    def _card_at_held_cable(self, holder: Token, id_tag: str) -> None:
        """E 3.5: only its driver, or a card of the same group, releases the cable."""
        known = None if same(holder.id_tag, id_tag) else self.parts.authorization.known(id_tag)
        in_group = known is not None and same_group(holder.parent_id_tag, known.parent_id_tag)
        if same(holder.id_tag, id_tag) or in_group:
            self.release_cable()
        else:
            self._refuse(id_tag, "another driver's cable")

    def remote_start(
        self, id_tag: str, authorize: bool, profile: ChargingProfile | None = None, bound: bool = True
    ) -> None:
        """§5.11, after its answer.  `authorize`: AuthorizeRemoteTxRequests, like a card; else at once.

        `bound`: the request named this connector, so that no plug elsewhere counts.
        """
        self.state.asked_profile, self.state.asked_bound = profile, bound
        if authorize:
            self.state.asking = id_tag
            self.parts.authorization.ask(id_tag, self._authorized_remotely)
        else:
            known = self.parts.authorization.known(id_tag)
            self.accept(Token(id_tag, None if known is None else known.parent_id_tag, True, profile, bound))

    def free_vend(self, id_tag: str) -> None:
        """A car is plugged in where no card is needed: its idTag is asked about like a card's."""
        self.state.asking, self.state.asked_profile = id_tag, None
        self.parts.authorization.ask(id_tag, self._authorized_for_free)

    def drop_profile(self) -> None:
        """ClearChargingProfile also removes what came with a remote start that has not begun (§5.5)."""
        state = self.state
        state.asked_profile = None
        if state.token is not None:
            state.token = state.token._replace(profile=None)

    def _authorized_locally(self, id_tag: str, verdict: Verdict) -> None:
        self._authorized(id_tag, verdict, remote=False)

    def _authorized_remotely(self, id_tag: str, verdict: Verdict) -> None:
        self._authorized(id_tag, verdict, remote=True)

    def _authorized_for_free(self, id_tag: str, verdict: Verdict) -> None:
        if self.state.plugged:
            self._authorized(id_tag, verdict, remote=False, free_vend=True)
        else:
            self.state.asking = None

    def _authorized(self, id_tag: str, verdict: Verdict, remote: bool, free_vend: bool = False) -> None:
        state = self.state
        state.asking = None
        if not verdict.accepted:
            self._refuse(id_tag, f"{verdict.status} ({verdict.source})", verdict.by_central_system, remote, free_vend)
        elif not state.free:
            self._refuse(id_tag, "the connector is taken", remote=remote)
        elif not self.parts.reservations.admits(self.number, id_tag, verdict.parent_id_tag):
            self._refuse(id_tag, "reserved for another group", remote=remote)
        else:
            profile, bound = (state.asked_profile, state.asked_bound) if remote else (None, False)
            self.accept(Token(id_tag, verdict.parent_id_tag, remote, profile, bound, free_vend))

    def _refuse(self, id_tag: str, why: str, central: bool = False, remote: bool = False, free: bool = False) -> None:
        self.state.refused = CardRefused(id_tag, why, central, self.context.now.mono, remote, free)
        self.context.note("card-refused", connector=self.number, id_tag=id_tag, reason=why)

    def accept(self, token: Token) -> None:
        """Authorized: ConnectionTimeOut runs until the plug is in."""
        self.state.token, self.state.refused, self.state.given_up = token, None, None
        self._await_plug()
        self.begin_if_ready()
        if not self.state.plugged:
            self.on_waiting(self.number)

    def _await_plug(self) -> None:
        timeout = self.parts.configuration.number(Key.ConnectionTimeOut)
        self.context.timers.set(Timer.PLUG_IN, self.context.now.mono + timeout, self.number)

    def plug_in_timed_out(self) -> None:
        """ConnectionTimeOut has passed: the card must be shown again."""
        self._give_up(Key.ConnectionTimeOut)

    def _give_up(self, why: str) -> None:
        if (token := self.take_token()) is not None:
            self.state.given_up = StartGivenUp(token.id_tag, why, token.remote, self.context.now.mono)
            self.context.note("start-given-up", connector=self.number, id_tag=token.id_tag, reason=why)

    def take_token(self) -> Token | None:
        """Remove the accepted card, without a message: it begins here, goes elsewhere, or is given up."""
        token, self.state.token = self.state.token, None
        self.context.timers.clear(Timer.PLUG_IN, self.number)
        return token

    # --- the transaction ----------------------------------------------------------------------------------------------

    def begin_if_ready(self) -> None:
        """Begin the transaction of the accepted card as soon as nothing is missing (§4.8)."""
        state = self.state
        token = state.token
        if token is None or state.transaction is not None or state.missing() is not None:
            return
        self.take_token()
        set_finishing(self.state, False)
        wh = self.parts.metering.fresh_register_wh(self.number)
        assert wh is not None
        reservation = self.parts.reservations.used_by(self.number, token.id_tag, token.parent_id_tag)
        transaction = self.parts.transactions.begin(self.number, token.id_tag, token.parent_id_tag, wh, reservation)
        if token.profile is not None:
            self.parts.smart_charging.install(token.profile, self.number, transaction.number)
        self.parts.limits.changed()
        self.parts.sampled_values.transaction_began(transaction)
        self.context.timers.set(Timer.ENERGISE, self.context.carried_out_at + SETTLE_S, self.number)

    def verdict_received(self, transaction: Transaction, verdict: Verdict) -> None:
        """§4.8, E 3.17: what StartTransaction.conf says about the card of a transaction that runs already."""
        if verdict.accepted or transaction.stopping:
            return
        self._refuse(transaction.id_tag, f"{verdict.status} ({verdict.source})", verdict.by_central_system)
        if self.parts.configuration.flag(Key.StopTransactionOnInvalidId):
            hold_cable(self.state, transaction)  # §4.8: the cable waits for its owner
            self.stop(Reason.DE_AUTHORIZED)
            return
        more = self.parts.configuration.number(Key.MaxEnergyOnInvalidId)
        wh = int(self.parts.metering.register_wh(self.number) or transaction.last_wh)
        self.context.save(replace(transaction, energy_ends_wh=wh + more if more else transaction.meter_start_wh))

    def _card_in_transaction(self, transaction: Transaction, id_tag: str) -> None:
        if transaction.stopping or not self.parts.product.local_stop:
            return
        if same(transaction.id_tag, id_tag):  # §4.10: Authorize.req is forbidden here
            self.stop(Reason.LOCAL, id_tag)
            return
        group = transaction.parent_id_tag
        if group is None:
            self._refuse(id_tag, "another card began this")
            return
        known = self.parts.authorization.known(id_tag)
        if known is not None and known.accepted and same_group(group, known.parent_id_tag):
            self.parts.authorization.ask(id_tag, self._group_member)
        elif self.parts.authorization.online:
            self.parts.authorization.ask_central_system(id_tag, self._group_member)

    def _group_member(self, id_tag: str, verdict: Verdict) -> None:
        transaction = self.state.transaction
        if transaction is None or not verdict.accepted:
            return
        if same_group(transaction.parent_id_tag, verdict.parent_id_tag):
            self.stop(Reason.LOCAL, id_tag)

    # --- its end ------------------------------------------------------------------------------------------------------

    def stop(self, reason: Reason, id_tag: str | None = None) -> None:
        """§4.10: the offer falls at once; the bill is closed when the contactor is open and the meter was read."""
        state, transaction = self.state, self.state.transaction
        if transaction is None or transaction.stopping:
            return
        state.withdrawn_at = self.context.carried_out_at
        if state.is_read_out:
            self._finish(replace(transaction, stopping=str(reason), stop_id_tag=id_tag))
            return
        self.parts.transactions.stopping(transaction, str(reason), id_tag)
        self.parts.limits.changed()
        self.context.timers.clear(Timer.SAMPLE, self.number)
        if state.ready:  # else only the next board knows whether energy flows, and how much did
            self._await_opening()

    def _await_opening(self) -> None:
        """Wait for the contactor, or, where it is open, for the reading that closes the bill."""
        wait_s = OPENING_S if self.state.closed else LAST_READING_S
        self.context.timers.set(Timer.OPENING, self.context.carried_out_at + wait_s, self.number)

    def contactor_changed(self, event: ContactorChanged) -> None:
        """Closed: the car draws.  While stopping: the opening, or the last reading, is awaited."""
        state = self.state
        if state.closed != event.closed:
            state.switched_at = min(event.at, self.context.now.mono)
        state.closed = event.closed
        if event.closed:
            self.context.timers.clear(Timer.ENERGISE, self.number)
        if state.transaction is not None and state.transaction.stopping:
            self._await_opening()

    def meter_sampled(self, event: MeterSampled) -> None:
        """A reading; the first one may begin a transaction, the one after the opening ends it."""
        state = self.state
        self.parts.metering.sampled(event, state.ready)
        transaction = state.transaction
        if transaction is None:
            self.begin_if_ready()
        elif transaction.stopping and state.is_read_out:
            self._finish(transaction)

    def opening_timed_out(self, due: float) -> None:
        """No opening, or no reading after it: the bill is closed with the newest reading.

        Much later than `due`: the station was stalled, perhaps the board too; what is awaited has its time once more.
        """
        transaction = self.state.transaction
        if transaction is None or not transaction.stopping:
            return
        if self.context.now.mono - due > STALLED_S:
            self._await_opening()
        else:
            self._finish(transaction)

    def _finish(self, transaction: Transaction) -> None:
        at = self.parts.transactions.chronology.in_order(transaction.number, self.context.stamp())
        self.end(transaction, transaction.stopping, at)

    def end(self, transaction: Transaction, reason: str, at: Stamp) -> None:
        """§4.10: close the bill at a time, with the meter's present register."""
        wh, exact = self.parts.metering.register_wh(self.number), self.parts.metering.is_final(self.number)
        known = transaction.last_wh if wh is None else wh
        self.parts.sampled_values.transaction_ends(transaction, at)
        self.parts.transactions.end(transaction, reason, transaction.stop_id_tag, known, at, exact)
        self.parts.smart_charging.transaction_ended(transaction.number)
        self.context.timers.clear(Timer.OPENING, self.number)
        self.context.timers.clear(Timer.ENERGISE, self.number)
        set_finishing(self.state, self.state.plugged or self.state.held_for is not None)
        self.state.served = self.state.plugged
        self.on_ended(self.number)

    def set_served(self, served: bool) -> None:
        """Whether the car that is plugged in has had its transaction (free vend)."""
        self.state.served = served and self.state.plugged

    def forget_occupancy(self) -> None:
        """Not Finishing any more: out of service leads to Preparing, never back to Finishing (§4.9)."""
        set_finishing(self.state, False)

    # --- outage and shutdown ------------------------------------------------------------------------------------------

    def resume(self) -> None:
        """Only this process was away (or the board's, and the cable stayed): the transaction goes on."""
        state, transaction = self.state, self.state.transaction
        if transaction is None:
            return
        if transaction.stopping:
            self._await_opening()
            return
        self.parts.sampled_values.arm(transaction)
        began = transaction.began
        exchanged = began.boot == self.context.clock.boot_id and state.unplugged_at > began.mono
        if (not state.plugged or exchanged) and self._stops_when_unplugged():
            self.stop(Reason.EV_DISCONNECTED)

    def shut_down(self, reason: Reason | None) -> None:
        """The station goes down: no card waits any longer; the transaction ends where there is a reason."""
        self.state.token = None
        if reason is not None:
            self.stop(reason)
