"""Recovery after an outage (power loss, crash, restart): one table decides about each open transaction.

board                 | records       | open transaction
same session, offer   |               |
  kept or lapsed      | any           | goes on: only this process was away
  withdrawn since its |               |
  transaction began   | no stop       | ended Other, with the meter's own register: its end could not be written
  withdrawn before    | any           | goes on: the process ended between the commit of the start and the first offer
same boot             | any           | the board process restarted: goes on if the cable stayed, else EVDisconnected
new boot              | shutdown note | a planned reboot: ended with the note's reason
new boot              | none          | power loss: ended PowerLoss, with the meter's own register

Where the meter was exchanged meanwhile the open transaction ends in every case, with the last register on record.
"Withdrawn" is an offer without a transaction behind it, which the hall sends at the end of a transaction and at a fatal
error.  A level of 0 A with its transaction (a charging profile, MaxEnergyOnInvalidId, a fault, no board) is "kept".
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
from ocpp16.record_checks import Checked, last_alive
from ocpp16.records import LatchedFault, Transaction
from ocpp16.state.active_faults import ActiveFaults
from ocpp16.state.context import Context

OWN_FAULTS = ("store-full", "queue-full", "control-socket")
"""Faults of the station that the board does not report."""


def contradictions(product: Product, shapes: Sequence[ConnectorShape]) -> list[str]:
    """Where product profile and board cannot both be right, a line each; such a station is Faulted."""
    lines = []
    if sorted(shape.connector for shape in shapes) != list(range(1, product.connectors + 1)):
        lines.append(f"connectors: the product has {product.connectors}, the board {len(shapes)}")
    outlet = "cable" if product.fixed_cable else "socket"
    for shape in shapes:
        where = f"connector {shape.connector}"
        if shape.outlet != outlet:
            lines.append(f"{where}: the product has a {outlet}, the board a {shape.outlet}")
        if shape.phases < product.phases:
            lines.append(f"{where}: {product.phases} phases in the product, {shape.phases} on the board")
    return lines


class Recovery:
    """Holds the board while it is attached, and decides what an outage means for each open transaction."""

    def __init__(
        self,
        context: Context,
        product: Product,
        configuration: Configuration,
        metering: MeterReadings,
        transactions: TransactionRecords,
        connectors: dict[int, Connector],
        station_faults: ActiveFaults,
    ) -> None:
        self.context = context
        self.product = product
        self.configuration = configuration
        self.metering = metering
        self.transactions = transactions
        self.connectors = connectors
        self.station_faults = station_faults
        self.board: BoardAttached | None = None

    def report_problems(self, found: Checked) -> None:
        """Rows of the store that made no sense: what was mended is written, and each one is logged."""
        kept = {(record.table, record.key) for record in found.records}
        for record in found.mended:
            self.context.rewrite(record)
        for record, why in found.problems:
            mended = (record.table, record.key) in kept
            if not mended and isinstance(record, Transaction):  # it is kept under another number
                self.context.erase(record)
                mended = True
            code = "row-mended" if mended else "row-set-aside"
            self.context.note(code, table=record.table, key=str(record.key)[:40], why=why[:200])

    def started(self) -> None:
        """At the start: close the bill of a connector that the product no longer has, as far as it was written."""
        transactions = self.transactions
        for connector, transaction in list(self.context.facts.running.items()):
            if connector not in self.connectors:
                at = transactions.chronology.in_order(transaction.number, last_alive(transaction))
                reason = transaction.stopping or str(Reason.OTHER)
                transactions.end(transaction, reason, transaction.stop_id_tag, transaction.last_wh, at, exact=False)

    def attached(self, event: BoardAttached) -> None:
        """A board reports its shape; its present states follow, then `ready`."""
        self.board = event
        self.metering.begin_anew()
        self.station_faults.retain(OWN_FAULTS)  # the board reports the others again
        self._check(event)
        for shape in event.connectors:
            connector = self.connectors.get(shape.connector)
            if connector is not None:
                connector.board_attached(shape)
                self.metering.shapes[shape.connector] = shape
        for fault in self.context.facts.of(LatchedFault).values():  # no restart clears it
            if fault.connector == 0:
                self.station_faults.set(fault.code, self.context.now.mono, fault.detail, recorded=True)
            elif fault.connector in self.connectors:
                self.connectors[fault.connector].set_fault(fault.code, fault.detail, recorded=True)
        measurable = {name for shape in event.connectors for name in shape.measurands}
        self.configuration.measurable = frozenset(measurable) if measurable else None
        self.context.note("board-attached", board=event.board, connectors=len(event.connectors))

    def _check(self, event: BoardAttached) -> None:
        """Where board and product profile contradict each other the station is Faulted."""
        if wrong := contradictions(self.product, event.connectors):
            self.station_faults.set("board-mismatch", self.context.now.mono, "; ".join(wrong)[:400])
            self.context.note("board-mismatch", detail="; ".join(wrong)[:400])

    def ready(self) -> None:
        """All present states are reported: decide about each open transaction."""
        board, unit = self.board, self.context.facts.unit
        if board is None:
            return
        same_boot = unit.board_boot_id == board.boot_id
        same_session = same_boot and unit.board_session_id == board.session_id
        for connector in self.connectors.values():
            connector.board_ready()
            self._decide(connector, same_boot, same_session, unit.shutdown)
        self.context.save_unit(board_boot_id=board.boot_id, board_session_id=board.session_id, shutdown="")
        for connector in self.connectors.values():
            connector.faults_changed()

    def _decide(self, connector: Connector, same_boot: bool, same_session: bool, shutdown: str) -> None:
        """The table above."""
        transaction = connector.state.transaction
        if transaction is None:
            return
        if self.metering.is_foreign(connector.number):
            reason = Reason(shutdown) if shutdown else Reason.OTHER if same_boot else Reason.POWER_LOSS
            self.end_after_outage(connector, reason)
        elif same_session and self._was_withdrawn(connector):
            self.context.note("stop-recovered", number=transaction.number, connector=connector.number)
            connector.stop(Reason.OTHER)
        elif same_session or (same_boot and connector.state.plugged):
            connector.resume()
        elif same_boot:
            self.end_after_outage(connector, Reason.EV_DISCONNECTED)
        else:
            self.end_after_outage(connector, Reason(shutdown) if shutdown else Reason.POWER_LOSS)

    def _was_withdrawn(self, connector: Connector) -> bool:
        """Whether an earlier life withdrew the offer of an open transaction, and nothing on record says why.

        Start and withdrawal in the same instant count as a stop: that is the safe side.
        """
        state = connector.state
        transaction, shape = state.transaction, state.shape
        if transaction is None or transaction.stopping or shape is None or shape.offer_at is None:
            return False
        began = transaction.began
        return shape.offer == "withdrawn" and began.boot == self.context.clock.boot_id and shape.offer_at >= began.mono

    def end_after_outage(self, connector: Connector, reason: Reason) -> None:
        """The contactor was open meanwhile: ended at the last time on record, with the meter's present register."""
        transaction = connector.state.transaction
        if transaction is None:
            return
        at = self.transactions.chronology.in_order(transaction.number, last_alive(transaction))
        connector.end(transaction, transaction.stopping or str(reason), at)

    def lost(self, reason: str) -> None:
        """The present states are unknown; the board ends the charge by itself when the lease runs out."""
        self.board = None
        self.metering.shapes.clear()
        for connector in self.connectors.values():
            connector.board_lost()
        if "board-missing" not in self.station_faults.codes:
            self.context.note("board-lost", reason=reason)
        self.station_faults.set("board-missing", self.context.now.mono)
        self.station_faults.explain("board-missing", reason)  # the newest counts
