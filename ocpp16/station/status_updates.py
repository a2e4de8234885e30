"""After every step: what follows from the present status of the connectors and of the station (§4.9).

StatusNotification is sent where a status has changed; a scheduled ChangeAvailability takes effect; a connector that is
Faulted or Unavailable loses its reservation.
"""

from __future__ import annotations

from ocpp16.connector.connector import Connector
from ocpp16.messages.types import ChargePointStatus as Status
from ocpp16.profiles.core.availability import ChangeAvailability
from ocpp16.profiles.core.status_notification import Notifications
from ocpp16.profiles.reservation import Reservations
from ocpp16.state.active_faults import ActiveFaults
from ocpp16.status.connector_status import station_status

LOST = frozenset({Status.FAULTED, Status.UNAVAILABLE})
SUSPENDED = frozenset({Status.SUSPENDED_EV, Status.SUSPENDED_EVSE})
AFTER_START = frozenset({Status.CHARGING, Status.SUSPENDED_EV, Status.SUSPENDED_EVSE})
"""Sent after the StartTransaction.req that brought them about, where it waits."""


class StatusUpdates:
    """Derives every status anew and hands it on."""

    def __init__(
        self,
        availability: ChangeAvailability,
        reservations: Reservations,
        notifications: Notifications,
        connectors: dict[int, Connector],
        station_faults: ActiveFaults,
    ) -> None:
        self.availability = availability
        self.reservations = reservations
        self.notifications = notifications
        self.connectors = connectors
        self.station_faults = station_faults
        self._before: dict[int, Status] = {}

    def update_connectors(self) -> None:
        """Each connector, by number."""
        for connector in self.connectors.values():
            self._update(connector)

    def update_station(self) -> None:
        """Connector 0."""
        status = station_status(self.station_faults.codes, self.availability.row(0).operative)
        self.notifications.update(0, status, None, self.station_faults.codes)

    def _update(self, connector: Connector) -> None:
        state = connector.state
        transaction = state.transaction
        if transaction is None and state.ready:  # before that nobody knows whether a car is there
            self.availability.apply_scheduled(connector.number, free=not state.busy)
        if not state.ready and not state.faulted:
            return  # the open transaction is not decided upon yet: no status is known
        shown = connector.status()
        waits = transaction is not None and transaction.start == "waiting" and shown.status in AFTER_START
        start_seq = transaction.start_seq if waits and transaction is not None else None
        if shown.status is Status.UNAVAILABLE:
            connector.forget_occupancy()
        if shown.status in LOST:
            self.reservations.connector_lost(connector.number)
        self.notifications.update(connector.number, shown, start_seq, state.faults.codes)
        if shown.status is not self._before.get(connector.number):
            self._note_pause(connector, self._before.get(connector.number), shown.status)
            self._before[connector.number] = shown.status

    def _note_pause(self, connector: Connector, before: Status | None, now: Status) -> None:
        """A running transaction gets no energy any more, and why; or gets it again."""
        closing = now is Status.SUSPENDED_EV and connector.state.pilot in ("C", "D")
        if closing:
            return  # offered and asked for: the contactor is about to close
        if now in SUSPENDED:
            who = "the car" if now is Status.SUSPENDED_EV else "the station"
            reason = "it does not ask for energy" if now is Status.SUSPENDED_EV else connector.offered.lowest()
            self.notifications.context.note("suspended", connector=connector.number, who=who, reason=reason)
        elif before in SUSPENDED and now is Status.CHARGING:
            amps = connector.offered.amps()
            self.notifications.context.note("resumed", connector=connector.number, amps=amps)
