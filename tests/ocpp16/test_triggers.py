"""What a Central System can trigger, by product."""

from __future__ import annotations

import pytest

from ocpp16 import events as ev
from ocpp16.product import Product
from ocpp16.triggers import Triggers
from tests.ocpp16.rig import Station

CORE = {"BootNotification", "Heartbeat", "MeterValues", "StatusNotification"}


def test_the_table_follows_the_product() -> None:
    """§5.17: without FirmwareManagement its two statuses are not there to be triggered."""
    assert set(Triggers(Station().cp).table()) == CORE | {"DiagnosticsStatusNotification", "FirmwareStatusNotification"}
    assert set(Triggers(Station(product=Product(profiles=("Core", "RemoteTrigger"))).cp).table()) == CORE


def test_without_a_reading_there_are_no_values() -> None:
    """§5.17: what cannot be told now is Rejected."""
    station = Station().started(attached=False)
    station.connect()
    answer = station.request("TriggerMessage", requestedMessage="MeterValues")
    assert answer == {"status": "Rejected"}


@pytest.mark.parametrize(("connector", "status"), [(None, "Accepted"), (0, "Accepted"), (1, "Rejected")])
def test_before_the_board_has_told_its_states(connector: int | None, status: str) -> None:
    """§5.17: a status that is not known yet is not told: Rejected for that connector, left out where all are asked."""
    station = Station().online()
    station.restart().happens(ev.Started())
    station.connect()
    station.forget()
    where = {} if connector is None else {"connectorId": connector}
    answer = station.request("TriggerMessage", requestedMessage="StatusNotification", **where)
    assert answer == {"status": status}
    assert {said["connectorId"] for said in station.heard("StatusNotification")} == (
        {0} if status == "Accepted" else set()
    )


def test_minimum_duration_does_not_apply() -> None:
    """§5.17: a triggered status is that of now, however short it has lasted; the others wait their time."""
    station = Station(MinimumStatusDuration=60).online()
    station.plug()
    assert station.statuses() == []
    station.request("TriggerMessage", requestedMessage="StatusNotification", connectorId=1)
    assert station.statuses() == ["Preparing"]
