"""Messages of the profile Reservation, with the spec's limits.  No behaviour."""

from __future__ import annotations

from ocpp16.messages.types import CancelReservationStatus, DateTime, Integer, Message, ReservationStatus, Text20

# --- sent by the Central System -------------------------------------------------------------------------------------


class CancelReservationReq(Message, frozen=True):
    reservation_id: Integer


class CancelReservationConf(Message, frozen=True):
    status: CancelReservationStatus


class ReserveNowReq(Message, frozen=True):
    connector_id: Integer
    """0: whichever connector is free."""
    expiry_date: DateTime
    id_tag: Text20
    reservation_id: Integer
    parent_id_tag: Text20 | None = None


class ReserveNowConf(Message, frozen=True):
    status: ReservationStatus


# --- who sends what: request and its confirmation, by action --------------------------------------------------------

OUTGOING: dict[str, tuple[type[Message], type[Message]]] = {}

INCOMING: dict[str, tuple[type[Message], type[Message]]] = {
    "CancelReservation": (CancelReservationReq, CancelReservationConf),
    "ReserveNow": (ReserveNowReq, ReserveNowConf),
}
