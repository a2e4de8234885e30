"""What the board tells of a connector's parts: which meter it is, how often its contactor has switched."""

from __future__ import annotations

from msgspec.structs import replace

from ocpp16.connector.connector import Connector
from ocpp16.events import MeterIdentified, SwitchingsCounted
from ocpp16.messages.types import Reason
from ocpp16.profiles.core.meter_readings import MeterReadings
from ocpp16.records import Equipment
from ocpp16.state.context import Context
from ocpp16.station.recovery import Recovery

COUNT_WITHIN_S = 60.0
"""A count may wait for another write: the board tells it again as long as it lives."""


class EquipmentRecords:
    """Keeps one row a connector; a meter with another serial number than the one on record was exchanged."""

    def __init__(
        self, context: Context, metering: MeterReadings, recovery: Recovery, connectors: dict[int, Connector]
    ) -> None:
        self.context = context
        self.metering = metering
        self.recovery = recovery
        self.connectors = connectors

    def _row(self, number: int) -> Equipment:
        row = self.context.facts.of(Equipment).get(number)
        return Equipment(connector=number) if row is None else row

    # --- the meter --------------------------------------------------------------------------------------------------

    def meter_identified(self, event: MeterIdentified) -> None:
        """The board has read which meter it is.  One without a number says nothing against the number on record."""
        connector = self.connectors.get(event.connector)
        if connector is None:
            return
        row = self._row(event.connector)
        same_kind = event.model in ("", row.meter_model)
        serial = event.serial or (row.meter_serial if same_kind else "")
        known = replace(row, meter_serial=serial, meter_model=event.model or row.meter_model)
        if known == row:
            return
        self.context.save(known)
        if row.meter_serial and event.serial and event.serial != row.meter_serial:
            self._exchanged(connector, row, known)
        else:
            self.context.note(
                "meter-identified", connector=event.connector, model=known.meter_model, serial=known.meter_serial
            )

    def _exchanged(self, connector: Connector, before: Equipment, now: Equipment) -> None:
        """The register of this meter has nothing to do with earlier bills, nor with that of an open transaction.

        One that is open ends with the last register of the old meter: at once, or when recovery has decided.
        """
        self.context.note(
            "meter-exchanged",
            connector=connector.number,
            before=before.meter_serial,
            now=now.meter_serial,
            model=now.meter_model,
        )
        self.metering.exchanged(connector.number)
        if connector.state.ready and connector.state.transaction is not None:
            connector.stop(Reason.OTHER)

    # --- the contactor ----------------------------------------------------------------------------------------------

    def switchings_counted(self, event: SwitchingsCounted) -> None:
        """The board counts since it was started; what was not on record yet is added to the sum."""
        board = self.recovery.board
        if board is None or event.connector not in self.connectors:
            return
        row = self._row(event.connector)
        seen = (row.session_loaded, row.session_unloaded) if row.session_id == board.session_id else (0, 0)
        counted = replace(
            row,
            loaded=row.loaded + max(0, event.loaded - seen[0]),
            unloaded=row.unloaded + max(0, event.unloaded - seen[1]),
            session_id=board.session_id,
            session_loaded=event.loaded,
            session_unloaded=event.unloaded,
        )
        if counted != row and (counted.loaded, counted.unloaded) != (row.loaded, row.unloaded):
            self.context.save(counted, within_s=COUNT_WITHIN_S)
