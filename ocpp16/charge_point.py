"""The root: routes each event and CALL to its owner, introduces the parts to each other, gathers the Step.

`step(now, event) -> Step` is the whole contract; `views.py` answers those who only look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import msgspec
from msgspec.structs import replace

from ocpp16 import events as ev
from ocpp16 import views
from ocpp16.attach import Attachment
from ocpp16.clock import Clock
from ocpp16.connector import Connector, Parts
from ocpp16.context import Context, Facts
from ocpp16.desk import Desk
from ocpp16.messages import core as words
from ocpp16.messages.types import Reason
from ocpp16.product import Identity, Product
from ocpp16.profiles.core.authorization import Authorization
from ocpp16.profiles.core.availability import Availability
from ocpp16.profiles.core.configuration import Configuration
from ocpp16.profiles.core.metering import Metering
from ocpp16.profiles.core.notifications import Notifications
from ocpp16.profiles.core.registration import Registration
from ocpp16.profiles.core.transactions import Transactions
from ocpp16.reader import Reader
from ocpp16.records import LatchedFault, Record
from ocpp16.remote_control import SHUTDOWN_S, RemoteControl
from ocpp16.rpc.payload import Refusal
from ocpp16.rpc.reports import Reports
from ocpp16.rpc.session import Postponed, Session
from ocpp16.status import LAMPS, connector_status, fault_of, station_status
from ocpp16.step import Link, Outlet, Reply, Step
from ocpp16.timers import Key, Timer

FLOOR_S = 3600.0
"""How often the time is remembered where nothing else is written."""
FLOOR_WITH_OTHERS_S = 60.0
"""How old the remembered time may be when something else is written anyway."""


class ChargePoint:
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
        self.product = product
        self.identity = identity
        facts = Facts(records)
        unit = facts.unit
        offset = unit.utc_offset if unit.boot_id == boot_id else None
        self.context = Context(facts, Clock(boot_id, max(build_utc, unit.floor_utc), offset))
        self.reports = Reports(self.context)
        self.session = Session(self.context, self.reports, seed)
        self.configuration = Configuration(self.context, product, first_values)
        self.registration = Registration(self.context, self.session, self.configuration, product, identity)
        self.authorization = Authorization(self.context, self.session, self.configuration, product)
        self.transactions = Transactions(self.context, self.reports, self.authorization)
        self.metering = Metering(self.context, self.configuration, self.transactions, product)
        self.availability = Availability(self.context, product.connectors)
        self.notifications = Notifications(self.context, self.session, self.configuration, identity.vendor)
        self.station_faults: dict[str, str] = {}
        parts = Parts(self.context, self.configuration, self.authorization, self.transactions, self.metering, product)
        self.connectors = {n: Connector(n, parts, self.station_faults) for n in range(1, product.connectors + 1)}
        self.remote = RemoteControl(
            self.context,
            self.session,
            self.reports,
            self.configuration,
            self.registration,
            self.connectors,
            identity.vendor,
        )
        self.attachment = Attachment(
            self.context, product, self.configuration, self.metering, self.connectors, self.station_faults
        )
        self.reader = Reader(self.context, self.connectors, self.remote)
        self.desk = Desk(
            self.context, self.configuration, self.transactions, self.attachment, self.remote, self.connectors
        )
        self._introduce()

    def _introduce(self) -> None:
        """Who hears whom: the only place that knows all the parts."""
        self.session.answer_request = self._answer
        self.session.message_timeout_s = partial(self.configuration.number, "MessageTimeout")
        self.reports.attempts_allowed = partial(self.configuration.number, "TransactionMessageAttempts")
        self.reports.retry_interval_s = partial(self.configuration.number, "TransactionMessageRetryInterval")
        self.registration.on_accepted = self._accepted
        self.registration.on_clock = self._clock_set
        self.transactions.on_verdict = self._judged
        self.metering.offered_amps = self._offered_amps
        self.availability.is_busy = self._is_busy
        self.availability.on_changed = self._availability_changed
        for connector in self.connectors.values():
            connector.on_ended = self._connector_ended
        self._requests: dict[str, Callable[[Any], Any]] = {
            "ChangeAvailability": self.availability.on_change_availability,
            "ChangeConfiguration": self.configuration.on_change_configuration,
            "ClearCache": self.authorization.on_clear_cache,
            "DataTransfer": self.remote.on_data_transfer,
            "GetConfiguration": self.configuration.on_get_configuration,
            "RemoteStartTransaction": self.remote.on_remote_start,
            "RemoteStopTransaction": self.remote.on_remote_stop,
            "Reset": self.remote.on_reset,
        }
        self._events: dict[type[ev.Event], Callable[[Any], None]] = {
            ev.Tick: self._tick,
            ev.Started: self._started,
            ev.BoardAttached: self.attachment.attached,
            ev.BoardReady: self._board_ready,
            ev.BoardLost: self._board_lost,
            ev.PilotChanged: self._pilot_changed,
            ev.CableChanged: self._cable_changed,
            ev.ContactorChanged: self._contactor_changed,
            ev.MeterSampled: self._meter_sampled,
            ev.CardPresented: self.reader.card_presented,
            ev.FaultChanged: self._fault_changed,
            ev.OfferAcked: self._offer_acked,
            ev.BoardDone: self._board_done,
            ev.LinkUp: self._link_up,
            ev.LinkDown: self._link_down,
            ev.FrameReceived: self._frame_received,
            ev.StoreChanged: self._store_changed,
            ev.MainsLost: self._mains_lost,
            ev.JobDone: self._tick,
            ev.ShutdownAsked: self._shutdown_asked,
            ev.SettingAsked: self.desk.setting_asked,
            ev.StopAsked: self.desk.stop_asked,
            ev.ResetAsked: self.desk.reset_asked,
            ev.QueueAsked: self.desk.queue_asked,
            ev.SelftestAsked: self.desk.selftest_asked,
        }

    # --- the contract -----------------------------------------------------------------------------------------------------

    def step(self, now: ev.Now, event: ev.Event) -> Step:
        """What `event` at `now` brings about.  After a `Restart` job this life is over: every further step is empty."""
        context = self.context
        context.now = now
        if self.remote.gone:
            return Step(outlets=self._outlets())
        if context.clock.host_says(now):
            self._clock_set()
        for timer, number, due in self._ripe(now.mono):
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

    def _ripe(self, mono: float) -> list[tuple[Timer, int, float]]:
        earliest = self.context.timers.earliest()
        if earliest is None or earliest > mono:
            return []
        table = self.context.timers.table()
        keys: list[Key] = self.context.timers.take(mono)
        return [(timer, connector, table[timer, connector]) for timer, connector in keys]

    def _fire(self, timer: Timer, connector: int, due: float) -> None:
        match timer:
            case Timer.BOOT:
                self.registration.boot()
            case Timer.ANSWER:
                self.session.timed_out()
            case Timer.HEARTBEAT:
                self.registration.heartbeat_due()
            case Timer.LAZY:
                self.context.flush_lazy()
            case Timer.SAMPLE:
                self.metering.sample_due(connector, due)
            case Timer.ALIGNED:
                self.metering.aligned_due(due)
            case Timer.PLUG_IN:
                self.connectors[connector].plug_in_timed_out()
            case Timer.STATUS:
                self.notifications.lasted(connector)
            case Timer.OPENING:
                self.connectors[connector].opening_timed_out()
            case Timer.FLOOR:
                self._remember_time(FLOOR_S)
            case Timer.REPORT | Timer.ENERGISE | Timer.LAST_WORD:
                """What follows is asked for after every step anyway."""

    def _follow(self, connector: Connector) -> None:
        """What follows from the connector's facts as they are now."""
        transaction = connector.transaction
        if transaction is None:
            self.availability.apply_scheduled(connector.number, free=not self._is_busy(connector.number))
        waits = transaction is not None and transaction.start == "waiting"
        start_seq = transaction.start_seq if waits and transaction is not None else None
        self.notifications.update(connector.number, connector_status(connector.view()), start_seq)

    def _gather(self) -> Step:
        context = self.context
        if context.writes:
            self._remember_time(FLOOR_WITH_OTHERS_S)
        session = self.session
        frames, session.frames_out = tuple(session.frames_out), []
        notes, context.notes = tuple(context.notes), []
        jobs, context.jobs = tuple(context.jobs), []
        orders, context.orders = tuple(context.orders), []
        replies, context.replies = tuple(context.replies), []
        return Step(
            outlets=self._outlets(),
            records=context.take_writes(),
            frames=frames,
            link=Link(True, self.configuration.number("WebSocketPingInterval"), session.epoch),
            jobs=jobs,
            orders=orders,
            replies=replies,
            notes=notes,
            wake_at=context.timers.earliest(),
        )

    def _outlets(self) -> tuple[Outlet, ...]:
        outlets = []
        for number, connector in self.connectors.items():
            shown = self.notifications.shown(number)
            amps = connector.offered_amps()
            assert amps == 0.0 or connector.transaction is not None  # no energy without a transaction
            outlets.append(
                Outlet(
                    connector=number,
                    offered_amps=amps,
                    locked=connector.locked(),
                    in_service=connector.operative,
                    lamp="off" if shown is None else LAMPS[shown.status],
                )
            )
        return tuple(outlets)

    def _remember_time(self, at_least_s: float) -> None:
        utc = self.context.utc
        if utc is None:
            return
        if utc - self.context.facts.unit.floor_utc >= at_least_s:
            self.context.save_unit(floor_utc=float(int(utc)))
        self.context.timers.set(Timer.FLOOR, self.context.now.mono + FLOOR_S)

    # --- CALLs of the Central System ------------------------------------------------------------------------------------------

    def _answer(self, action: str, request: msgspec.Struct, call_id: str) -> msgspec.Struct | Refusal | Postponed:
        if isinstance(request, words.UnlockConnectorReq):
            return self.remote.on_unlock(request, call_id)
        answer = self._requests.get(action)
        if answer is None:  # known to OCPP, not to this product
            return Refusal("NotSupported", f"{action} is not supported by this station")
        result: msgspec.Struct | Refusal = answer(request)
        return result

    # --- what the parts tell each other -----------------------------------------------------------------------------------------

    def _accepted(self) -> None:
        self.notifications.tell_all()

    def _clock_set(self) -> None:
        self.transactions.settle_clock()
        self.metering.arm_aligned()
        self._remember_time(FLOOR_S)

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

    # --- events -----------------------------------------------------------------------------------------------------------------

    def _tick(self, event: ev.Event) -> None:
        """Only time: the timers have run already."""

    def _started(self, event: ev.Started) -> None:
        clock = self.context.clock
        if self.context.facts.unit.boot_id != clock.boot_id:
            self.context.save(
                replace(self.context.facts.unit, boot_id=clock.boot_id, utc_offset=clock.offset), within_s=1.0
            )
        if clock.known:
            self._clock_set()

    def _board_ready(self, event: ev.BoardReady) -> None:
        self.attachment.ready()

    def _board_lost(self, event: ev.BoardLost) -> None:
        self.attachment.lost(event.reason)
        self.remote.board_lost()

    def _pilot_changed(self, event: ev.PilotChanged) -> None:
        if (connector := self.connectors.get(event.connector)) is not None:
            connector.pilot_changed(event)
            self.reader.plug_takes_waiting_card(connector)

    def _cable_changed(self, event: ev.CableChanged) -> None:
        if (connector := self.connectors.get(event.connector)) is not None:
            connector.cable_changed(event)

    def _contactor_changed(self, event: ev.ContactorChanged) -> None:
        if (connector := self.connectors.get(event.connector)) is not None:
            connector.contactor_changed(event)

    def _meter_sampled(self, event: ev.MeterSampled) -> None:
        if (connector := self.connectors.get(event.connector)) is not None:
            connector.meter_sampled(event)

    def _fault_changed(self, event: ev.FaultChanged) -> None:
        if event.connector is not None and event.connector not in self.connectors:
            return
        faults = self.station_faults if event.connector is None else self.connectors[event.connector].faults
        if (event.code in faults) == event.on:
            return
        name = f"{event.connector or 0}/{event.code}"
        if event.on:
            faults[event.code] = event.detail
            if event.latched:
                self.context.save(
                    LatchedFault(name=name, connector=event.connector or 0, code=event.code, detail=event.detail)
                )
        else:
            faults.pop(event.code, None)
            if name in self.context.facts.of(LatchedFault):
                self.context.delete(LatchedFault, name)
        fault = fault_of(event.code)
        self.context.note(
            "fault-on" if event.on else "fault-off",
            connector=event.connector or 0,
            fault=event.code,
            why=fault.why,
            remedy=fault.remedy,
            detail=event.detail,
        )
        self._faults_changed(event.connector)

    def _faults_changed(self, number: int | None) -> None:
        for connector in self.connectors.values() if number is None else [self.connectors[number]]:
            connector.faults_changed()

    def _offer_acked(self, event: ev.OfferAcked) -> None:
        if (connector := self.connectors.get(event.connector)) is not None:
            connector.signalled_amps, connector.signalled_why = event.amps, event.why

    def _board_done(self, event: ev.BoardDone) -> None:
        self.remote.order_done(event.ref, event.ok, event.detail)

    def _link_up(self, event: ev.LinkUp) -> None:
        self.session.link_up()
        self.context.note("link-up")
        self.registration.link_up()
        if self.registration.accepted:
            self.notifications.tell_changed()

    def _link_down(self, event: ev.LinkDown) -> None:
        if self.session.up:
            self.session.link_down()
        self.context.note("link-down", stage=event.stage, cause=event.cause)

    def _frame_received(self, event: ev.FrameReceived) -> None:
        if self.session.up:
            self.session.receive(event.text)

    def _store_changed(self, event: ev.StoreChanged) -> None:
        """Below the watermark, or nothing can be written: nothing new begins, what runs ends, and it says so."""
        before = set(self.station_faults)
        self.context.writable = event.state != "unwritable"
        if event.state == "ok":
            self.station_faults.pop("store-full", None)
        else:
            self.station_faults["store-full"] = event.detail
        if before != set(self.station_faults):
            self.context.note("store-" + event.state, detail=event.detail)
            self._faults_changed(None)

    def _mains_lost(self, event: ev.MainsLost) -> None:
        self.context.note("mains-lost")
        if self.product.stops_before_power_loss:  # AQ-7.1
            for connector in self.connectors.values():
                connector.token = None
                connector.stop(Reason.POWER_LOSS)

    def _shutdown_asked(self, event: ev.ShutdownAsked) -> None:
        self.remote.leave("Exit", SHUTDOWN_S if event.ends_charge else 1.0, event.ends_charge)

    # --- for those who only look ------------------------------------------------------------------------------------------------

    def latched(self) -> list[LatchedFault]:
        """To be told to the board at attach."""
        return list(self.context.facts.of(LatchedFault).values())

    def status(self, now: ev.Now) -> dict[str, object]:
        return views.status(self, now)

    def why(self, now: ev.Now, connector: int | None = None) -> list[dict[str, object]]:
        return views.why(self, connector)

    def queue(self) -> list[dict[str, object]]:
        return self.transactions.queue()

    def transaction_rows(self) -> list[dict[str, object]]:
        return views.transactions(self.context.facts)

    def configuration_rows(self) -> list[dict[str, object]]:
        return self.configuration.rows()
