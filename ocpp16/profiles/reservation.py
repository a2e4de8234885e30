"""Reservations: a connector, or the whole station, kept for a card or its group until a time (§3.12, §5.3, §5.14)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ocpp16.messages.datetimes import to_seconds
from ocpp16.messages.reservation import (
    CancelReservationConf,
    CancelReservationReq,
    ReserveNowConf,
    ReserveNowReq,
)
from ocpp16.messages.types import CancelReservationStatus, ReservationStatus
from ocpp16.product import Product
from ocpp16.records import Reservation
from ocpp16.state.context import Context
from ocpp16.state.id_tags import same
from ocpp16.state.timers import Timer


class ConnectorUse(NamedTuple):
    """What a connector is like, for one who wants to reserve it."""

    faulted: bool
    operative: bool
    taken: bool
    """A transaction, a plug, an accepted card, or a Finishing driver."""
    begun: bool = False
    """A transaction, an accepted card, or a Finishing driver: more than a plug or a question."""


class Reservations:
    """Keeps them, and answers who may use what."""

    def __init__(self, context: Context, product: Product) -> None:
        self.context = context
        self.product = product
        self.seats: Callable[[], dict[int, ConnectorUse]]

    @property
    def rows(self) -> list[Reservation]:
        """In force now, oldest id first."""
        utc = self.context.utc
        every = sorted(self.context.facts.of(Reservation).values(), key=lambda row: row.reservation_id)
        return [row for row in every if utc is None or row.expires_utc > utc]

    # --- messages ---------------------------------------------------------------------------------------------------

    def on_reserve(self, request: ReserveNowReq) -> ReserveNowConf:
        why = self._flaw(request)
        status = ReservationStatus.REJECTED if why else self._reserve(request)
        told = f"{status}: {why}" if why else str(status)
        self.context.note("reservation", id=request.reservation_id, connector=request.connector_id, status=told)
        return ReserveNowConf(status=status)

    def _flaw(self, request: ReserveNowReq) -> str:
        """Why nothing like that can be reserved at all; "" where it can."""
        utc = self.context.utc
        if not self.product.has("Reservation"):
            return "this product has no reservations"
        if not 0 <= request.connector_id <= self.product.connectors:
            return "there is no such connector"
        if request.connector_id == 0 and not self.product.reserve_connector_zero:
            return "the whole station cannot be reserved"
        if not self.context.accepts_changes:
            return "nothing can be recorded"
        if utc is None:
            return "nobody knows what time it is"
        return "" if to_seconds(request.expiry_date) > utc else "it has expired already"

    def _reserve(self, request: ReserveNowReq) -> ReservationStatus:
        expires = to_seconds(request.expiry_date)
        if (refusal := self._seat_for(request)) is not None:
            return refusal
        self.context.save(
            Reservation(
                reservation_id=request.reservation_id,
                connector=request.connector_id,
                id_tag=request.id_tag,
                parent_id_tag=request.parent_id_tag,
                expires_utc=expires,
            )
        )
        self.arm()
        return ReservationStatus.ACCEPTED

    def _seat_for(self, request: ReserveNowReq) -> ReservationStatus | None:
        """None: there is one.  The same reservationId gives its own seat back first (§5.14)."""
        held = next((row for row in self.rows if row.reservation_id == request.reservation_id), None)
        if held is not None and held.connector == request.connector_id:
            return None  # its own seat, whoever plugged in there meanwhile
        others = [row for row in self.rows if row.reservation_id != request.reservation_id]
        seats = self.seats()
        wanted = seats if request.connector_id == 0 else {request.connector_id: seats[request.connector_id]}
        if all(seat.faulted for seat in wanted.values()):
            return ReservationStatus.FAULTED
        if all(seat.faulted or not seat.operative for seat in wanted.values()):
            return ReservationStatus.UNAVAILABLE
        taken = {row.connector for row in others}
        free = [
            number
            for number, seat in seats.items()
            if seat.operative and not seat.faulted and not seat.taken and number not in taken
        ]
        for_anyone = sum(1 for row in others if row.connector == 0)
        fits = request.connector_id == 0 or request.connector_id in free
        return None if fits and len(free) > for_anyone else ReservationStatus.OCCUPIED

    def on_cancel(self, request: CancelReservationReq) -> CancelReservationConf:
        if request.reservation_id not in {row.reservation_id for row in self.rows}:
            return CancelReservationConf(status=CancelReservationStatus.REJECTED)
        self.end(request.reservation_id, "cancelled")
        return CancelReservationConf(status=CancelReservationStatus.ACCEPTED)

    # --- who may use what -------------------------------------------------------------------------------------------

    def of(self, connector: int) -> Reservation | None:
        """The reservation that keeps this connector, the first of several."""
        return next(iter(self.keepers(connector)), None)

    def keepers(self, connector: int) -> list[Reservation]:
        """Who keeps this connector: its own reservation, or all those for the station that together need it.

        Any of their holders may use it.
        """
        if not self.context.facts.of(Reservation):
            return []
        rows = self.rows
        own = [row for row in rows if row.connector == connector]
        for_anyone = [row for row in rows if row.connector == 0]
        if own or not for_anyone:
            return own
        named = {row.connector for row in rows}
        seats = self.seats()
        free = [n for n, seat in seats.items() if seat.operative and not seat.faulted and not seat.taken]
        others = [n for n in free if n not in named and n != connector]
        mine = seats[connector]
        usable = mine.operative and not mine.faulted and not mine.begun
        return for_anyone if usable and len(others) < len(for_anyone) else []

    def admits(self, connector: int, id_tag: str, parent_id_tag: str | None) -> bool:
        """Whether nobody keeps this connector, or somebody whose card this is."""
        rows = self.keepers(connector)
        return not rows or any(self.is_for(row, id_tag, parent_id_tag) for row in rows)

    def group_may(self, connector: int) -> bool:
        """Whether a card of some group may use it: the Central System can tell."""
        return any(row.parent_id_tag is not None for row in self.keepers(connector))

    @staticmethod
    def is_for(row: Reservation, id_tag: str, parent_id_tag: str | None) -> bool:
        """The reserved card, or one of its group (§3.12: groups are compared, never a group with a card)."""
        if same(row.id_tag, id_tag):
            return True
        return row.parent_id_tag is not None and parent_id_tag is not None and same(row.parent_id_tag, parent_id_tag)

    def used_by(self, connector: int, id_tag: str, parent_id_tag: str | None) -> int | None:
        """A transaction begins: the reservation that it consumes, if any; it ends with that."""
        row = next((r for r in self.rows if r.connector == connector and self.is_for(r, id_tag, parent_id_tag)), None)
        row = row or next((r for r in self.rows if r.connector == 0 and self.is_for(r, id_tag, parent_id_tag)), None)
        if row is None:
            return None
        self.end(row.reservation_id, "used")
        return row.reservation_id

    # --- how they end -----------------------------------------------------------------------------------------------

    def connector_lost(self, connector: int) -> None:
        """§3.12: a connector that is Faulted or Unavailable keeps nothing for anybody."""
        rows = self.rows
        if not rows:
            return
        gone = (
            {connector}
            if any(seat.operative and not seat.faulted for seat in self.seats().values())
            else {connector, 0}
        )
        for row in rows:
            if row.connector in gone:
                self.end(
                    row.reservation_id, "the connector is out of service" if row.connector else "no connector is left"
                )

    def end(self, reservation_id: int, why: str) -> None:
        self.context.delete(Reservation, reservation_id)
        self.context.note("reservation-ended", id=reservation_id, reason=why)
        self.arm()

    def arm(self) -> None:
        """The next expiry; nothing expires while UTC is unknown."""
        offset = self.context.clock.offset
        every = self.context.facts.of(Reservation).values()
        if offset is None or not every:
            self.context.timers.clear(Timer.RESERVATION)
        else:
            self.context.timers.set(Timer.RESERVATION, min(row.expires_utc for row in every) - offset)

    def expired(self) -> None:
        utc = self.context.utc
        for row in list(self.context.facts.of(Reservation).values()):
            if utc is not None and row.expires_utc <= utc:
                self.context.delete(Reservation, row.reservation_id)
                self.context.note("reservation-ended", id=row.reservation_id, reason="expired")
        self.arm()
