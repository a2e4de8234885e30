"""Facts -> ChargePointStatus, error code, lamp, and WHY: pure functions and tables, no state (§4.9, §7.7).

A status is never stored: it is asked for after every step, so it cannot be forgotten.
"""

from __future__ import annotations

from typing import NamedTuple

from ocpp16.messages.types import ChargePointErrorCode as Error
from ocpp16.messages.types import ChargePointStatus as Status
from ocpp16.step import Lamp

EV_SIDE_DISCONNECTED = "EV side disconnected"


class Fault(NamedTuple):
    """How a fault of the board is told, and what it does."""

    error: Error
    ends_transaction: bool
    blocks_running: bool
    why: str
    remedy: str


def _fault(error: Error, ends: bool, why: str, remedy: str, blocks_running: bool = True) -> Fault:
    return Fault(error, ends, blocks_running, why, remedy)


FAULTS: dict[str, Fault] = {
    "rcd": _fault(
        Error.GROUND_FAILURE, True, "residual current detected",
        "check car and cable; it resets after its waiting time or a selftest",
    ),
    "weld": _fault(
        Error.POWER_SWITCH_FAILURE, True, "the contactor does not open",
        "switch the supply off, replace the contactor, then evsectl selftest --clear-latched",
    ),
    "contactor": _fault(
        Error.POWER_SWITCH_FAILURE, True, "the contactor does not close",
        "check coil and feedback wiring; unplug to clear",
    ),
    "pilot-short": _fault(
        Error.OTHER_ERROR, False, "the control pilot is shorted or lost",
        "check the pilot wire and the car's inlet",
    ),
    "diode": _fault(
        Error.OTHER_ERROR, True, "the car's pilot diode is missing",
        "unplug; have the car's inlet checked",
    ),
    "ventilation": _fault(
        Error.OTHER_ERROR, True, "the car wants ventilation, there is none",
        "unplug; this car cannot charge here",
    ),
    "lock-open": _fault(
        Error.CONNECTOR_LOCK_FAILURE, True, "the cable cannot be locked",
        "push the plug in fully; check the lock",
    ),
    "lock-closed": _fault(
        Error.CONNECTOR_LOCK_FAILURE, False, "the cable cannot be unlocked",
        "pull and push the plug; check the lock", blocks_running=False,
    ),
    "overcurrent": _fault(
        Error.OVER_CURRENT_FAILURE, True, "the car draws more than it may",
        "unplug; have the car checked",
    ),
    "ev-ignores-stop": _fault(
        Error.OTHER_ERROR, True, "the car does not stop when told to",
        "unplug; have the car checked",
    ),
    "meter-frozen": _fault(
        Error.POWER_METER_FAILURE, True, "the meter stands still while current flows",
        "check the meter and its bus",
    ),
    "meter-lost": _fault(
        Error.POWER_METER_FAILURE, True, "the meter does not answer",
        "check the meter's wiring and address",
    ),
    "meter-backwards": _fault(
        Error.POWER_METER_FAILURE, True, "the meter counts backwards",
        "check the meter's direction of current",
    ),
    "meter-low": _fault(
        Error.POWER_METER_FAILURE, True, "the meter counts less than was billed",
        "check the meter; after an exchange: evsectl selftest --clear-latched",
    ),
    "reader-lost": _fault(
        Error.READER_FAILURE, False, "the card reader does not answer",
        "check the reader's cable and supply", blocks_running=False,
    ),
    "overtemperature": _fault(
        Error.HIGH_TEMPERATURE, False, "too hot inside",
        "let it cool down; check fan and sun",
    ),
    "undervoltage": _fault(
        Error.UNDER_VOLTAGE, False, "supply voltage too low",
        "check the supply",
    ),
    "store-full": _fault(
        Error.INTERNAL_ERROR, True, "nothing can be recorded",
        "make room on the disk or check the SD card",
    ),
    "board-missing": _fault(
        Error.INTERNAL_ERROR, False, "the board does not answer",
        "check evsed-board: systemctl status evsed-board",
    ),
    "board-mismatch": _fault(
        Error.INTERNAL_ERROR, False, "board and product profile contradict each other",
        "see the journal; correct [station] product or board.toml",
    ),
}  # fmt: skip
UNKNOWN_FAULT = _fault(Error.OTHER_ERROR, True, "the board reports a fault", "see the board's journal")


def fault_of(code: str) -> Fault:
    return FAULTS.get(code, UNKNOWN_FAULT)


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
    offered: bool = False
    closed: bool = False
    settling: bool = False
    """The transaction is so young that the car may still be waking up."""
    finishing: bool = False
    held: bool = False
    """The plug was pulled at the car, the cable waits locked for its driver."""
    reserved: bool = False


class StatusReport(NamedTuple):
    """What StatusNotification tells."""

    status: Status
    error: Error = Error.NO_ERROR
    info: str | None = None
    vendor_code: str | None = None


def connector_status(view: StatusFacts) -> StatusReport:
    """§4.9, §7.7: the status of a connector > 0."""
    faults = [code for code in view.faults if not view.transaction or fault_of(code).blocks_running]
    if faults:
        return _faulted(faults[0])
    status, info = _working(view)
    if view.faults:  # §4.9: an error code with another status than Faulted is a warning
        code = view.faults[0]
        return StatusReport(status, fault_of(code).error, fault_of(code).why[:50], code)
    return StatusReport(status, info=info)


def _faulted(code: str) -> StatusReport:
    return StatusReport(Status.FAULTED, fault_of(code).error, fault_of(code).why[:50], code)


def _working(view: StatusFacts) -> tuple[Status, str | None]:
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
    if not view.offered:  # both suspended: the station's side is told
        return Status.SUSPENDED_EVSE, None
    return (Status.PREPARING if view.settling else Status.SUSPENDED_EV), None


def station_status(faults: tuple[str, ...], operative: bool) -> StatusReport:
    """Connector 0: Available, Unavailable or Faulted, whatever the connectors do."""
    if faults:
        return _faulted(faults[0])
    return StatusReport(Status.AVAILABLE if operative else Status.UNAVAILABLE)


# §4.9, the matrix: from a status to those that may follow it.  Faulted may follow any, and lead back to any.
FOLLOWS: dict[Status, frozenset[Status]] = {
    Status.AVAILABLE: frozenset(Status) - {Status.FINISHING},
    Status.PREPARING: frozenset(Status) - {Status.RESERVED, Status.UNAVAILABLE},
    Status.CHARGING: frozenset(Status) - {Status.PREPARING, Status.RESERVED},
    Status.SUSPENDED_EV: frozenset(Status) - {Status.PREPARING, Status.RESERVED},
    Status.SUSPENDED_EVSE: frozenset(Status) - {Status.PREPARING, Status.RESERVED},
    Status.FINISHING: frozenset({Status.AVAILABLE, Status.PREPARING, Status.UNAVAILABLE, Status.FAULTED}),
    Status.RESERVED: frozenset({Status.AVAILABLE, Status.PREPARING, Status.UNAVAILABLE, Status.FAULTED}),
    Status.UNAVAILABLE: frozenset(Status) - {Status.FINISHING, Status.RESERVED},
    Status.FAULTED: frozenset(Status),
}


def bridge(old: Status, new: Status) -> Status | None:
    """The status that lies between two which must not follow each other; None where they may."""
    if old is new or new in FOLLOWS[old]:
        return None
    return next(
        (
            way
            for way in (Status.FINISHING, Status.PREPARING, Status.AVAILABLE)  # F2 B3 rather than F1 A3
            if way in FOLLOWS[old] and new in FOLLOWS[way]
        ),
        None,
    )


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
