"""The facts of one connector, and what follows from them: free, operative, faulted, what a start still waits for.

Nothing is decided or changed here: `Connector` alone writes these facts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ocpp16.configuration.configuration import Configuration
from ocpp16.events import ConnectorShape
from ocpp16.messages.types import ChargingProfile
from ocpp16.product import Product
from ocpp16.profiles.core.authorization import Authorization
from ocpp16.profiles.core.meter_readings import MeterReadings
from ocpp16.profiles.core.registration import Registration
from ocpp16.profiles.core.sampled_values import SampledValues
from ocpp16.profiles.core.transaction_records import TransactionRecords
from ocpp16.profiles.reservation import ConnectorUse, Reservations
from ocpp16.profiles.smart_charging.charging_profiles import SmartCharging
from ocpp16.profiles.smart_charging.limits import ChargingLimits
from ocpp16.records import Availability, Occupancy, Transaction
from ocpp16.state.active_faults import ActiveFaults, merged
from ocpp16.state.context import Context
from ocpp16.state.id_tags import same
from ocpp16.state.timers import Timer
from ocpp16.status.connector_status import StatusFacts
from ocpp16.status.faults import forbids_energy, gravest


class Token(NamedTuple):
    """An accepted card, or a remote start, that waits for the plug (or for the meter)."""

    id_tag: str
    parent_id_tag: str | None
    remote: bool
    profile: ChargingProfile | None = None
    """A TxProfile that came with a remote start."""
    bound: bool = False
    """For this connector alone, because the Central System named it; else it goes where the plug is."""
    free_vend: bool = False
    """Nobody showed a card: it goes with the car."""


class CardRefused(NamedTuple):
    """The card that was refused last."""

    id_tag: str
    reason: str
    by_central_system: bool
    mono: float
    remote: bool = False
    """It came with a RemoteStartTransaction."""
    free_vend: bool = False
    """It was the idTag of free vend."""


class StartGivenUp(NamedTuple):
    """The accepted card, or remote start, that was given up last: its car did not come."""

    id_tag: str
    reason: str
    remote: bool
    mono: float


class ConnectorParts(NamedTuple):
    """What all connectors share."""

    context: Context
    product: Product
    configuration: Configuration
    authorization: Authorization
    registration: Registration
    transactions: TransactionRecords
    metering: MeterReadings
    sampled_values: SampledValues
    reservations: Reservations
    limits: ChargingLimits
    smart_charging: SmartCharging
    firmware_closes: Callable[[], bool]
    """Whether a firmware update lets no transaction begin."""
    station_faults: ActiveFaults
    free_vend: str = ""
    """The idTag under which a plugged-in car charges without a card; "": none."""


class ConnectorState:
    """State of connector `number` (1..N)."""

    def __init__(self, number: int, parts: ConnectorParts) -> None:
        self.number = number
        self.context = parts.context
        self._product = parts.product
        self._metering = parts.metering
        self._reservations = parts.reservations
        self._firmware_closes = parts.firmware_closes
        self._station_faults = parts.station_faults
        self._free_vend = parts.free_vend
        # what the board reported
        self.shape: ConnectorShape | None = None
        """None: no board is attached."""
        self.ready = False
        """The board has reported all present states, and the open transaction was resumed or ended."""
        self.faults = ActiveFaults()
        self.pilot = "A"
        self.pilot_at = 0.0
        """Monotonic second of its last change."""
        self.plugged = False
        self.plugged_at = 0.0
        self.unplugged_at = 0.0
        """Monotonic second of the last pilot A that a board reported while it attached."""
        self.cable_present = False
        self.cable_amps = 0.0
        """The coding of the cable; 0: none."""
        self.cable_locked = False
        self.served = False
        """The car that is plugged in has had its transaction: free vend waits until it is unplugged."""
        self.closed = False
        """The contactor."""
        self.switched_at = 0.0
        """Monotonic second of its last change."""
        self.withdrawn_at = 0.0
        """Monotonic second at which the offer of the transaction that is being stopped fell, for the board too."""
        self.signalled_amps = 0.0
        self.signalled_why = ""
        # cards
        self.asking: str | None = None
        """The idTag about which an answer is awaited."""
        self.asked_profile: ChargingProfile | None = None
        """The TxProfile that came with the remote start of `asking`."""
        self.asked_bound = False
        """Whether that remote start named this connector."""
        self.token: Token | None = None
        self.refused: CardRefused | None = None
        self.given_up: StartGivenUp | None = None
        self.stopped_by: tuple[int, str] | None = None
        """Number of the last transaction that a fault ended in this life, and the fault."""

    # --- from the records -------------------------------------------------------------------------------------------

    @property
    def transaction(self) -> Transaction | None:
        """The one that runs or is being stopped."""
        return self.context.facts.running.get(self.number)

    @property
    def is_spent(self) -> bool:
        """The running transaction has had the energy that it may have (MaxEnergyOnInvalidId)."""
        transaction = self.transaction
        if transaction is None or transaction.energy_ends_wh is None:
            return False
        wh = self._metering.register_wh(self.number)
        return wh is None or wh >= transaction.energy_ends_wh

    @property
    def is_read_out(self) -> bool:
        """Whether the newest reading closes the bill of what is being stopped: taken with the contactor open.

        Until the offer fell for the board as well, the car may still have begun to draw.
        """
        over = self.context.now.mono >= self.withdrawn_at
        return self.ready and not self.closed and over and self._metering.is_final(self.number)

    @property
    def operative(self) -> bool:
        """§5.2: neither connector nor station is Inoperative, and no firmware update closes the connectors."""
        transaction = self.transaction
        if transaction is None and self._firmware_closes():
            return False
        rows = self.context.facts.of(Availability)
        if not rows:
            return True
        station, own = rows.get(0), rows.get(self.number)
        if transaction is not None or (own is not None and own.scheduled is not None):
            # §5.2: the station's change, too, waits for the transaction
            return own is None or own.operative
        return (station is None or station.operative) and (own is None or own.operative)

    @property
    def occupancy(self) -> Occupancy:
        """The row about a plug or cable that stayed after a transaction."""
        return self.context.facts.of(Occupancy).get(self.number) or Occupancy(connector=self.number)

    @property
    def held_for(self) -> Token | None:
        """Whose cable stays locked in the socket after the plug was pulled at the car (E 3.5)."""
        row = self.occupancy
        return None if row.held_for is None else Token(row.held_for, row.held_group, remote=False)

    @property
    def finishing(self) -> bool:
        """The car or its cable is still here after a transaction."""
        row = self.occupancy
        return row.held_for is not None or (row.finishing and self.plugged)

    # --- what follows -----------------------------------------------------------------------------------------------

    def fault_codes(self) -> tuple[str, ...]:
        """The codes in force, the station's and its own, oldest first."""
        return merged(self._station_faults, self.faults)

    @property
    def faulted(self) -> bool:
        """A fault that forbids to give energy (or, without a transaction, to begin one)."""
        codes = self.fault_codes()
        return bool(codes) and any(forbids_energy(code, self.transaction is not None) for code in codes)

    @property
    def free(self) -> bool:
        """A card could begin something here."""
        return not self.taken()

    def taken(self) -> str:
        """Why nothing can begin here, in words; "": it can."""
        if self.transaction is not None:
            return f"transaction {self.transaction.number} runs"
        if self.token is not None:
            return "another start waits for its car"
        if self.held_for is not None:
            return "the cable is kept locked for its driver"
        if self.faulted:
            return f"fault {self.fault_codes()[0]}"
        if self._firmware_closes():
            return "a firmware update is being installed"
        return "" if self.operative else "it is out of service"

    @property
    def busy(self) -> bool:
        """§5.2: a driver uses it, so that ChangeAvailability to Inoperative is Scheduled."""
        if self.token is not None or self.asking is not None or self.transaction is not None:
            return True
        return (self.plugged or self.finishing) and not self.faulted and self.operative

    def use(self) -> ConnectorUse:
        """What ReserveNow needs to know (§3.12)."""
        begun = self.transaction is not None or self.token is not None or self.finishing
        return ConnectorUse(self.faulted, self.operative, begun or self.plugged or self.asking is not None, begun)

    @property
    def waiting_profile(self) -> ChargingProfile | None:
        """A TxProfile that came with a remote start whose transaction has not begun yet."""
        return self.token.profile if self.token is not None else self.asked_profile if self.asking else None

    def missing(self) -> str | None:
        """What a transaction with an accepted card still waits for, as a code of `why/why.py`; None: nothing."""
        if self.shape is None or not self.ready or self.faulted:
            return gravest(self.fault_codes() or ("board-missing",))
        if not self.operative:
            return "unavailable"
        if not self.context.facts.unit.registered:  # §4.2.1: best denied before the first acceptance ever
            return "never-registered"
        if not self.plugged or self.pilot not in "BCD":
            return "waiting-plug"
        if self.shape.lock and not self.cable_locked:
            return "waiting-lock"
        if self._metering.fresh_register_wh(self.number) is None:
            return "waiting-meter"
        return None

    def wants_lock(self) -> bool:
        """The lock, where there is one, holds from the accepted card to the end."""
        if self.shape is None or not self.shape.lock:
            return False
        transaction = self.transaction
        if transaction is not None:  # without a card nobody could release the cable of a car that has gone
            return self.plugged or not self.is_free_vend(transaction)
        if self.held_for is not None:
            return True
        shut = self._product.lock_before_authorization and self.token is None and not self.cable_present  # AQ-2
        return shut or (self.token is not None and self.cable_present)

    def is_free_vend(self, transaction: Transaction) -> bool:
        """Whether a transaction runs under the idTag of free vend, whose card nobody may have."""
        return bool(self._free_vend) and same(transaction.id_tag, self._free_vend)

    def status_facts(self, offered: bool) -> StatusFacts:
        """What `connector_status` needs; `offered`: more than 0 A are offered."""
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
            offered=offered,
            closed=self.closed,
            settling=transaction is not None and self.context.timers.due(Timer.ENERGISE, self.number) is not None,
            finishing=left is not None and left.finishing and (held or self.plugged),
            reserved=self._reservations.of(self.number) is not None,
            held=held,
        )
