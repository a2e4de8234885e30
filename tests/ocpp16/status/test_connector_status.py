"""Facts to status: the rows of §4.9 and §7.7, one by one."""

from __future__ import annotations

import pytest

from ocpp16.messages.types import ChargePointStatus as Status
from ocpp16.status.connector_status import LAMPS, StatusFacts, StatusReport, connector_status, station_status

A, P, C, SEV, SEVSE, F, R, U, X = (
    Status.AVAILABLE, Status.PREPARING, Status.CHARGING, Status.SUSPENDED_EV, Status.SUSPENDED_EVSE,
    Status.FINISHING, Status.RESERVED, Status.UNAVAILABLE, Status.FAULTED,
)  # fmt: skip

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


@pytest.mark.parametrize(
    ("faults", "operative", "status"), [((), True, A), ((), False, U), (("store-full",), True, X), (("rcd",), False, X)]
)
def test_status_of_the_station(faults: tuple[str, ...], operative: bool, status: Status) -> None:
    """§4.9: connector 0 is Available, Unavailable or Faulted, nothing else."""
    assert station_status(faults, operative).status is status


def test_every_status_has_a_lamp() -> None:
    """Each status can be seen on the lamp."""
    assert set(LAMPS) == set(Status)
