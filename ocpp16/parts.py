"""All parts of a Charge Point: made in the order in which they need each other, and wired, on this one page.

A part gets the parts below it, and what it must call above itself as a function: a method of this page.  So every wire
is a constructor argument, and the type checker finds a forgotten one.  Profiles never know each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from ocpp16.configuration.configuration import Configuration
from ocpp16.configuration.key_names import Key
from ocpp16.connector.connector import Connector
from ocpp16.connector.state import ConnectorParts
from ocpp16.messages.types import ChargePointErrorCode, ChargingProfile, IdTagInfo
from ocpp16.product import Identity, Product
from ocpp16.profiles.core.authorization import Authorization
from ocpp16.profiles.core.availability import ChangeAvailability
from ocpp16.profiles.core.clock_aligned_values import ClockAlignedValues
from ocpp16.profiles.core.meter_readings import Contactor, MeterReadings
from ocpp16.profiles.core.meter_values import MeterValues
from ocpp16.profiles.core.parked_messages import ParkedMessages
from ocpp16.profiles.core.registration import Registration
from ocpp16.profiles.core.sampled_values import SampledValues
from ocpp16.profiles.core.status_notification import Notifications
from ocpp16.profiles.core.stop_transaction_data import StopTransactionData
from ocpp16.profiles.core.transaction_messages import TransactionMessages
from ocpp16.profiles.core.transaction_records import TransactionRecords
from ocpp16.profiles.firmware_management.diagnostics import Diagnostics
from ocpp16.profiles.firmware_management.firmware import UpdateFirmware
from ocpp16.profiles.local_auth_list import LocalAuthList
from ocpp16.profiles.reservation import ConnectorUse, Reservations
from ocpp16.profiles.security.security_events import SecurityEvent, SecurityEvents
from ocpp16.profiles.smart_charging.charging_profiles import SmartCharging
from ocpp16.profiles.smart_charging.composite_schedule import CompositeSchedule
from ocpp16.profiles.smart_charging.limits import ChargingLimits, Hardware
from ocpp16.record_checks import checked
from ocpp16.records import Record, Transaction
from ocpp16.rpc.session import AnswerRequest, Session
from ocpp16.rpc.transaction_queue import QueueKey, TransactionQueue
from ocpp16.security_parts import SecurityParts
from ocpp16.state.active_faults import ActiveFaults
from ocpp16.state.context import Context
from ocpp16.state.facts import Facts
from ocpp16.state.id_tags import Verdict
from ocpp16.state.utc_clock import Clock
from ocpp16.station.board_events import BoardEvents
from ocpp16.station.board_orders import BoardOrders
from ocpp16.station.card_limit import CardLimit
from ocpp16.station.card_routing import CardRouting
from ocpp16.station.data_transfer import DataTransfer
from ocpp16.station.equipment import EquipmentRecords
from ocpp16.station.free_vend import FreeVend
from ocpp16.station.queue_commands import QueueCommands
from ocpp16.station.recovery import Recovery
from ocpp16.station.remote_control import RemoteControl
from ocpp16.station.reset import Reset
from ocpp16.station.shutdown import RESET_S, Shutdown
from ocpp16.station.status_updates import StatusUpdates
from ocpp16.station.technician import Technician
from ocpp16.station.unlock_connector import UnlockConnector


class Parts:
    """The parts by name.

    `first_values`: `[ocpp]` of the station's file, valid by `check_first_value`.  `records`: all that the store held.
    `boot_id`: the kernel's.  `build_utc`: seconds since 1970, no timestamp lies before it.
    `free_vend`: the idTag under which a plugged-in car charges without a card; "": none.
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
        answer_request: AnswerRequest,
        free_vend: str = "",
    ) -> None:
        self.free_vend_tag = free_vend
        self.product = product
        self.identity = identity
        self.checked = checked(records)
        self.context = _context(Facts(self.checked.records), boot_id, build_utc)
        self.configuration = Configuration(self.context, product, first_values)
        self.security_events = SecurityEvents(self.context, product.security_extension)
        self.station_faults = ActiveFaults()
        self._make_session(seed, answer_request)
        self._make_core()
        self._make_metering()
        self._make_profiles()
        self._make_security()
        self._make_connectors()
        self._make_station()
        self._make_commands()

    def _make_session(self, seed: int, answer_request: AnswerRequest) -> None:
        """The conversation with the Central System."""
        number = self.configuration.number
        self.transaction_messages = TransactionMessages(self.context)
        self.transaction_queue = TransactionQueue(
            self.context,
            build=self.transaction_messages.build,
            on_confirmed=self._message_confirmed,
            on_parked=self._message_parked,
            on_judged=self._card_judged,
            attempts_allowed=partial(number, Key.TransactionMessageAttempts),
            retry_interval_s=partial(number, Key.TransactionMessageRetryInterval),
        )
        self.session = Session(
            self.context,
            self.transaction_queue,
            seed,
            answer_request=answer_request,
            message_timeout_s=partial(number, Key.MessageTimeout),
            max_frame_bytes=self.product.frame_bytes,
            on_invalid=partial(self.security_events.record, SecurityEvent.INVALID_MESSAGES),
            on_replay=partial(self.security_events.record, SecurityEvent.REPLAY),
            on_answered=self._call_answered,
        )

    def _make_core(self) -> None:
        """Core, and the list that authorization reads first."""
        context, session, configuration, product = self.context, self.session, self.configuration, self.product
        self.registration = Registration(
            context,
            session,
            configuration,
            product,
            self.identity,
            on_accepted=self._accepted,
            on_clock=self._clock_moved,
        )
        self.notifications = Notifications(context, session, configuration, self.identity.vendor)
        self.local_list = LocalAuthList(
            context,
            product,
            switched_on=partial(configuration.flag, Key.LocalAuthListEnabled),
            on_reconciled=self.notifications.no_warning,
        )
        self.authorization = Authorization(
            context, session, configuration, product, local_list=self.local_list.lookup, on_conflict=self._list_conflict
        )
        self.transactions = TransactionRecords(
            context,
            self.transaction_queue,
            self.authorization,
            self.transaction_messages,
            is_connected=self._is_accepted,
            on_verdict=self._verdict_received,
            on_full=self._queue_full,
        )
        self.parked_messages = ParkedMessages(
            context, self.transaction_queue, self.transactions, is_connected=self._is_accepted
        )
        self.availability = ChangeAvailability(
            context, product.connectors, is_busy=self._is_busy, on_changed=self._availability_changed
        )

    def _make_metering(self) -> None:
        """Meter readings, and the values that are sampled from them."""
        context, configuration = self.context, self.configuration
        chronology = self.transactions.chronology
        self.metering = MeterReadings(
            context,
            self.transactions,
            self.product,
            offered_amps=self._offered_amps,
            contactor=self._contactor,
            on_register_low=self._register_low,
        )
        self.meter_values = MeterValues(context, configuration, self.transactions, self.metering)
        stop_data = StopTransactionData(context, configuration, self.metering)
        self.sampled_values = SampledValues(context, configuration, chronology, self.meter_values, stop_data)
        self.aligned_values = ClockAlignedValues(
            context, configuration, chronology, self.metering, self.meter_values, stop_data
        )

    def _make_profiles(self) -> None:
        """Reservation, SmartCharging, FirmwareManagement."""
        context, product = self.context, self.product
        self.reservations = Reservations(context, product, uses=self._uses)
        self.limits = ChargingLimits(context, product, hardware=self._hardware)
        self.smart_charging = SmartCharging(
            context, product, self.limits, waiting=self._waiting_profiles, drop_waiting=self._drop_waiting_profile
        )
        self.composite_schedule = CompositeSchedule(context, product, self.limits)
        self.firmware = UpdateFirmware(
            context,
            self.session,
            product,
            is_charging=self._is_charging,
            reboot=self._reboot,
            on_open=self._connectors_open,
        )
        self.diagnostics = Diagnostics(context, self.session)

    def _make_security(self) -> None:
        """The security extension."""
        self.security = SecurityParts(
            self.context,
            self.session,
            self.transaction_queue,
            self.configuration,
            self.registration,
            self.product,
            self.identity,
            self.security_events,
            is_connected=self._is_accepted,
            is_leaving=self._is_leaving,
            is_charging=self._is_charging,
            is_healthy=self._is_healthy,
            reboot=self._reboot,
            on_open=self._connectors_open,
        )

    def _make_connectors(self) -> None:
        """Connector 1 to N, and the status that follows from them."""
        parts = ConnectorParts(
            context=self.context,
            product=self.product,
            configuration=self.configuration,
            authorization=self.authorization,
            registration=self.registration,
            transactions=self.transactions,
            metering=self.metering,
            sampled_values=self.sampled_values,
            reservations=self.reservations,
            limits=self.limits,
            smart_charging=self.smart_charging,
            firmware_closes=self._firmware_closes,
            station_faults=self.station_faults,
            free_vend=self.free_vend_tag,
        )
        numbers = range(1, self.product.connectors + 1)
        self.connectors = {
            number: Connector(number, parts, self._connector_ended, self._connector_waits) for number in numbers
        }
        self.status_updates = StatusUpdates(
            self.availability, self.reservations, self.notifications, self.connectors, self.station_faults
        )

    def _make_station(self) -> None:
        """The board, the cards, the way down."""
        context, product, connectors = self.context, self.product, self.connectors
        self.board_orders = BoardOrders(context)
        self.shutdown = Shutdown(
            context, self.session, self.transaction_queue, self.configuration, self.registration, connectors, product
        )
        self.recovery = Recovery(
            context, product, self.configuration, self.metering, self.transactions, connectors, self.station_faults
        )
        self.equipment = EquipmentRecords(context, self.metering, self.recovery, connectors)
        self.card_limit = CardLimit(context, self.security_events)
        self.card_routing = CardRouting(
            context,
            product,
            self.configuration,
            self.registration,
            self.authorization,
            self.reservations,
            self.smart_charging,
            connectors,
            self.shutdown,
            self.card_limit,
        )
        self.free_vend = FreeVend(
            context,
            self.authorization,
            self.reservations,
            self.transactions,
            connectors,
            self.shutdown,
            self.free_vend_tag,
            list_version=self.local_list.version,
        )
        self.board_events = BoardEvents(context, connectors, self.station_faults, self.card_routing, self.metering)

    def _make_commands(self) -> None:
        """Commands of the Central System about connectors and the station, and of a technician."""
        self.remote_control = RemoteControl(
            self.context, self.configuration, self.registration, self.connectors, self.card_routing
        )
        self.unlock_connector = UnlockConnector(self.context, self.session, self.connectors, self.board_orders)
        self.data_transfer = DataTransfer(self.identity.vendor)
        self.reset = Reset(self.context, self.shutdown, self.notifications, self.security_events)
        self.queue_commands = QueueCommands(
            self.context, self.transaction_queue, self.transactions, self.session.awaited
        )
        self.technician = Technician(
            self.context,
            self.configuration,
            self.queue_commands,
            self.metering,
            self.recovery,
            self.board_orders,
            self.reset,
            self.connectors,
        )

    def observe_cards(self) -> None:
        """After each step: which cards were refused."""
        refused = ((number, connector.state.refused) for number, connector in self.connectors.items())
        self.card_limit.observe([(0, self.card_routing.refused), *refused])

    # --- wires that point upward: the Central System ----------------------------------------------------------------

    def _call_answered(self) -> None:
        self.security.call_answered()

    def _message_confirmed(self, key: QueueKey, confirmation: Any) -> None:
        self.transactions.confirmed(key, confirmation)
        self.parked_messages.confirmed()

    def _message_parked(self, key: QueueKey, error: str) -> None:
        self.transactions.parked(key, error)
        self.parked_messages.parked()

    def _card_judged(self, key: QueueKey, info: IdTagInfo) -> None:
        self.transactions.judged(key, info)

    def _accepted(self) -> None:
        self.parked_messages.connected()
        self.notifications.report_all()
        self.reset.report_failure()
        self.firmware.send_status()
        self.diagnostics.send_status()
        self.security.accepted()

    def _is_accepted(self) -> bool:
        return self.session.up and self.registration.accepted

    def _clock_moved(self, moved_s: float) -> None:
        self.security.watch.clock_moved(moved_s)
        self.clock_set()

    def clock_set(self) -> None:
        """UTC is known, or was set: what depends on it is computed again."""
        self.transactions.chronology.settle()
        self.limits.changed()
        self.reservations.expired()
        self.firmware.arm()
        self.security.clock_set()
        self.aligned_values.arm()
        self.context.remember_time()
        self.status_updates.update_connectors()  # what expired during an outage is not reported as if it were there

    def _list_conflict(self, id_tag: str) -> None:
        if not self.local_list.contradicted(id_tag):
            return
        self.context.note("list-conflict", id_tag=id_tag)
        self.notifications.warn(ChargePointErrorCode.LOCAL_LIST_CONFLICT, "list and Central System disagree")

    def _verdict_received(self, transaction: Transaction, verdict: Verdict) -> None:
        self.connectors[transaction.connector].verdict_received(transaction, verdict)

    # --- wires that point upward: the connectors --------------------------------------------------------------------

    def _connector_ended(self, number: int) -> None:
        self.availability.apply_scheduled(number, free=True)
        self.unlock_connector.connector_ended(number)
        self.firmware.transaction_ended()
        self.security.signed_firmware.transaction_ended()

    def _connector_waits(self, number: int) -> None:
        self.card_routing.waits_for_plug(self.connectors[number])

    def _availability_changed(self, number: int, operative: bool) -> None:
        if number > 0:
            self.connectors[number].begin_if_ready()

    def _is_busy(self, number: int) -> bool:
        """Where the station is out of service already, a connector has nothing to wait for."""
        state = self.connectors[number].state
        return state.operative and state.busy

    def _uses(self) -> dict[int, ConnectorUse]:
        return {number: connector.state.use() for number, connector in self.connectors.items()}

    def _offered_amps(self, number: int) -> float:
        return self.connectors[number].offered.amps()

    def _contactor(self, number: int) -> Contactor:
        state = self.connectors[number].state
        return Contactor(state.closed, state.switched_at)

    def _hardware(self, number: int) -> Hardware:
        return self.connectors[number].offered.capability()

    def _waiting_profiles(self) -> dict[int, ChargingProfile]:
        found = {number: connector.state.waiting_profile for number, connector in self.connectors.items()}
        return {number: profile for number, profile in found.items() if profile is not None}

    def _drop_waiting_profile(self, number: int) -> None:
        self.connectors[number].drop_profile()

    def _register_low(self, number: int, low: bool, detail: str) -> None:
        self.board_events.register_low(number, low, detail)

    def _queue_full(self, full: bool) -> None:
        self.board_events.queue_full(full, f"{self.transaction_queue.waiting} messages wait" if full else "")

    # --- wires that point upward: firmware --------------------------------------------------------------------------

    def _is_leaving(self) -> bool:
        return self.shutdown.pending is not None

    def _is_charging(self) -> bool:
        """No installation during a transaction, nor while the station goes down."""
        return bool(self.context.facts.running) or self._is_leaving()

    def _firmware_closes(self) -> bool:
        return self.firmware.closes_connectors or self.security.signed_firmware.closes_connectors

    def _is_healthy(self) -> bool:
        """What a new firmware must bring about: the board is attached, the Central System has accepted us."""
        return self._is_accepted() and self.recovery.board is not None

    def _reboot(self) -> None:
        self.shutdown.begin("HardReset", RESET_S)

    def _connectors_open(self) -> None:
        """The end of an update: those that a car did not leave are Preparing, not Finishing."""
        for number, connector in self.connectors.items():
            if number not in self.context.facts.running:
                connector.forget_occupancy()


def _context(facts: Facts, boot_id: str, build_utc: float) -> Context:
    """In the same boot the monotonic clock keeps the order; rows written ahead of their time must not push it on."""
    unit = facts.unit
    offset = unit.utc_offset if unit.boot_id == boot_id else None
    floor = facts.newest_utc() if offset is None else unit.floor_utc
    return Context(facts, Clock(boot_id, max(build_utc, floor), offset, build_utc))
