"""ChangeAvailability: operative or not, now or when the connector is free; it survives every power cut (§4.9, §5.2)."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from ocpp16.messages.core import ChangeAvailabilityConf, ChangeAvailabilityReq
from ocpp16.messages.types import AvailabilityStatus, AvailabilityType
from ocpp16.records import Availability as Row
from ocpp16.state.context import Context


class Availability:
    """Row 0 is the station's main controller, rows 1..N the connectors."""

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

    def row(self, connector: int) -> Row:
        return self.context.facts.of(Row).get(connector) or Row(connector=connector)

    def on_change_availability(self, request: ChangeAvailabilityReq) -> ChangeAvailabilityConf:
        if not 0 <= request.connector_id <= self.connectors or not self.context.accepts_changes:
            return ChangeAvailabilityConf(status=AvailabilityStatus.REJECTED)
        operative = request.type is AvailabilityType.OPERATIVE
        everyone = (*range(1, self.connectors + 1), 0)  # who is busy is asked before the station is out of service
        concerned = everyone if request.connector_id == 0 else (request.connector_id,)
        scheduled = [connector for connector in concerned if self._set(connector, operative)]
        return ChangeAvailabilityConf(status=AvailabilityStatus.SCHEDULED if scheduled else AvailabilityStatus.ACCEPTED)

    def _set(self, connector: int, operative: bool) -> bool:
        """True: it waits for the end of what runs there."""
        row = self.row(connector)
        if not operative and row.operative and connector > 0 and self.is_busy(connector):
            self.context.save(replace(row, scheduled=False))
            return True
        self._put(replace(row, operative=operative, scheduled=None), changed=row.operative != operative)
        return False

    def _put(self, row: Row, changed: bool) -> None:
        if row != self.row(row.connector):
            self.context.save(row)
        if changed:
            self.on_changed(row.connector, row.operative)

    def apply_scheduled(self, connector: int, free: bool) -> None:
        """A transaction is over (also by a reboot), or the user has left: what was scheduled takes effect."""
        row = self.context.facts.of(Row).get(connector)
        if free and row is not None and row.scheduled is not None:
            self._put(replace(row, operative=row.scheduled, scheduled=None), changed=row.operative != row.scheduled)
