"""Facts to status: the tables of §4.9 and §7.7, row by row."""

from __future__ import annotations

import pytest

from ocpp16.messages.types import ChargePointErrorCode as Error
from ocpp16.messages.types import ChargePointStatus as Status
from ocpp16.status.connector_status import (
    FAULTS,
    FOLLOWS,
    LAMPS,
    StatusFacts,
    StatusReport,
    bridge,
    connector_status,
    fault_of,
    station_status,
)

A, P, C, SEV, SEVSE, F, R, U, X = (
    Status.AVAILABLE, Status.PREPARING, Status.CHARGING, Status.SUSPENDED_EV, Status.SUSPENDED_EVSE,
    Status.FINISHING, Status.RESERVED, Status.UNAVAILABLE, Status.FAULTED,
)  # fmt: skip
ORDER = (A, P, C, SEV, SEVSE, F, R, U, X)

# §4.9, the table of transitions: a row is from, a column is to, `x` where the table names a code.
MATRIX = {
    A: " xxxx-xxx",
    P: "x xxxx--x",
    C: "x- xxx-xx",
    SEV: "x-x xx-xx",
    SEVSE: "x-xx x-xx",
    F: "xx--- -xx",
    R: "xx---- xx",
    U: "xxxxx-- x",
    X: "xxxxxxxx ",
}


def legal(old: Status, new: Status) -> bool:
    return old is new or MATRIX[old][ORDER.index(new)] == "x"


PAIRS = [(old, new) for old in ORDER for new in ORDER]


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_follows_is_the_matrix(old: Status, new: Status) -> None:
    """§4.9: a status follows another exactly where the table of transitions has a code."""
    assert (old is new or new in FOLLOWS[old]) == legal(old, new)


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_bridge_walks_the_matrix(old: Status, new: Status) -> None:
    """§4.9: between two statuses that must not follow each other lies one that makes both steps legal."""
    between = bridge(old, new)
    if legal(old, new):
        assert between is None
    else:
        assert between is not None
        assert between not in (old, new)
        assert legal(old, between)
        assert legal(between, new)


@pytest.mark.parametrize(
    ("old", "new", "between"),
    [
        (C, P, F),  # C6, F2
        (F, C, P),  # F2, B3: A3 belongs to a station that asks for no card
        (F, SEVSE, P),
        (R, C, P),  # G2, B3
        (A, F, P),  # A2, B6
        (P, U, F),  # B6, F8
        (C, R, A),  # C1, A7
    ],
)
def test_bridge_that_a_user_would_recognise(old: Status, new: Status, between: Status) -> None:
    """§4.9: the step between is the one that the user's own actions would have made."""
    assert bridge(old, new) is between


RUNNING = StatusFacts(plugged=True, transaction=True, offered=True, closed=True)

# §4.9, §7.7: facts and what they look like
VIEWS = [
    (StatusFacts(), StatusReport(A)),
    (StatusFacts(plugged=True), StatusReport(P)),
    (StatusFacts(waiting_user=True), StatusReport(P)),
    (StatusFacts(plugged=True, waiting_user=True), StatusReport(P)),
    (RUNNING, StatusReport(C)),
    (RUNNING._replace(closed=False), StatusReport(SEV)),
    (RUNNING._replace(closed=False, settling=True), StatusReport(P)),
    (RUNNING._replace(offered=False), StatusReport(SEVSE)),
    (RUNNING._replace(offered=False, closed=False), StatusReport(SEVSE)),
    (RUNNING._replace(plugged=False), StatusReport(SEV, info="EV side disconnected")),
    (RUNNING._replace(stopping="Local"), StatusReport(C)),
    (RUNNING._replace(stopping="Local", closed=False), StatusReport(F)),
    (RUNNING._replace(stopping="EVDisconnected"), StatusReport(F, info="EV side disconnected")),
    (StatusFacts(plugged=True, finishing=True), StatusReport(F)),
    (StatusFacts(plugged=True, finishing=True, waiting_user=True), StatusReport(P)),
    (StatusFacts(reserved=True), StatusReport(R)),
    (StatusFacts(reserved=True, plugged=True), StatusReport(R)),
    (StatusFacts(reserved=True, waiting_user=True), StatusReport(P)),
    (StatusFacts(operative=False), StatusReport(U)),
    (StatusFacts(operative=False, plugged=True), StatusReport(U)),
    (StatusFacts(operative=False, finishing=True), StatusReport(U)),
    (RUNNING._replace(operative=False), StatusReport(C)),
]


@pytest.mark.parametrize(("view", "shown"), VIEWS)
def test_status_of_a_connector(view: StatusFacts, shown: StatusReport) -> None:
    """§7.7: each status has its one meaning."""
    assert connector_status(view) == shown


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
    "board-missing": Error.INTERNAL_ERROR,
    "board-mismatch": Error.INTERNAL_ERROR,
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


@pytest.mark.parametrize("code", ["reader-lost", "lock-closed"])
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


@pytest.mark.parametrize(
    ("faults", "operative", "status"), [((), True, A), ((), False, U), (("store-full",), True, X), (("rcd",), False, X)]
)
def test_status_of_the_station(faults: tuple[str, ...], operative: bool, status: Status) -> None:
    """§4.9: connector 0 is Available, Unavailable or Faulted, nothing else."""
    assert station_status(faults, operative).status is status


def test_every_status_has_a_lamp() -> None:
    """Each status can be seen on the lamp."""
    assert set(LAMPS) == set(Status)
