"""ReserveNow, CancelReservation: a connector, or the station, kept for a card or its group until a time (§3.12)."""

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
    """How a connector is used, as far as a reservation depends on it."""

    faulted: bool
    operative: bool
    taken: bool
    """A transaction, a plug, an accepted card, a card that is asked about, or a Finishing driver."""
    begun: bool = False
    """A transaction, an accepted card, or a Finishing driver: more than a plug or a question."""

    @property
    def usable(self) -> bool:
        """Neither Faulted nor Unavailable."""
        return self.operative and not self.faulted

    @property
    def free(self) -> bool:
        """Usable, and nobody uses it."""
        return self.usable and not self.taken


class Reservations:
    """The reservations in force, and who may use which connector; `uses()`: each connector's use by its number."""

    def __init__(self, context: Context, product: Product, uses: Callable[[], dict[int, ConnectorUse]]) -> None:
        self.context = context
        self.product = product
        self.uses = uses

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
        shown = f"{status}: {why}" if why else str(status)
        self.context.note("reservation", id=request.reservation_id, connector=request.connector_id, status=shown)
        return ReserveNowConf(status=status)

    def _flaw(self, request: ReserveNowReq) -> str:
        """Why it is Rejected, whatever the connectors do; "" where it is not."""
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
            return "the time is unknown"
        return "" if to_seconds(request.expiry_date) > utc else "it has expired already"

    def _reserve(self, request: ReserveNowReq) -> ReservationStatus:
        expires = to_seconds(request.expiry_date)
        if (refusal := self._refusal(request)) is not None:
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

    def _refusal(self, request: ReserveNowReq) -> ReservationStatus | None:
        """Faulted, Unavailable or Occupied; None: it can be reserved.  The same reservationId is replaced (§5.13)."""
        replaced = next((row for row in self.rows if row.reservation_id == request.reservation_id), None)
        if replaced is not None and replaced.connector == request.connector_id:
            return None  # its own connector, whoever plugged in there meanwhile
        uses = self.uses()
        wanted = list(uses.values()) if request.connector_id == 0 else [uses[request.connector_id]]
        if all(use.faulted for use in wanted):
            return ReservationStatus.FAULTED
        if not any(use.usable for use in wanted):
            return ReservationStatus.UNAVAILABLE
        return None if self._leaves_enough(request, uses) else ReservationStatus.OCCUPIED

    def _leaves_enough(self, request: ReserveNowReq, uses: dict[int, ConnectorUse]) -> bool:
        """Whether a free connector is left for this request beside those that the other reservations need."""
        others = [row for row in self.rows if row.reservation_id != request.reservation_id]
        reserved = {row.connector for row in others}
        free = [number for number, use in uses.items() if use.free and number not in reserved]
        station_wide = sum(1 for row in others if row.connector == 0)
        fits = request.connector_id == 0 or request.connector_id in free
        return fits and len(free) > station_wide

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
        """The reservations that keep this connector; the holder of any of them may use it.

        Its own one; else those for the whole station, where too few other connectors are free for them.
        """
        if not self.context.facts.of(Reservation):
            return []
        rows = self.rows
        own = [row for row in rows if row.connector == connector]
        if own:
            return own
        station_wide = [row for row in rows if row.connector == 0]
        return station_wide if station_wide and self._is_needed(connector, rows, len(station_wide)) else []

    def _is_needed(self, connector: int, rows: list[Reservation], station_wide: int) -> bool:
        """Whether reservations for the whole station cannot do without this connector."""
        uses = self.uses()
        mine = uses[connector]
        if not mine.usable or mine.begun:
            return False
        reserved = {row.connector for row in rows} | {connector}
        others = [number for number, use in uses.items() if use.free and number not in reserved]
        return len(others) < station_wide

    def admits(self, connector: int, id_tag: str, parent_id_tag: str | None) -> bool:
        """Whether the connector is not reserved, or reserved for this card or its group."""
        rows = self.keepers(connector)
        return not rows or any(self.is_for(row, id_tag, parent_id_tag) for row in rows)

    def open_to(self, connector: int, id_tag: str) -> bool:
        """Whether a card may try: not reserved, reserved for it, or for a group that the Central System knows."""
        return self.admits(connector, id_tag, None) or self.group_may(connector)

    def reserved_for(self, connector: int, id_tag: str) -> bool:
        """Whether just this connector is reserved for just this card."""
        row = self.of(connector)
        return row is not None and row.connector == connector and self.admits(connector, id_tag, None)

    def group_may(self, connector: int) -> bool:
        """Whether it is reserved for a group, so that Authorize.conf decides."""
        return any(row.parent_id_tag is not None for row in self.keepers(connector))

    @staticmethod
    def is_for(row: Reservation, id_tag: str, parent_id_tag: str | None) -> bool:
        """The reserved card, or one of its group (§3.12: groups are compared, never a group with a card)."""
        if same(row.id_tag, id_tag):
            return True
        return row.parent_id_tag is not None and parent_id_tag is not None and same(row.parent_id_tag, parent_id_tag)

    def used_by(self, connector: int, id_tag: str, parent_id_tag: str | None) -> int | None:
        """A transaction begins: end the reservation that it uses and return its id; None where there is none."""
        row = next((r for r in self.rows if r.connector == connector and self.is_for(r, id_tag, parent_id_tag)), None)
        row = row or next((r for r in self.rows if r.connector == 0 and self.is_for(r, id_tag, parent_id_tag)), None)
        if row is None:
            return None
        self.end(row.reservation_id, "used")
        return row.reservation_id

    # --- their end -----------------------------------------------------------------------------------------------

    def connector_lost(self, connector: int) -> None:
        """§3.12: a connector that is Faulted or Unavailable loses its reservation (all of them: the station, too)."""
        rows = self.rows
        if not rows:
            return
        gone = {connector} if any(use.usable for use in self.uses().values()) else {connector, 0}
        for row in rows:
            if row.connector in gone:
                self.end(
                    row.reservation_id, "the connector is out of service" if row.connector else "no connector is left"
                )

    def end(self, reservation_id: int, why: str) -> None:
        """Delete a reservation; `why` is for the journal."""
        self.context.delete(Reservation, reservation_id)
        self.context.note("reservation-ended", id=reservation_id, reason=why)
        self.arm()

    def arm(self) -> None:
        """Set the timer of the next expiry; nothing expires while UTC is unknown."""
        offset = self.context.clock.offset
        every = self.context.facts.of(Reservation).values()
        if offset is None or not every:
            self.context.timers.clear(Timer.RESERVATION)
        else:
            self.context.timers.set(Timer.RESERVATION, min(row.expires_utc for row in every) - offset)

    def expired(self) -> None:
        """Delete what has expired."""
        utc = self.context.utc
        for row in list(self.context.facts.of(Reservation).values()):
            if utc is not None and row.expires_utc <= utc:
                self.context.delete(Reservation, row.reservation_id)
                self.context.note("reservation-ended", id=row.reservation_id, reason="expired")
        self.arm()
