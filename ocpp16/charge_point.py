"""The root: routes each event and CALL to its owner, introduces the parts to each other, gathers the Step.

`step(now, event) -> Step` is the whole contract; `views.py` answers those who only look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from msgspec.structs import replace

from ocpp16 import events as ev
from ocpp16 import views
from ocpp16.call_routing import CallRouter
from ocpp16.configuration.key_names import Key
from ocpp16.connector.connector import Connector
from ocpp16.introductions import Introductions
from ocpp16.messages.types import ChargePointErrorCode
from ocpp16.messages.types import ChargePointStatus as Status
from ocpp16.product import Identity, Product
from ocpp16.records import LatchedFault, Record
from ocpp16.state.timers import Timer
from ocpp16.status.connector_status import LAMPS, connector_status, station_status
from ocpp16.step import Link, Outlet, Step
from ocpp16.triggers import Triggers


class ChargePoint(Introductions):
    """A Charge Point without hands or clock.

    `first_values`: `[ocpp]` of the station's file, right by `check_first_value`.  `records`: all that the store held.
    `boot_id`: the kernel's.  `build_utc`: no timestamp ever lies before it.
    """

    def __init__(
        self,
        product: Product,
        identity: Identity,
        first_values: Mapping[str, str],
        records: Iterable[Record],
        seed: int,
        boot_id: str,
        build_utc: float,
    ) -> None:
        super().__init__(product, identity, first_values, records, seed, boot_id, build_utc)
        self._reset_failed = False
        self._introduce()

    def _introduce(self) -> None:
        """Who hears whom: the only place that knows all the parts."""
        self.session.answer_request = CallRouter(self)
        self.session.message_timeout_s = partial(self.configuration.number, Key.MessageTimeout)
        self.reports.attempts_allowed = partial(self.configuration.number, Key.TransactionMessageAttempts)
        self.reports.retry_interval_s = partial(self.configuration.number, Key.TransactionMessageRetryInterval)
        self.registration.on_accepted = self._accepted
        self.registration.on_clock = self._clock_set
        self.transactions.on_verdict = self._judged
        self.metering.offered_amps = self._offered_amps
        self.metering.on_register_low = self.board.register_low
        self.availability.is_busy = self._is_busy
        self.availability.on_changed = self._availability_changed
        for connector in self.connectors.values():
            connector.on_ended = self._connector_ended
        self._introduce_profiles()
        self.trigger.messages = Triggers(self).table()
        self._events = self._listeners()

    def _listeners(self) -> dict[type[ev.Event], Callable[[Any], None]]:
        """Who hears which event."""
        return {
            ev.Tick: self._tick,
            ev.Started: self._started,
            ev.BoardAttached: self.attachment.attached,
            ev.BoardReady: self._board_ready,
            ev.BoardLost: self._board_lost,
            ev.PilotChanged: self.board.pilot_changed,
            ev.CableChanged: self.board.cable_changed,
            ev.ContactorChanged: self.board.contactor_changed,
            ev.MeterSampled: self.board.meter_sampled,
            ev.CardPresented: self.reader.card_presented,
            ev.FaultChanged: self.board.fault_changed,
            ev.OfferAcked: self.board.offer_acked,
            ev.BoardDone: self.remote.board_done,
            ev.LinkUp: self._link_up,
            ev.LinkDown: self._link_down,
            ev.FrameReceived: self._frame_received,
            ev.StoreChanged: self.board.store_changed,
            ev.MainsLost: self.remote.mains_lost,
            ev.JobDone: self._job_done,
            ev.ShutdownAsked: self.remote.shutdown_asked,
            ev.SettingAsked: self.desk.setting_asked,
            ev.StopAsked: self.desk.stop_asked,
            ev.ResetAsked: self.desk.reset_asked,
            ev.QueueAsked: self.desk.queue_asked,
            ev.SelftestAsked: self.desk.selftest_asked,
        }

    # --- the contract -----------------------------------------------------------------------------------------------

    def step(self, now: ev.Now, event: ev.Event) -> Step:
        """What `event` at `now` brings about.  After a `Restart` job this life is over: every further step is empty."""
        context = self.context
        context.now = now
        if self.remote.gone:
            return Step(outlets=tuple(map(self._outlet, self.connectors.values())))
        if context.clock.host_says(now):
            self._clock_set()
        for timer, number, due in context.timers.take(now.mono):
            self._fire(timer, number, due)
        self._events[type(event)](event)
        for connector in self.connectors.values():
            self._follow(connector)
        self.notifications.update(
            0, station_status(tuple(self.station_faults), self.availability.row(0).operative), None
        )
        self.session.pump()
        self.remote.leave_if_done()
        return self._gather()

    def _fire(self, timer: Timer, connector: int, due: float) -> None:
        match timer:
            case Timer.BOOT:
                self.registration.boot()
            case Timer.ANSWER:
                self.session.timed_out()
            case Timer.HEARTBEAT:
                self.registration.heartbeat.due()
            case Timer.LAZY:
                self.context.flush_lazy()
            case Timer.SAMPLE:
                self.sampled_values.due(connector, due)
            case Timer.ALIGNED:
                self.aligned_values.due(due)
            case Timer.PLUG_IN:
                self.connectors[connector].plug_in_timed_out()
            case Timer.STATUS:
                self.notifications.lasted(connector)
            case Timer.OPENING:
                self.connectors[connector].opening_timed_out()
            case Timer.RESERVATION:
                self.reservations.expired()
            case Timer.UPDATE:
                self.firmware.due()
            case Timer.UPLOAD:
                self.diagnostics.due()
            case Timer.FLOOR:
                self.context.remember_time()
            case Timer.REPORT | Timer.ENERGISE | Timer.SCHEDULE | Timer.LAST_WORD:
                """What follows is asked for after every step anyway."""

    def _follow(self, connector: Connector) -> None:
        """What follows from the connector's facts as they are now."""
        transaction = connector.transaction
        if transaction is None and connector.ready:  # before that nobody knows whether a car is there
            self.availability.apply_scheduled(connector.number, free=not self._is_busy(connector.number))
        if not connector.ready and not connector.faulted:
            return  # what happened while we were away is not decided yet: no word about it
        shown = connector_status(connector.view())
        brought_about = shown.status in (Status.CHARGING, Status.SUSPENDED_EV, Status.SUSPENDED_EVSE)
        waits = brought_about and transaction is not None and transaction.start == "waiting"
        start_seq = transaction.start_seq if waits and transaction is not None else None
        if shown.status in (Status.FAULTED, Status.UNAVAILABLE):
            self.reservations.connector_lost(connector.number)
        self.notifications.update(connector.number, shown, start_seq)

    def _gather(self) -> Step:
        context = self.context
        if context.writes:
            self.context.remember_time(with_others=True)
        session = self.session
        frames, session.frames_out = tuple(session.frames_out), []
        notes, context.notes = tuple(context.notes), []
        jobs, context.jobs = tuple(context.jobs), []
        orders, context.orders = tuple(context.orders), []
        replies, context.replies = tuple(context.replies), []
        return Step(
            outlets=tuple(map(self._outlet, self.connectors.values())),
            records=context.take_writes(),
            frames=frames,
            link=Link(True, self.configuration.number(Key.WebSocketPingInterval), session.epoch),
            jobs=jobs,
            orders=orders,
            replies=replies,
            notes=notes,
            wake_at=context.timers.earliest(),
        )

    def _outlet(self, connector: Connector) -> Outlet:
        shown = self.notifications.shown(connector.number)
        return connector.outlet("off" if shown is None else LAMPS[shown.status])

    # --- what the parts tell each other -----------------------------------------------------------------------------

    def _accepted(self) -> None:
        self.notifications.tell_all()
        if self._reset_failed:  # told once, and after the statuses
            self._reset_failed = False
            self.notifications.warn(ChargePointErrorCode.RESET_FAILURE, "the unit could not be rebooted")
        self.firmware.tell()
        self.diagnostics.tell()

    def _clock_set(self) -> None:
        self.transactions.chronology.settle()
        self.smart.changed()
        self.reservations.expired()
        self.firmware.arm()
        self.aligned_values.arm()
        self.context.remember_time()
        for connector in self.connectors.values():
            self._follow(connector)  # what ran out in the dark is not told as if it were still there

    def _judged(self, transaction: Any, verdict: Any) -> None:
        self.connectors[transaction.connector].judged(transaction, verdict)

    def _offered_amps(self, number: int) -> float:
        return self.connectors[number].offered_amps()

    def _is_busy(self, number: int) -> bool:
        connector = self.connectors[number]
        taken = connector.token is not None or connector.asking is not None or connector.transaction is not None
        return taken or ((connector.plugged or connector.finishing) and not connector.faulted and connector.operative)

    def _availability_changed(self, number: int, operative: bool) -> None:
        if number > 0:
            if not operative:
                self.connectors[number].forget_occupancy()
            self.connectors[number].begin_if_ready()

    def _connector_ended(self, number: int) -> None:
        self.availability.apply_scheduled(number, free=True)
        self.remote.connector_ended(number)
        self.firmware.transaction_ended()

    # --- events -----------------------------------------------------------------------------------------------------

    def _tick(self, event: ev.Event) -> None:
        """Only time: the timers have run already."""

    def _started(self, event: ev.Started) -> None:
        self._reset_failed = event.reset_failed
        unit, clock = self.context.facts.unit, self.context.clock
        if unit.boot_id != clock.boot_id:
            self.context.save(replace(unit, boot_id=clock.boot_id, utc_offset=clock.offset), within_s=1.0)
        if clock.known:
            self._clock_set()
        self.attachment.started()
        self.firmware.started(event.reset_failed)
        self.diagnostics.started()

    def _job_done(self, event: ev.JobDone) -> None:
        self.firmware.job_done(event)
        self.diagnostics.job_done(event)

    def _board_ready(self, event: ev.BoardReady) -> None:
        self.attachment.ready()
        self.smart.drop_orphans()

    def _board_lost(self, event: ev.BoardLost) -> None:
        self.attachment.lost(event.reason)
        self.remote.board_lost()

    def _link_up(self, event: ev.LinkUp) -> None:
        self.session.link_up()
        self.context.note("link-up")
        self.registration.link_up()
        if self.registration.accepted:
            self.notifications.tell_changed()
            self.firmware.tell()
            self.diagnostics.tell()

    def _link_down(self, event: ev.LinkDown) -> None:
        if self.session.up:
            self.session.link_down()
        self.context.note("link-down", stage=event.stage, cause=event.cause)

    def _frame_received(self, event: ev.FrameReceived) -> None:
        if self.session.up:
            self.session.receive(event.text)

    # --- for those who only look ------------------------------------------------------------------------------------

    def latched(self) -> list[LatchedFault]:
        """To be told to the board at attach."""
        return list(self.context.facts.of(LatchedFault).values())

    def status(self, now: ev.Now) -> dict[str, object]:
        return views.status(self, now)

    def why(self, now: ev.Now, connector: int | None = None) -> list[dict[str, object]]:
        return views.why(self, connector)

    def queue(self) -> list[dict[str, object]]:
        return self.queue_desk.rows()

    def transaction_rows(self) -> list[dict[str, object]]:
        return views.transactions(self.context.facts, self.metering.readings)

    def configuration_rows(self) -> list[dict[str, object]]:
        return self.configuration.rows()
