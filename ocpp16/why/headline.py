"""The state of the whole station in one line: its own outages first, then its connectors, then the Central System."""

from __future__ import annotations

from ocpp16.messages.types import ChargePointStatus as Status
from ocpp16.parts import Parts
from ocpp16.records import Availability
from ocpp16.station.shutdown import CAUSES
from ocpp16.status.connector_status import StatusReport
from ocpp16.status.faults import fault_of
from ocpp16.why import central_system
from ocpp16.why.reason import View


def headline(parts: Parts, mono: float) -> str:
    """`Charging; not connected to the Central System (TCP)`, `Faulted: the board does not answer`."""
    view = View(parts, next(iter(parts.connectors.values())), mono)
    pending = parts.shutdown.pending
    leaving = "" if pending is None else f"shuts down ({CAUSES[pending.how]})"
    return "; ".join(filter(None, (leaving, _station(parts) or _connectors(parts), central_system.headline(view))))


def _station(parts: Parts) -> str:
    """What concerns all connectors; "": each has its own state."""
    if codes := parts.station_faults.codes:
        blocking = [code for code in codes if fault_of(code).blocks_running]
        if blocking:
            return f"Faulted: {fault_of(blocking[0]).why}"
    station = parts.context.facts.of(Availability).get(0)
    running = parts.context.facts.running
    return "Unavailable: out of service" if station and not station.operative and not running else ""


def _connectors(parts: Parts) -> str:
    shown = {number: connector.status() for number, connector in parts.connectors.items()}
    if len(set(shown.values())) == 1:
        return _word(next(iter(shown.values())))
    return ", ".join(f"connector {number} {_word(report)}" for number, report in shown.items())


def _word(report: StatusReport) -> str:
    """The OCPP status; with its fault, where it is Faulted or warned of."""
    if report.status is Status.FAULTED:
        return f"Faulted: {report.info}"
    return f"{report.status} (warning: {report.info})" if report.vendor_code else str(report.status)
