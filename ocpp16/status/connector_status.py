"""ChargePointStatus, error code and lamp of a connector and of the station, derived from facts (§4.9, §7.7).

Pure functions without state.  A status is never stored: it is derived again after every step.
"""

from __future__ import annotations

from typing import NamedTuple

from ocpp16.messages.types import ChargePointErrorCode as Error
from ocpp16.messages.types import ChargePointStatus as Status
from ocpp16.status.faults import fault_of, forbids_energy, gravest
from ocpp16.step import Lamp

EV_SIDE_DISCONNECTED = "EV side disconnected"


class StatusFacts(NamedTuple):
    """The facts of a connector that its status depends on."""

    faults: tuple[str, ...] = ()
    """Codes, the station's included, oldest first."""
    operative: bool = True
    plugged: bool = False
    """The car holds the plug (pilot B, C, D or a fault of the pilot)."""
    waiting_user: bool = False
    """A card or a remote start is accepted and waits."""
    transaction: bool = False
    stopping: str = ""
    """The reason for which the running transaction is being stopped; "" where it is not."""
    offered: bool = False
    """More than 0 A are offered."""
    closed: bool = False
    """The contactor is closed."""
    settling: bool = False
    """The transaction has just begun: the car may not have asked for energy yet."""
    finishing: bool = False
    """A transaction is over, and the car or its cable is still here."""
    held: bool = False
    """The plug was pulled at the car, the cable waits locked for its driver."""
    reserved: bool = False


class StatusReport(NamedTuple):
    """The fields of StatusNotification.req that are derived from facts (§6.47)."""

    status: Status
    error: Error = Error.NO_ERROR
    info: str | None = None
    vendor_code: str | None = None


def connector_status(view: StatusFacts) -> StatusReport:
    """§4.9, §7.7: the status of a connector > 0; of several faults the gravest is shown."""
    faults = [code for code in view.faults if forbids_energy(code, view.transaction)]
    if faults:
        return with_fault(Status.FAULTED, gravest(faults))
    status, info = _without_fault(view)
    if view.faults:  # §4.9: an error code with another status than Faulted is a warning
        return with_fault(status, gravest(view.faults))
    return StatusReport(status, info=info)


def with_fault(status: Status, code: str) -> StatusReport:
    """A status and a fault: an error code with another status than Faulted is a warning (§4.9)."""
    return StatusReport(status, fault_of(code).error, fault_of(code).why[:50], code)


def _without_fault(view: StatusFacts) -> tuple[Status, str | None]:
    if view.transaction:
        return _in_transaction(view)
    if not view.operative:
        return Status.UNAVAILABLE, None
    if view.finishing and not view.waiting_user:
        return Status.FINISHING, EV_SIDE_DISCONNECTED if view.held else None
    if view.waiting_user:
        return Status.PREPARING, None
    if view.reserved:  # plugging in without the card leaves it Reserved
        return Status.RESERVED, None
    return (Status.PREPARING if view.plugged or view.held else Status.AVAILABLE), None


def _in_transaction(view: StatusFacts) -> tuple[Status, str | None]:
    if view.stopping:
        gone = EV_SIDE_DISCONNECTED if view.stopping == "EVDisconnected" else None
        return (Status.FINISHING, gone) if gone or not (view.closed and view.plugged) else (Status.CHARGING, None)
    if not view.plugged:  # §4.9: StopTransactionOnEVSideDisconnect is false
        return Status.SUSPENDED_EV, EV_SIDE_DISCONNECTED
    if view.closed and view.offered:
        return Status.CHARGING, None
    if not view.offered:  # both suspended: the station's side is reported
        return Status.SUSPENDED_EVSE, None
    return (Status.PREPARING if view.settling else Status.SUSPENDED_EV), None


def station_status(faults: tuple[str, ...], operative: bool) -> StatusReport:
    """Connector 0: Available, Unavailable or Faulted, whatever the connectors do."""
    blocking = [code for code in faults if forbids_energy(code, transaction=False)]
    if blocking:
        return with_fault(Status.FAULTED, gravest(blocking))
    status = Status.AVAILABLE if operative else Status.UNAVAILABLE
    return with_fault(status, gravest(faults)) if faults else StatusReport(status)


LAMPS: dict[Status, Lamp] = {
    Status.AVAILABLE: "available",
    Status.PREPARING: "preparing",
    Status.CHARGING: "charging",
    Status.SUSPENDED_EV: "suspended",
    Status.SUSPENDED_EVSE: "suspended",
    Status.FINISHING: "finishing",
    Status.RESERVED: "reserved",
    Status.UNAVAILABLE: "unavailable",
    Status.FAULTED: "faulted",
}
