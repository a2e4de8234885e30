"""What happened while we were away: decided by one table, from what the board says and what our records say.

board          | records       | open transaction
same session   | any           | goes on: only we were away
same boot      | any           | the board process restarted: goes on if the cable stayed, else EVDisconnected
new boot       | shutdown note | a planned reboot: ended with the note's reason
new boot       | none          | darkness: PowerLoss, with the meter's own register
"""

from __future__ import annotations

from collections.abc import Sequence

from ocpp16.configuration.configuration import Configuration
from ocpp16.connector.connector import Connector
from ocpp16.events import BoardAttached, ConnectorShape
from ocpp16.messages.types import Reason
from ocpp16.product import Product
from ocpp16.profiles.core.meter_readings import MeterReadings
from ocpp16.profiles.core.transaction_records import TransactionRecords
from ocpp16.records import LatchedFault
from ocpp16.state.context import Context
from ocpp16.state.timers import Timer

OWN_FAULTS = ("store-full",)
"""Faults of the station that the board knows nothing of."""


def contradictions(product: Product, shapes: Sequence[ConnectorShape]) -> list[str]:
    """Where product and board cannot both be right, a line each; such a station is Faulted."""
    lines = []
    if sorted(shape.connector for shape in shapes) != list(range(1, product.connectors + 1)):
        lines.append(f"connectors: the product has {product.connectors}, the board {len(shapes)}")
    outlet = "cable" if product.fixed_cable else "socket"
    for shape in shapes:
        place = f"connector {shape.connector}"
        if shape.outlet != outlet:
            lines.append(f"{place}: the product has a {outlet}, the board a {shape.outlet}")
        if shape.phases < product.phases:
            lines.append(f"{place}: {product.phases} phases in the product, {shape.phases} on the board")
    return lines


class Recovery:
    """Holds who the board is while it is there."""

    def __init__(
        self,
        context: Context,
        product: Product,
        configuration: Configuration,
        metering: MeterReadings,
        transactions: TransactionRecords,
        connectors: dict[int, Connector],
        station_faults: dict[str, str],
    ) -> None:
        self.context = context
        self.product = product
        self.configuration = configuration
        self.metering = metering
        self.transactions = transactions
        self.connectors = connectors
        self.station_faults = station_faults
        self.board: BoardAttached | None = None

    def started(self) -> None:
        """A connector may be gone with another product profile: what ran there is billed as far as it was written."""
        transactions = self.transactions
        for connector, transaction in list(self.context.facts.running.items()):
            if connector not in self.connectors:
                at = transactions.chronology.in_order(transaction.number, transaction.last)
                reason = transaction.stopping or str(Reason.OTHER)
                transactions.end(transaction, reason, transaction.stop_id_tag, transaction.last_wh, at)

    def attached(self, event: BoardAttached) -> None:
        self.board = event
        self.metering.begin_anew()
        for code in [code for code in self.station_faults if code not in OWN_FAULTS]:
            del self.station_faults[code]  # the board tells its own again
        self._check(event)
        for shape in event.connectors:
            connector = self.connectors.get(shape.connector)
            if connector is not None:
                connector.shape = shape
                connector.ready = False
                connector.faults.clear()
                self.metering.shapes[shape.connector] = shape
        for fault in self.context.facts.of(LatchedFault).values():  # no restart clears it
            if fault.connector == 0:
                self.station_faults[fault.code] = fault.detail
            elif fault.connector in self.connectors:
                self.connectors[fault.connector].faults[fault.code] = fault.detail
        measurable = {name for shape in event.connectors for name in shape.measurands}
        self.configuration.measurable = frozenset(measurable) if measurable else None
        self.context.note("board-attached", board=event.board, connectors=len(event.connectors))

    def _check(self, event: BoardAttached) -> None:
        """Board and product profile must tell the same story."""
        if wrong := contradictions(self.product, event.connectors):
            self.station_faults["board-mismatch"] = wrong[0]
            self.context.note("board-mismatch", detail="; ".join(wrong)[:400])

    def ready(self) -> None:
        """All present states are told: decide about each open transaction."""
        board, unit = self.board, self.context.facts.unit
        if board is None:
            return
        same_boot = unit.board_boot_id == board.boot_id
        same_session = same_boot and unit.board_session_id == board.session_id
        for connector in self.connectors.values():
            if connector.pilot == "A":
                connector.unplugged()
            connector.ready = True
            if not connector.plugged:
                connector.forget_occupancy()
            self._decide(connector, same_boot, same_session, unit.shutdown)
        self.context.save_unit(board_boot_id=board.boot_id, board_session_id=board.session_id, shutdown="")
        for connector in self.connectors.values():
            connector.faults_changed()

    def _decide(self, connector: Connector, same_boot: bool, same_session: bool, shutdown: str) -> None:
        if connector.transaction is None:
            return
        if same_session or (same_boot and connector.plugged):
            connector.goes_on()
        elif same_boot:
            connector.ended_in_the_dark(Reason.EV_DISCONNECTED, gone=True)
        else:
            connector.ended_in_the_dark(Reason(shutdown) if shutdown else Reason.POWER_LOSS, gone=not connector.plugged)

    def lost(self, reason: str) -> None:
        """Nothing is known of the connectors any more; the board ends the charge by itself when the lease lapses."""
        self.board = None
        self.metering.shapes.clear()
        for connector in self.connectors.values():
            connector.shape = None
            connector.ready = False
            connector.closed = False
            self.context.timers.clear(Timer.OPENING, connector.number)  # the bill waits for the board's next word
        if "board-missing" not in self.station_faults:
            self.context.note("board-lost", reason=reason)
        self.station_faults["board-missing"] = reason
