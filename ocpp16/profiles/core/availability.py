"""ChangeAvailability (§5.2): operative or inoperative, at once or scheduled; kept across power cuts (§4.9)."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from ocpp16.messages.core import ChangeAvailabilityConf, ChangeAvailabilityReq
from ocpp16.messages.types import AvailabilityStatus, AvailabilityType
from ocpp16.records import Availability
from ocpp16.state.context import Context


class ChangeAvailability:
    """Row 0 is the station, rows 1..N the connectors."""

    def __init__(
        self,
        context: Context,
        connectors: int,
        *,
        is_busy: Callable[[int], bool],
        on_changed: Callable[[int, bool], None],
    ) -> None:
        self.context = context
        self.connectors = connectors
        self.is_busy = is_busy
        self.on_changed = on_changed

    def row(self, connector: int) -> Availability:
        """The availability of a connector; operative where nothing was recorded."""
        return self.context.facts.of(Availability).get(connector) or Availability(connector=connector)

    def on_change_availability(self, request: ChangeAvailabilityReq) -> ChangeAvailabilityConf:
        """§5.2: Scheduled where a connector is busy; connector 0 means the station and every connector."""
        if not 0 <= request.connector_id <= self.connectors or not self.context.accepts_changes:
            return ChangeAvailabilityConf(status=AvailabilityStatus.REJECTED)
        operative = request.type is AvailabilityType.OPERATIVE
        all_rows = (*range(1, self.connectors + 1), 0)  # connectors first: an inoperative station makes none busy
        concerned = all_rows if request.connector_id == 0 else (request.connector_id,)
        scheduled = [connector for connector in concerned if self._set(connector, operative)]
        return ChangeAvailabilityConf(status=AvailabilityStatus.SCHEDULED if scheduled else AvailabilityStatus.ACCEPTED)

    def _set(self, connector: int, operative: bool) -> bool:
        """True: scheduled, for the connector is busy."""
        row = self.row(connector)
        if not operative and row.operative and connector > 0 and self.is_busy(connector):
            self.context.save(replace(row, scheduled=False))
            return True
        self._put(replace(row, operative=operative, scheduled=None), changed=row.operative != operative)
        return False

    def _put(self, row: Availability, changed: bool) -> None:
        if row != self.row(row.connector):
            self.context.save(row)
        if changed:
            self.on_changed(row.connector, row.operative)

    def apply_scheduled(self, connector: int, free: bool) -> None:
        """The scheduled change takes effect when the connector is free: its transaction ended or its user left."""
        row = self.context.facts.of(Availability).get(connector)
        if free and row is not None and row.scheduled is not None:
            self._put(replace(row, operative=row.scheduled, scheduled=None), changed=row.operative != row.scheduled)
