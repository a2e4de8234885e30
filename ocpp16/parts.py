"""All the parts of a Charge Point, made in the order in which they need each other.  Nothing happens here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ocpp16.configuration.configuration import Configuration
from ocpp16.connector.connector import Connector
from ocpp16.connector.state import Parts
from ocpp16.product import Identity, Product
from ocpp16.profiles.core.authorization import Authorization
from ocpp16.profiles.core.availability import Availability
from ocpp16.profiles.core.clock_aligned_values import ClockAlignedValues
from ocpp16.profiles.core.meter_readings import MeterReadings
from ocpp16.profiles.core.meter_values import MeterValues
from ocpp16.profiles.core.registration import Registration
from ocpp16.profiles.core.sampled_values import SampledValues
from ocpp16.profiles.core.status_notification import Notifications
from ocpp16.profiles.core.stop_transaction_data import StopTransactionData
from ocpp16.profiles.core.transaction_records import TransactionRecords
from ocpp16.profiles.firmware_management.diagnostics import Diagnostics
from ocpp16.profiles.firmware_management.firmware import Firmware
from ocpp16.profiles.local_auth_list import LocalAuthList
from ocpp16.profiles.remote_trigger import RemoteTrigger
from ocpp16.profiles.reservation import Reservations
from ocpp16.profiles.smart_charging.charging_profiles import SmartCharging
from ocpp16.records import Record
from ocpp16.rpc.session import Session
from ocpp16.rpc.transaction_queue import TransactionQueue
from ocpp16.state.context import Context, Facts
from ocpp16.state.utc_clock import Clock
from ocpp16.station.board_events import BoardEvents
from ocpp16.station.card_routing import CardRouting
from ocpp16.station.queue_commands import Queue
from ocpp16.station.recovery import Recovery
from ocpp16.station.remote_control import RemoteControl
from ocpp16.station.technician import Technician


class Assembly:
    """Who is there.  `ChargePoint` says who hears whom."""

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
        self.context = _context(Facts(records), boot_id, build_utc)
        self.reports = TransactionQueue(self.context)
        self.session = Session(self.context, self.reports, seed)
        self.session.max_frame_bytes = product.frame_bytes
        self.configuration = Configuration(self.context, product, first_values)
        self.registration = Registration(self.context, self.session, self.configuration, product, identity)
        self.authorization = Authorization(self.context, self.session, self.configuration, product)
        self.transactions = TransactionRecords(self.context, self.reports, self.authorization)
        self._make_metering(product)
        self.availability = Availability(self.context, product.connectors)
        self.notifications = Notifications(self.context, self.session, self.configuration, identity.vendor)
        self.station_faults: dict[str, str] = {}
        self._make_profiles(product)
        self._make_connectors(product, identity.vendor)
        self._make_desks(product)

    def _make_metering(self, product: Product) -> None:
        """Meter readings, and the values that are sampled from them."""
        chronology = self.transactions.chronology
        self.metering = MeterReadings(self.context, self.transactions, product)
        self.meter_values = MeterValues(self.context, self.configuration, self.transactions, self.metering)
        stop_data = StopTransactionData(self.context, self.configuration, self.metering)
        self.sampled_values = SampledValues(self.context, self.configuration, chronology, self.meter_values, stop_data)
        self.aligned_values = ClockAlignedValues(
            self.context, self.configuration, chronology, self.metering, self.meter_values, stop_data
        )

    def _make_profiles(self, product: Product) -> None:
        """Beyond Core."""
        self.local_list = LocalAuthList(self.context, product)
        self.reservations = Reservations(self.context, product)
        self.smart = SmartCharging(self.context, product)
        self.firmware = Firmware(self.context, self.session, product)
        self.diagnostics = Diagnostics(self.context, self.session)
        self.trigger = RemoteTrigger(product.connectors)

    def _make_connectors(self, product: Product, vendor: str) -> None:
        """The connectors, and those who give them orders."""
        parts = Parts(
            self.context,
            self.configuration,
            self.authorization,
            self.transactions,
            self.metering,
            self.sampled_values,
            product,
            self.registration,
            self.reservations,
            self.smart,
            self.firmware,
        )
        self.connectors = {n: Connector(n, parts, self.station_faults) for n in range(1, product.connectors + 1)}
        self.remote = RemoteControl(
            self.context,
            self.session,
            self.reports,
            self.configuration,
            self.registration,
            self.connectors,
            self.reservations,
            product,
            vendor,
        )

    def _make_desks(self, product: Product) -> None:
        """Board, reader, technician: where facts and questions come in."""
        self.attachment = Recovery(
            self.context,
            product,
            self.configuration,
            self.metering,
            self.transactions,
            self.connectors,
            self.station_faults,
        )
        self.queue_desk = Queue(self.context, self.reports, self.transactions, self.session.awaited)
        self.reader = CardRouting(self.context, self.connectors, self.remote, product)
        self.desk = Technician(
            self.context,
            self.configuration,
            self.queue_desk,
            self.metering,
            self.attachment,
            self.remote,
            self.connectors,
        )
        self.board = BoardEvents(self.context, self.connectors, self.station_faults, self.reader)


def _context(facts: Facts, boot_id: str, build_utc: float) -> Context:
    """In the same boot the monotonic clock keeps the order; rows written ahead of their time must not push it on."""
    unit = facts.unit
    offset = unit.utc_offset if unit.boot_id == boot_id else None
    lived_until = facts.newest_utc() if offset is None else unit.floor_utc
    return Context(facts, Clock(boot_id, max(build_utc, lived_until), offset, build_utc))
