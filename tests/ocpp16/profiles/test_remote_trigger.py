"""TriggerMessage: the answer first, then the message."""

from __future__ import annotations

import pytest

from ocpp16.product import Product
from tests.ocpp16.rig import CallError, Station


def trigger(station: Station, message: str, connector: int | None = None) -> tuple[str, list[str]]:
    """(status, what was said)."""
    station.said.clear()
    fields = {} if connector is None else {"connectorId": connector}
    answer = station.request("TriggerMessage", requestedMessage=message, **fields)
    assert isinstance(answer, dict)
    return answer["status"], station.actions()


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("Heartbeat", ["Heartbeat"]),
        ("MeterValues", ["MeterValues"]),
        ("StatusNotification", ["StatusNotification", "StatusNotification"]),
        ("DiagnosticsStatusNotification", ["DiagnosticsStatusNotification"]),
        ("FirmwareStatusNotification", ["FirmwareStatusNotification"]),
    ],
)
def test_each_message(message: str, said: list[str]) -> None:
    """§5.17: each implemented message is sent, for all connectors where none is named."""
    assert trigger(Station().online(), message) == ("Accepted", said)


def test_of_one_connector() -> None:
    """§5.17: with a connectorId just that one; 0 is the station itself."""
    station = Station().online()
    assert trigger(station, "StatusNotification", 1) == ("Accepted", ["StatusNotification"])
    assert station.heard("StatusNotification")[-1]["connectorId"] == 1
    assert trigger(station, "StatusNotification", 0) == ("Accepted", ["StatusNotification"])
    assert station.heard("StatusNotification")[-1]["connectorId"] == 0


@pytest.mark.parametrize("message", ["MeterValues", "StatusNotification"])
def test_a_connector_that_does_not_exist(message: str) -> None:
    """§5.17: Rejected, and nothing is sent."""
    assert trigger(Station().online(), message, 2) == ("Rejected", [])


def test_a_connector_that_does_not_matter() -> None:
    """§5.17: a connectorId is ignored where the message has none."""
    assert trigger(Station().online(), "Heartbeat", 99) == ("Accepted", ["Heartbeat"])


@pytest.mark.parametrize("message", ["LogStatusNotification", "StartTransaction", "Nonsense"])
def test_what_cannot_be_triggered(message: str) -> None:
    """§5.17: NotImplemented, not a CALLERROR."""
    assert trigger(Station().online(), message) == ("NotImplemented", [])


def test_boot_only_before_it_is_accepted() -> None:
    """E 3.35: BootNotification can be triggered while pending, and is Rejected afterwards."""
    assert trigger(Station().online(), "BootNotification") == ("Rejected", [])
    station = Station().started()
    station.boot_answer = {"status": "Pending", "interval": 300}
    station.connect()
    assert trigger(station, "BootNotification") == ("Accepted", ["BootNotification"])
    assert trigger(station, "Heartbeat") == ("Accepted", ["Heartbeat"])


def test_triggered_values_are_of_now_and_not_queued() -> None:
    """§5.17: context Trigger; a transactionId only where one runs."""
    station = Station().online()
    trigger(station, "MeterValues", 1)
    told = station.heard("MeterValues")[-1]
    assert "transactionId" not in told and told["meterValue"][0]["sampledValue"][0]["context"] == "Trigger"
    station.charging()
    trigger(station, "MeterValues", 1)
    assert "transactionId" in station.heard("MeterValues")[-1]
    assert station.cp.queue() == []


def test_triggered_boot_of_a_product_that_helps() -> None:
    """E 3.35 says Rejected; a Central System that forgot who we are has no other way to learn it."""
    station = Station(Product(triggered_boot="accepted")).online()
    assert trigger(station, "BootNotification")[0] == "Accepted"
    station = Station(Product(triggered_boot="accepted")).online()
    assert station.request("TriggerMessage", requestedMessage="BootNotification") == {"status": "Accepted"}
    assert station.actions()[0] == "BootNotification" and station.statuses(0) == station.statuses() == ["Available"]
    station.forget().script["BootNotification"] = CallError("InternalError")
    station.request("TriggerMessage", requestedMessage="BootNotification")
    station.wait(250)
    assert station.actions() == ["BootNotification"] and station.cp.status(station.now())["registration"] == "Accepted"


@pytest.mark.parametrize(
    ("message", "connector", "status", "sent"),
    [
        ("BootNotification", None, "Rejected", []),  # E 3.35, as for TriggerMessage
        ("Heartbeat", None, "Accepted", ["Heartbeat"]),
        ("MeterValues", 1, "Accepted", ["MeterValues"]),
        ("StatusNotification", None, "Accepted", ["StatusNotification", "StatusNotification"]),
        ("StatusNotification", 0, "Rejected", []),
        ("StatusNotification", 99, "Rejected", []),
        ("LogStatusNotification", 99, "Accepted", ["LogStatusNotification"]),
        ("FirmwareStatusNotification", None, "Accepted", None),
        ("DiagnosticsStatusNotification", None, "NotImplemented", []),
        ("StartTransaction", None, "NotImplemented", []),
        ("heartbeat", None, "NotImplemented", []),
    ],
)
def test_extended_trigger_message(message: str, connector: int | None, status: str, sent: list[str] | None) -> None:
    """W: the answer, then the message."""
    station = Station().online()
    station.meter()
    station.forget()
    more = {} if connector is None else {"connectorId": connector}
    assert station.request("ExtendedTriggerMessage", requestedMessage=message, **more) == {"status": status}
    station.settle()
    actions = [action for action in station.actions() if action != "SecurityEventNotification"]
    assert sent is None or actions == sent


def test_extended_trigger_message_needs_the_extension() -> None:
    station = Station(Product(security_profiles=(), secure_firmware=False)).online()
    for action, more in (("ExtendedTriggerMessage", {"requestedMessage": "Heartbeat"}),):
        answer = station.request(action, **more)
        assert isinstance(answer, CallError) and answer.code == "NotSupported"
