"""Which connector a card or a remote start is for (§3.5, §5.11): one reader may serve several connectors.

Whether a reservation admits a card, or its group: `profiles/reservation.py`.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from ocpp16.configuration.configuration import Configuration
from ocpp16.configuration.key_names import Key
from ocpp16.connector.connector import Connector
from ocpp16.connector.state import CardRefused
from ocpp16.events import CardPresented
from ocpp16.messages.core import RemoteStartTransactionReq
from ocpp16.messages.types import ChargingProfile
from ocpp16.product import Product
from ocpp16.profiles.core.authorization import Authorization
from ocpp16.profiles.core.registration import Registration
from ocpp16.profiles.reservation import Reservations
from ocpp16.profiles.smart_charging.charging_profiles import SmartCharging
from ocpp16.records import Transaction
from ocpp16.state.context import Context
from ocpp16.state.id_tags import same
from ocpp16.station.card_limit import CardLimit
from ocpp16.station.shutdown import Shutdown


class Plug(IntEnum):
    """How likely a card is meant for a connector, by its plug: the lowest first."""

    WAITING = 0
    """A car is plugged in and has not been charged."""
    FINISHED_ON_THIS_CARD = 1
    EMPTY = 2
    """No car."""
    FINISHED_ON_ANOTHER_CARD = 3

    @property
    def is_for_card(self) -> bool:
        """A car that this card may be meant for is plugged in."""
        return self < Plug.EMPTY


class NoConnector(NamedTuple):
    """Nothing can be started, and why."""

    reason: str


class CardRouting:
    """Chooses the connector; what the card means there is the connector's decision."""

    def __init__(
        self,
        context: Context,
        product: Product,
        configuration: Configuration,
        registration: Registration,
        authorization: Authorization,
        reservations: Reservations,
        smart_charging: SmartCharging,
        connectors: dict[int, Connector],
        shutdown: Shutdown,
        limit: CardLimit,
    ) -> None:
        self.context = context
        self.product = product
        self.configuration = configuration
        self.registration = registration
        self.authorization = authorization
        self.reservations = reservations
        self.smart_charging = smart_charging
        self.connectors = connectors
        self.shutdown = shutdown
        self.limit = limit
        self.refused: CardRefused | None = None
        """The last card that was refused before it was known for which connector it is."""

    # --- a card at a reader -----------------------------------------------------------------------------------------

    def card_presented(self, event: CardPresented) -> None:
        """A reader of one connector speaks for that one; a reader of several: see `_choose`."""
        if self.shutdown.pending is not None:
            self._refuse(event, "restarting")
        elif not 1 <= len(event.id_tag) <= 20:  # §7.28 IdToken
            self._refuse(event, "1 to 20 characters")
        elif self.limit.left_s() and self._used_by(event.id_tag) is None:  # who charges may still stop
            self._refuse(event, f"too many refused cards: readers closed for {self.limit.left_s():.0f} s")
        elif event.connector is not None and event.connector in self.connectors:
            self.connectors[event.connector].card(event.id_tag)
        elif (chosen := self._choose(event.id_tag)) is not None:
            chosen.card(event.id_tag)
        else:
            self._refuse(event, "choose a connector first")

    def _refuse(self, event: CardPresented, reason: str) -> None:
        self.refused = CardRefused(event.id_tag[:20], reason, False, self.context.now.mono)
        self.context.note("card-refused", connector=event.connector, id_tag=event.id_tag[:20], reason=reason)

    def _choose(self, id_tag: str) -> Connector | None:
        """The first that fits: used by this card, reserved for it, the car that waits; else any (AQ-5: none)."""
        chosen = self._used_by(id_tag) or self._reserved_for(id_tag) or self._with_waiting_car(id_tag)
        if chosen is not None or self.product.selection_before_authorization:
            return chosen
        return self._without_car(id_tag)

    def _used_by(self, id_tag: str) -> Connector | None:
        """Where the card runs a transaction, waits for its plug or its answer, or holds the cable."""
        for connector in self.connectors.values():
            state = connector.state
            holder = state.transaction or state.token or state.held_for
            if holder is not None and same(holder.id_tag, id_tag):
                return connector
            if state.asking is not None and same(state.asking, id_tag):
                return connector
        return None

    def _reserved_for(self, id_tag: str) -> Connector | None:
        for connector in self.connectors.values():
            if connector.state.free and self.reservations.reserved_for(connector.number, id_tag):
                return connector
        return None

    def _with_waiting_car(self, id_tag: str) -> Connector | None:
        """The plug that has waited longest."""
        plugs = [(self._plug(connector, id_tag), connector) for connector in self._open_to(id_tag)]
        waiting = [(plug, connector.state.plugged_at, connector) for plug, connector in plugs if plug.is_for_card]
        return min(waiting, key=lambda found: found[:2])[2] if waiting else None

    def _without_car(self, id_tag: str) -> Connector:
        """A free connector; where there is none, the first one, which refuses the card with its reason."""
        best = sorted(self._open_to(id_tag), key=lambda connector: self._plug(connector, id_tag))
        everyone = list(self.connectors.values())
        free = [connector for connector in everyone if connector.state.free]
        return (best + free + everyone)[0]

    def _open_to(self, id_tag: str) -> list[Connector]:
        """Those that are free, not asked about, and not reserved for somebody else."""
        return [
            connector
            for connector in self.connectors.values()
            if connector.state.free
            and connector.state.asking is None
            and self.reservations.open_to(connector.number, id_tag)
        ]

    def _plug(self, connector: Connector, id_tag: str) -> Plug:
        state = connector.state
        if not (state.plugged and state.finishing):
            return Plug.WAITING if state.plugged else Plug.EMPTY
        rows = self.context.facts.of(Transaction).values()
        mine = (row for row in rows if row.connector == connector.number)
        newest = max(mine, key=lambda row: row.number, default=None)
        ours = newest is not None and same(newest.id_tag, id_tag)
        return Plug.FINISHED_ON_THIS_CARD if ours else Plug.FINISHED_ON_ANOTHER_CARD

    def plugged_in(self, plugged: Connector) -> None:
        """An accepted card, or a remote start of any connector, that waits for a plug goes where the plug is."""
        for other in self.connectors.values():
            if other is not plugged and self._follows(other, plugged):
                return

    def waits_for_plug(self, waiting: Connector) -> None:
        """The plug may have come while the card was asked about: the one that has waited longest."""
        plugs = [other for other in self.connectors.values() if other is not waiting and not other.state.finishing]
        for plugged in sorted(plugs, key=lambda other: other.state.plugged_at):
            if self._follows(waiting, plugged):
                return

    def _follows(self, waiting: Connector, plugged: Connector) -> bool:
        token, free = waiting.state.token, plugged.state.plugged and plugged.state.free
        if token is None or token.bound or waiting.state.plugged or not free or plugged.state.asking is not None:
            return False
        if not self.reservations.admits(plugged.number, token.id_tag, token.parent_id_tag):  # nobody is asked any more
            return False
        if token.remote and not self._profile_fits(token.profile, plugged):
            return False
        waiting.take_token()
        plugged.accept(token)
        return True

    # --- a remote start ---------------------------------------------------------------------------------------------

    def for_remote_start(self, request: RemoteStartTransactionReq) -> Connector | NoConnector:
        """§5.11: the named connector where it can begin, else the best of those that can, or why it is Rejected."""
        if not self.registration.accepted:  # §4.2: not allowed while Pending
            return NoConnector("the Central System has not accepted this station yet")
        if self.shutdown.pending is not None:
            return NoConnector("the station restarts")
        named = [c for c in self.connectors.values() if request.connector_id in (None, c.number)]
        if not named:
            return NoConnector(f"there is no connector {request.connector_id}")
        candidates = [connector for connector in named if not self._against_remote_start(connector, request.id_tag)]
        if not candidates:
            reasons = (f"connector {c.number}: {self._against_remote_start(c, request.id_tag)}" for c in named)
            return NoConnector("; ".join(reasons)[:200])
        chosen = min(candidates, key=lambda connector: self._rank(connector, request.id_tag))
        if not self._profile_fits(request.charging_profile, chosen):
            return NoConnector("its charging profile is not one that fits a start")
        return chosen

    def _against_remote_start(self, connector: Connector, id_tag: str) -> str:
        """Why nothing can be started there; "": it can."""
        if taken := connector.state.taken():
            return taken
        if connector.state.asking is not None:
            return "an answer about another card is awaited"
        return "" if self._admits_remote_start(connector, id_tag) else "it is reserved for another card"

    def _admits_remote_start(self, connector: Connector, id_tag: str) -> bool:
        """The group of a card is known from list and cache, or after Authorize."""
        known = self.authorization.known(id_tag)
        if self.reservations.admits(connector.number, id_tag, None if known is None else known.parent_id_tag):
            return True
        return self.reservations.group_may(connector.number) and self.configuration.flag(Key.AuthorizeRemoteTxRequests)

    def _rank(self, connector: Connector, id_tag: str) -> tuple[bool, Plug, int]:
        """The reserved one first, then by plug, then by number."""
        reserved = self.reservations.reserved_for(connector.number, id_tag)
        return not reserved, self._plug(connector, id_tag), connector.number

    def _profile_fits(self, profile: ChargingProfile | None, connector: Connector) -> bool:
        if profile is None:
            return True
        return self.product.has("SmartCharging") and self.smart_charging.fits_start(profile, connector.number)
