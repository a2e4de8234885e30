"""The fault table: error code and effect of each code, and what a connector looks like with it (§4.9, §7.6)."""

from __future__ import annotations

import pytest

from ocpp16.messages.types import ChargePointErrorCode as Error
from ocpp16.messages.types import ChargePointStatus as Status
from ocpp16.status.connector_status import StatusFacts, connector_status
from ocpp16.status.faults import FAULTS, fault_of

C, X = Status.CHARGING, Status.FAULTED
RUNNING = StatusFacts(plugged=True, transaction=True, offered=True, closed=True)

# §7.6: which error code belongs to which fault
CODES = {
    "rcd": Error.GROUND_FAILURE,
    "weld": Error.POWER_SWITCH_FAILURE,
    "contactor": Error.POWER_SWITCH_FAILURE,
    "lock-open": Error.CONNECTOR_LOCK_FAILURE,
    "lock-closed": Error.CONNECTOR_LOCK_FAILURE,
    "overcurrent": Error.OVER_CURRENT_FAILURE,
    "meter-frozen": Error.POWER_METER_FAILURE,
    "meter-lost": Error.POWER_METER_FAILURE,
    "meter-backwards": Error.POWER_METER_FAILURE,
    "meter-low": Error.POWER_METER_FAILURE,
    "reader-lost": Error.READER_FAILURE,
    "overtemperature": Error.HIGH_TEMPERATURE,
    "undervoltage": Error.UNDER_VOLTAGE,
    "store-full": Error.INTERNAL_ERROR,
    "queue-full": Error.INTERNAL_ERROR,
    "board-missing": Error.INTERNAL_ERROR,
    "control-socket": Error.INTERNAL_ERROR,
    "board-mismatch": Error.INTERNAL_ERROR,
    "ground": Error.GROUND_FAILURE,
    "self-test": Error.INTERNAL_ERROR,
    "overvoltage": Error.OVER_VOLTAGE,
    "emergency-stop": Error.OTHER_ERROR,
    "fail-safe": Error.INTERNAL_ERROR,
    "tamper": Error.OTHER_ERROR,
    "pilot-short": Error.OTHER_ERROR,
    "diode": Error.OTHER_ERROR,
    "ventilation": Error.OTHER_ERROR,
    "ev-ignores-stop": Error.OTHER_ERROR,
}


@pytest.mark.parametrize("code", FAULTS)
def test_fault_of_an_idle_connector(code: str) -> None:
    """§7.6: a fault of an idle connector is Faulted with its error code, a reason and the vendor's own code."""
    shown = connector_status(StatusFacts(faults=(code,)))
    assert (shown.status, shown.error, shown.vendor_code) == (X, CODES[code], code)
    assert shown.info
    assert len(shown.info) <= 50


@pytest.mark.parametrize("code", ["reader-lost", "lock-closed", "queue-full"])
def test_fault_as_warning(code: str) -> None:
    """§4.9: an error code with another status than Faulted is a warning: the energy goes on."""
    shown = connector_status(RUNNING._replace(faults=(code,)))
    assert (shown.status, shown.error, shown.vendor_code) == (C, CODES[code], code)


def test_fault_that_forbids_energy_comes_first() -> None:
    """§4.9: a warning does not hide the fault behind it."""
    shown = connector_status(RUNNING._replace(faults=("reader-lost", "rcd")))
    assert (shown.status, shown.error) == (X, Error.GROUND_FAILURE)


def test_unknown_fault() -> None:
    """§7.6: a fault that nobody has heard of is OtherError, and it forbids energy."""
    assert fault_of("gremlin").error is Error.OTHER_ERROR
    assert connector_status(RUNNING._replace(faults=("gremlin",))).status is X
