"""What is known about one connector right now: facts that came, and what follows from them.  Nothing happens here."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from msgspec.structs import replace

from ocpp16.configuration.configuration import Configuration
from ocpp16.connector.why import CardRefused
from ocpp16.events import ConnectorShape
from ocpp16.messages.types import ChargingProfile
from ocpp16.product import Product
from ocpp16.profiles.core.authorization import Authorization
from ocpp16.profiles.core.meter_readings import MeterReadings
from ocpp16.profiles.core.registration import Registration
from ocpp16.profiles.core.sampled_values import SampledValues
from ocpp16.profiles.core.transaction_records import TransactionRecords
from ocpp16.profiles.firmware_management.firmware import Firmware
from ocpp16.profiles.reservation import ConnectorUse, Reservations
from ocpp16.profiles.smart_charging.charging_profiles import SmartCharging
from ocpp16.records import Availability, Occupancy, Transaction
from ocpp16.state.context import Context
from ocpp16.state.timers import Timer
from ocpp16.status.connector_status import StatusFacts, fault_of
from ocpp16.step import Lamp, Outlet


class Token(NamedTuple):
    """An accepted card, or a remote start, that waits for the plug (or for the meter)."""

    id_tag: str
    parent_id_tag: str | None
    remote: bool
    profile: ChargingProfile | None = None
    """A TxProfile that came with a remote start."""


class Parts(NamedTuple):
    """The profiles that a connector works with."""

    context: Context
    configuration: Configuration
    authorization: Authorization
    transactions: TransactionRecords
    metering: MeterReadings
    sampled_values: SampledValues
    product: Product
    registration: Registration
    reservations: Reservations
    smart: SmartCharging
    firmware: Firmware


class ConnectorState:
    """Connector `number` (> 0) as a bundle of facts."""

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
        self.unplugged_at = 0.0
        """As a board told it at attach, of a time when we may have been away."""
        self.cable_present = False
        self.cable_amps = 0.0
        self.cable_locked = False
        self.closed = False
        self.opened_at = 0.0
        self.signalled_amps = 0.0
        self.signalled_why = ""
        self.token: Token | None = None
        self.refused: CardRefused | None = None
        self.asking: str | None = None
        self._asked_profile: ChargingProfile | None = None
        self.on_ended: Callable[[int], None]

    @property
    def transaction(self) -> Transaction | None:
        return self.context.facts.running.get(self.number)

    @property
    def waiting_profile(self) -> ChargingProfile | None:
        """A TxProfile that came with a remote start which has not begun yet."""
        return self.token.profile if self.token is not None else self._asked_profile if self.asking else None

    def drop_profile(self) -> None:
        self._asked_profile = None
        if self.token is not None:
            self.token = self.token._replace(profile=None)

    @property
    def is_spent(self) -> bool:
        """The running transaction has had the energy that it may have (MaxEnergyOnInvalidId)."""
        transaction = self.transaction
        if transaction is None or transaction.energy_ends_wh is None:
            return False
        wh = self.parts.metering.register_wh(self.number)
        return wh is None or wh >= transaction.energy_ends_wh

    @property
    def operative(self) -> bool:
        if self.transaction is None and self.parts.firmware.closes_connectors:
            return False
        rows = self.context.facts.of(Availability)
        station, own = rows.get(0), rows.get(self.number)
        if own is not None and own.scheduled is not None:  # §5.2: the station's word, too, waits for what goes on here
            return own.operative
        return (station is None or station.operative) and (own is None or own.operative)

    @property
    def _occupancy(self) -> Occupancy:
        return self.context.facts.of(Occupancy).get(self.number) or Occupancy(connector=self.number)

    @property
    def held_for(self) -> Token | None:
        """Whose cable stays locked in the socket after the plug was pulled at the car."""
        row = self._occupancy
        return None if row.held_for is None else Token(row.held_for, row.held_group, remote=False)

    @held_for.setter
    def held_for(self, holder: Token | None) -> None:
        row = self._occupancy
        owner, group = (None, None) if holder is None else (holder.id_tag, holder.parent_id_tag)
        if (row.held_for, row.held_group) != (owner, group):
            finishing = row.finishing and (self.plugged or holder is not None)
            self.context.save(replace(row, held_for=owner, held_group=group, finishing=finishing))

    @property
    def finishing(self) -> bool:
        """The car or its cable is still here after a transaction."""
        row = self._occupancy
        return row.held_for is not None or (row.finishing and self.plugged)

    def fault_codes(self) -> tuple[str, ...]:
        return (*self.station_faults, *self.faults)

    @property
    def faulted(self) -> bool:
        """A fault that forbids to give energy (or, without a transaction, to begin one)."""
        codes = self.fault_codes()
        if not codes or self.transaction is None:
            return bool(codes)
        return any(fault_of(code).blocks_running for code in codes)

    def open_to(self, id_tag: str) -> bool:
        """Whether a reservation leaves this connector to the card (or to its group, yet to be asked for)."""
        reservations = self.parts.reservations
        return reservations.admits(self.number, id_tag, None) or reservations.group_may(self.number)

    def reserved_for(self, id_tag: str) -> bool:
        """Whether just this connector is kept for just this card."""
        row = self.parts.reservations.of(self.number)
        mine = row is not None and row.connector == self.number
        return mine and self.parts.reservations.admits(self.number, id_tag, None)

    def waits_for(self, id_tag: str) -> int:
        """How far its plug speaks for this card, the lowest first.

        0: a car that waits; 1: one that has finished, on this very card; 2: no car; 3: finished on another one.
        """
        if not (self.plugged and self.finishing):
            return 0 if self.plugged else 2
        rows = self.context.facts.of(Transaction).values()
        newest = max((row for row in rows if row.connector == self.number), key=lambda row: row.number, default=None)
        return 1 if newest is not None and newest.id_tag.casefold() == id_tag.casefold() else 3

    def seat(self) -> ConnectorUse:
        """For those who want to reserve it."""
        begun = self.transaction is not None or self.token is not None or self.finishing
        return ConnectorUse(self.faulted, self.operative, begun or self.plugged or self.asking is not None, begun)

    @property
    def free(self) -> bool:
        """A card could begin something here."""
        taken = self.transaction or self.token or self.held_for
        return taken is None and self.operative and not self.faulted

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

    # --- the offer --------------------------------------------------------------------------------------------------

    def hardware(self) -> list[tuple[float, str]]:
        """What bounds the amperes for good, each with its name: see `hardware_amps`."""
        if self.shape is None:
            return [(0.0, "no board")]
        bounds = [(self.shape.max_amps, "board"), (self.parts.product.max_amps, "product")]
        if self.cable_amps > 0.0:
            bounds.append((self.cable_amps, "cable"))
        return bounds

    def chain(self) -> list[tuple[float, str]]:
        """All that bounds the amperes, whatever the state."""
        bounds = self.hardware()
        limit, why = self.parts.smart.limit(self.number)
        if why:
            bounds.append((limit, why))
        return bounds

    def hardware_amps(self) -> float:
        """What board, product and cable allow, without any charging profile."""
        if self.shape is None:
            return 0.0
        amps = min(self.shape.max_amps, self.parts.product.max_amps)
        return min(amps, self.cable_amps) if self.cable_amps > 0.0 else amps

    def offered_amps(self) -> float:
        """§7.13 Current.Offered.  Below the smallest that can be signalled (6 A): no energy."""
        transaction = self.transaction
        if transaction is None or transaction.stopping or self.shape is None or not self.ready or self.faulted:
            return 0.0
        if self.is_spent:
            return 0.0
        limit, why = self.parts.smart.limit(self.number)
        amps = min(self.hardware_amps(), limit) if why else self.hardware_amps()
        return amps if amps >= self.shape.min_amps else 0.0

    def outlet(self, lamp: Lamp) -> Outlet:
        """The levels of this moment."""
        amps = self.offered_amps()
        assert amps == 0.0 or self.transaction is not None  # §4.1: no energy without a transaction
        return Outlet(
            connector=self.number, offered_amps=amps, locked=self.locked(), in_service=self.operative, lamp=lamp
        )

    def locked(self) -> bool:
        """The lock, where there is one, holds from the accepted card to the end."""
        if self.shape is None or not self.shape.lock:
            return False
        if self.transaction is not None or self.held_for is not None:
            return True
        shut = self.parts.product.lock_before_authorization and self.token is None and not self.cable_present  # AQ-2
        return shut or (self.token is not None and self.cable_present)

    # --- what it looks like -----------------------------------------------------------------------------------------

    def view(self) -> StatusFacts:
        transaction = self.transaction
        left = self.context.facts.of(Occupancy).get(self.number)
        held = left is not None and left.held_for is not None
        return StatusFacts(
            faults=self.fault_codes(),
            operative=self.operative,
            plugged=self.plugged,
            waiting_user=self.token is not None,
            transaction=transaction is not None,
            stopping=transaction.stopping if transaction else "",
            offered=self.offered_amps() > 0.0,
            closed=self.closed,
            settling=self.context.timers.due(Timer.ENERGISE, self.number) is not None,
            finishing=left is not None and left.finishing and (held or self.plugged),
            reserved=self.parts.reservations.of(self.number) is not None,
            held=held,
        )
