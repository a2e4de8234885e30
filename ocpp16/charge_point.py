"""The root: hands each event to the part that it is for, and gathers the Step.

`step(now, event) -> Step` is the whole contract; `status`, `why` and the like only read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from ocpp16 import events as ev
from ocpp16 import views
from ocpp16.call_routing import CallRouter
from ocpp16.configuration.key_names import Key
from ocpp16.connector.connector import Connector
from ocpp16.messages.call_error import Refusal
from ocpp16.messages.types import Message
from ocpp16.parts import Parts
from ocpp16.product import Identity, Product
from ocpp16.records import LatchedFault, Record
from ocpp16.rpc.pending_calls import CallId, Postponed
from ocpp16.rpc.session import LinkLost, ReceivedFrame
from ocpp16.state.timers import Timer
from ocpp16.status.connector_status import LAMPS
from ocpp16.step import Link, Outlet, Step


class ChargePoint:
    """A Charge Point that touches nothing and reads no clock: see `Parts` for the arguments."""

    def __init__(
        self,
        product: Product,
        identity: Identity,
        first_values: Mapping[str, str],
        records: Iterable[Record],
        seed: int,
        boot_id: str,
        build_utc: float,
        free_vend: str = "",
    ) -> None:
        self.parts = Parts(
            product,
            identity,
            first_values,
            records,
            seed,
            boot_id,
            build_utc,
            answer_request=self._answer_request,
            free_vend=free_vend,
        )
        self._router = CallRouter(self.parts)
        self._last_link = Link()
        self._listeners = self._listeners_by_event()

    def _answer_request(self, action: str, request: Message, call_id: CallId) -> Message | Refusal | Postponed:
        return self._router(action, request, call_id)

    def _listeners_by_event(self) -> dict[type[ev.Event], Callable[[Any], None]]:
        """Which event is for which part: one row an event."""
        parts = self.parts
        return {
            ev.Tick: self._tick,
            ev.Started: self._started,
            ev.BoardAttached: parts.recovery.attached,
            ev.BoardReady: self._board_ready,
            ev.BoardLost: self._board_lost,
            ev.PilotChanged: parts.board_events.pilot_changed,
            ev.CableChanged: parts.board_events.cable_changed,
            ev.ContactorChanged: parts.board_events.contactor_changed,
            ev.MeterIdentified: parts.equipment.meter_identified,
            ev.SwitchingsCounted: parts.equipment.switchings_counted,
            ev.MeterSampled: parts.board_events.meter_sampled,
            ev.CardPresented: parts.card_routing.card_presented,
            ev.FaultChanged: self._fault_changed,
            ev.OfferAcked: parts.board_events.offer_acked,
            ev.BoardDone: parts.board_orders.board_done,
            ev.LinkUp: self._link_up,
            ev.LinkDown: self._link_down,
            ev.LinkQuiet: self._link_quiet,
            ev.FrameReceived: self._frame_received,
            ev.StoreChanged: self._store_changed,
            ev.SecuritySeen: parts.security.watch.seen,
            ev.MainsLost: parts.shutdown.mains_lost,
            ev.JobDone: self._job_done,
            ev.CertificateRead: parts.security.certificates.certificate_read,
            ev.KeyMade: parts.security.certificates.key_made,
            ev.ConfiguredRead: parts.security.certificates.configured,
            ev.ShutdownAsked: parts.shutdown.shutdown_asked,
            ev.SettingAsked: self._setting_asked,
            ev.StopAsked: parts.technician.stop_asked,
            ev.ResetAsked: parts.technician.reset_asked,
            ev.QueueAsked: parts.technician.queue_asked,
            ev.SelftestAsked: parts.technician.selftest_asked,
        }

    # --- the contract -----------------------------------------------------------------------------------------------

    def step(self, now: ev.Now, event: ev.Event) -> Step:
        """What `event` at `now` brings about.  After a `Restart` job every further step is empty.

        Offer, status and lamp are derived from the facts again after every event, so that none can be forgotten.
        """
        parts = self.parts
        context = parts.context
        context.now = now
        if parts.shutdown.finished:
            return Step(outlets=tuple(map(self._outlet, parts.connectors.values())))
        if context.clock.host_says(now):
            parts.clock_set()
        for timer, number, due in context.timers.take(now.mono):
            self._fire(timer, number, due)
        self._listeners[type(event)](event)
        parts.status_updates.update_connectors()
        if parts.free_vend.start_waiting_cars():
            parts.status_updates.update_connectors()
        parts.status_updates.update_station()
        parts.observe_cards()
        parts.security_events.tidy()
        parts.security.connection_sets.begin_if_ready()
        if not parts.security.connection_sets.switching:
            parts.session.pump()
        parts.security.notifications.pump()
        parts.shutdown.finish_if_done()
        return self._gather()

    def _fire(self, timer: Timer, connector: int, due: float) -> None:
        """Which timer is for which part."""
        parts = self.parts
        match timer:
            case Timer.BOOT:
                parts.registration.boot()
            case Timer.ANSWER:
                parts.session.timed_out()
            case Timer.HEARTBEAT:
                parts.registration.heartbeat.due()
            case Timer.PARKED:
                parts.parked_messages.due()
            case Timer.LAZY:
                parts.context.flush_lazy()
            case Timer.SAMPLE:
                parts.sampled_values.due(connector, due)
            case Timer.ALIGNED:
                parts.aligned_values.due(due)
            case Timer.PLUG_IN:
                parts.connectors[connector].plug_in_timed_out()
            case Timer.STATUS:
                parts.notifications.lasted(connector)
            case Timer.STATUS_AGAIN:
                parts.notifications.repeat(connector)
            case Timer.OPENING:
                parts.connectors[connector].opening_timed_out(due)
            case Timer.RESERVATION:
                parts.reservations.expired()
            case Timer.UPDATE:
                parts.firmware.due()
            case Timer.SIGNED_UPDATE:
                parts.security.signed_firmware.due()
            case Timer.UPLOAD:
                parts.diagnostics.due()
            case Timer.LOG_UPLOAD:
                parts.security.log_upload.due()
            case Timer.TRIAL:
                parts.security.connection_sets.due()
            case Timer.CERTIFICATES:
                parts.security.certificates.look()
            case Timer.FLOOR:
                parts.context.remember_time()
            case Timer.REPORT | Timer.SECURITY | Timer.ENERGISE | Timer.FREE_VEND | Timer.SCHEDULE | Timer.SHUTDOWN:
                """Each step derives what follows from the time."""

    def _gather(self) -> Step:
        """Take out what the parts have collected during this step."""
        context, session = self.parts.context, self.parts.session
        if context.writes:
            context.remember_time(with_others=True)
        frames, session.frames_out = tuple(session.frames_out), []
        notes, context.notes = tuple(context.notes), []
        jobs, context.jobs = tuple(context.jobs), []
        orders, context.orders = tuple(context.orders), []
        replies, context.replies = tuple(context.replies), []
        return Step(
            outlets=tuple(map(self._outlet, self.parts.connectors.values())),
            records=context.take_writes(),
            frames=frames,
            link=self._link(),
            jobs=jobs,
            orders=orders,
            replies=replies,
            notes=notes,
            wake_at=context.timers.earliest(),
        )

    def _link(self) -> Link:
        """The level of the link: nearly always that of the step before."""
        link = self._last_link
        ping_s, epoch = self.parts.configuration.number(Key.WebSocketPingInterval), self.parts.session.epoch
        dialled = self.parts.security.connection_sets.dialled
        if link.ping_interval_s != ping_s or link.epoch != epoch or link.connection_set != dialled:
            self._last_link = Link(True, ping_s, epoch, dialled)
        return self._last_link

    def _outlet(self, connector: Connector) -> Outlet:
        shown = self.parts.notifications.shown(connector.number)
        return connector.outlet("off" if shown is None else LAMPS[shown.status])

    # --- events for several parts -----------------------------------------------------------------------------------

    def _tick(self, event: ev.Event) -> None:
        """Only time: the timers have fired already."""

    def _started(self, event: ev.Started) -> None:
        parts, context = self.parts, self.parts.context
        parts.security.started(event)
        parts.recovery.report_problems(parts.checked)
        parts.reset.started(event.reset_failed)
        unit, clock = context.facts.unit, context.clock
        if unit.boot_id != clock.boot_id:
            context.save(replace(unit, boot_id=clock.boot_id, utc_offset=clock.offset), within_s=1.0)
        if clock.known:
            parts.clock_set()
        parts.recovery.started()
        parts.transactions.check_room()
        parts.firmware.started(event.reset_failed)
        parts.diagnostics.started()
        parts.security.resumed(event)

    def _job_done(self, event: ev.JobDone) -> None:
        self.parts.firmware.job_done(event)
        self.parts.diagnostics.job_done(event)
        self.parts.security.job_done(event)

    def _setting_asked(self, event: ev.SettingAsked) -> None:
        if self.parts.security.connection_keys.asks(event):
            self.parts.security.connection_keys.setting_asked(event)
        else:
            self.parts.technician.setting_asked(event)

    def _fault_changed(self, event: ev.FaultChanged) -> None:
        self.parts.security.watch.fault_changed(event)
        self.parts.board_events.fault_changed(event)

    def _store_changed(self, event: ev.StoreChanged) -> None:
        self.parts.board_events.store_changed(event)
        self.parts.security.watch.store_changed(event)

    def _board_ready(self, event: ev.BoardReady) -> None:
        self.parts.recovery.ready()
        self.parts.security.signed_firmware.health_changed()
        self.parts.smart_charging.drop_orphans()
        self.parts.free_vend.board_ready()

    def _board_lost(self, event: ev.BoardLost) -> None:
        self.parts.recovery.lost(event.reason)
        self.parts.board_orders.board_lost()
        self.parts.unlock_connector.board_lost()

    def _link_up(self, event: ev.LinkUp) -> None:
        parts = self.parts
        parts.session.link_up()
        parts.security.notifications.link_up()
        parts.context.note("link-up")
        parts.security.certificates.link_up(event)
        parts.registration.link_up()
        parts.security.connection_sets.link_up(event)
        if parts.registration.accepted:
            parts.parked_messages.connected()
            parts.notifications.report_changed()
            parts.firmware.send_status()
            parts.diagnostics.send_status()
            parts.security.accepted()

    def _link_down(self, event: ev.LinkDown) -> None:
        session, wait_s = self.parts.session, event.next_attempt_s
        again_at = None if wait_s is None else self.parts.context.now.mono + wait_s
        session.lost = LinkLost(event.stage, event.cause, again_at)
        if session.up:
            session.link_down()
            self.parts.transactions.disconnected()
        self.parts.security.link_down(event)
        self.parts.context.note("link-down", stage=event.stage, cause=event.cause)

    def _link_quiet(self, event: ev.LinkQuiet) -> None:
        self.parts.registration.heartbeat.prove()

    def _frame_received(self, event: ev.FrameReceived) -> None:
        self.parts.session.received = None
        if self.parts.session.up:
            self.parts.session.receive(event.text)

    @property
    def received(self) -> ReceivedFrame | None:
        """How the frame of the last FrameReceived was understood; None: it was not looked at, without a connection."""
        return self.parts.session.received

    # --- read-only questions ----------------------------------------------------------------------------------------

    def latched(self) -> list[LatchedFault]:
        """The faults that no restart clears: the board is sent them when it attaches."""
        return list(self.parts.context.facts.of(LatchedFault).values())

    def status(self, now: ev.Now) -> dict[str, object]:
        """`evsectl status`."""
        return views.status(self.parts, now)

    def why(self, now: ev.Now, connector: int | None = None) -> list[dict[str, object]]:
        """`evsectl why`: of one connector, or of each."""
        return views.why(self.parts, connector, now)

    def queue(self) -> list[dict[str, object]]:
        """`evsectl queue`."""
        return self.parts.queue_commands.rows()

    def transaction_rows(self) -> list[dict[str, object]]:
        """`evsectl transactions`."""
        context = self.parts.context
        now = context.stamp() if context.now.mono else None  # a store that is only read has no step, so no time
        return views.transactions(context.facts, self.parts.metering.readings, now)

    def certificate_rows(self, utc: float | None = None) -> list[dict[str, object]]:
        """`evsectl certs`; `utc`: of a store that is only read, which has no step and so no time."""
        return self.parts.security.certificates.rows(utc)

    def configuration_rows(self) -> list[dict[str, object]]:
        """`evsectl config`."""
        return self.parts.configuration.rows()
