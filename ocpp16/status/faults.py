"""The fault codes of the board and of the station: error code, effect, cause and remedy of each (§7.6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ocpp16.messages.types import ChargePointErrorCode as Error


class Fault(NamedTuple):
    """What a fault means: its ChargePointErrorCode, its effect, and two sentences for the technician."""

    error: Error
    """§7.6: the errorCode of StatusNotification."""
    ends_transaction: bool
    """A running transaction ends; else it is suspended, or goes on."""
    blocks_running: bool
    """No energy during a transaction; else it goes on, and the fault is reported as a warning."""
    blocks_start: bool
    """No transaction begins; else the fault is nothing but a warning."""
    why: str
    """The cause, at most 50 characters are sent as `info`."""
    remedy: str


def _fault(
    error: Error, ends: bool, why: str, remedy: str, blocks_running: bool = True, blocks_start: bool = True
) -> Fault:
    return Fault(error, ends, blocks_running, blocks_start, why, remedy)


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
    "ground": _fault(
        Error.GROUND_FAILURE, True, "protective earth is lost",
        "check the installation's protective earth; unplug to clear",
    ),
    "self-test": _fault(
        Error.INTERNAL_ERROR, True, "the board's self-test has failed",
        "check the pilot's generator and converter; then evsectl selftest",
    ),
    "overvoltage": _fault(
        Error.OVER_VOLTAGE, False, "supply voltage too high",
        "check the supply and its neutral",
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
        Error.POWER_METER_FAILURE, True, "the meter counts less than it did before",
        "check the meter; after an exchange: evsectl selftest --clear-latched",
    ),
    "reader-lost": _fault(
        Error.READER_FAILURE, False, "the card reader does not answer",
        "check the reader's cable and supply; the back-office can start (RemoteStartTransaction)",
        blocks_running=False, blocks_start=False,
    ),
    "overtemperature": _fault(
        Error.HIGH_TEMPERATURE, False, "too hot inside",
        "let it cool down; check fan and sun",
    ),
    "undervoltage": _fault(
        Error.UNDER_VOLTAGE, False, "supply voltage too low",
        "check the supply",
    ),
    "emergency-stop": _fault(
        Error.OTHER_ERROR, True, "the emergency stop is pressed",
        "find out why it was pressed, then release it",
    ),
    "tamper": _fault(
        Error.OTHER_ERROR, False, "the housing was opened",
        "look after the station; close its housing", blocks_running=False,
    ),
    "fail-safe": _fault(
        Error.INTERNAL_ERROR, True, "no fail-safe would open the contactor",
        "see evsed-board --check-config: fail_safe of board.toml, dtparam=strict_gpiod",
    ),
    "queue-full": _fault(
        Error.INTERNAL_ERROR, False, "too many undelivered transactions",
        "connect the station: see evsectl status and evsectl queue list", blocks_running=False,
    ),
    "store-full": _fault(
        Error.INTERNAL_ERROR, True, "nothing can be recorded",
        "make room on the disk or check the SD card",
    ),
    "control-socket": _fault(
        Error.INTERNAL_ERROR, False, "the control socket cannot be made",
        "remove what is at its path ([control] socket)",
    ),
    "board-missing": _fault(
        Error.INTERNAL_ERROR, False, "the board does not answer",
        "check evsed-board: systemctl status evsed-board",
    ),
    "board-mismatch": _fault(
        Error.INTERNAL_ERROR, False, "board and product profile contradict each other",
        "correct [station] product or board.toml",
    ),
}  # fmt: skip
UNKNOWN_FAULT = _fault(Error.OTHER_ERROR, True, "the board reports a fault", "see the board's journal")


def fault_of(code: str) -> Fault:
    """The row of a fault code; an unknown code counts as OtherError and ends the transaction."""
    return FAULTS.get(code, UNKNOWN_FAULT)


def forbids_energy(code: str, transaction: bool) -> bool:
    """Whether the fault makes a connector Faulted: in a transaction, or without one."""
    fault = fault_of(code)
    return fault.blocks_running if transaction else fault.blocks_start


def gravest(codes: Sequence[str]) -> str:
    """Of codes, oldest first: what ends transactions before what suspends them, before what blocks a start, before
    warnings; among equals the newest.
    """
    return max(reversed(codes), key=lambda code: fault_of(code)[1:4])
