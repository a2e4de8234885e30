"""What a Central System can trigger, by product."""

from __future__ import annotations

from ocpp16.product import Product
from ocpp16.triggers import Triggers
from tests.ocpp16.station import Station

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
