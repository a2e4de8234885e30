"""What follows from the present status after every step: StatusNotification, availability, reservations (§4.9)."""

from __future__ import annotations

import pytest

from ocpp16 import events as ev
from ocpp16.product import Product
from ocpp16.records import Reservation
from tests.ocpp16.rig import SILENCE, Station, clock_text, limit_to, refused


def test_status_after_its_start() -> None:
    """§4.9: Charging is sent after the StartTransaction.req that brought it about, Preparing is not held up."""
    station = Station().online()
    station.script["Authorize"] = SILENCE
    station.charging()
    station.script.clear()
    station.settle()
    assert station.actions() == ["StatusNotification", "Authorize", "StartTransaction", "StatusNotification"]
    assert station.statuses() == ["Preparing", "Charging"]


def test_no_status_before_the_board_is_ready() -> None:
    """§4.9: until all present states are reported nothing is sent about a connector; about the station it is."""
    station = Station().online()
    station.restart().happens(ev.Started())
    station.connect()
    assert {said["connectorId"] for said in station.forget().heard("StatusNotification")} <= {0}
    station.attach()
    assert station.statuses(1) == ["Available"]


def test_scheduled_availability_takes_effect() -> None:
    """§5.2: what was Scheduled is done as soon as the driver has left."""
    station = Station().online()
    station.plug()
    answer = station.request("ChangeAvailability", connectorId=1, type="Inoperative")
    assert answer == {"status": "Scheduled"}
    station.unplug()
    assert station.status() == "Unavailable"


def test_reservation_of_a_faulted_connector() -> None:
    """§3.12: a connector that is Faulted loses its reservation."""
    station = Station(Product(connectors=2)).online()
    soon = clock_text(5000.0)
    station.request("ReserveNow", connectorId=2, expiryDate=soon, idTag="CARD", reservationId=1)
    station.fault("rcd", connector=1)
    assert len(station.rows(Reservation)) == 1
    station.fault("rcd", connector=2)
    assert station.rows(Reservation) == []
    assert station.statuses(0) == []


def lines(station: Station, *codes: str) -> list[tuple[str, dict[str, object]]]:
    return [note for note in station.notes if note[0] in codes]


def test_b14_plug_suspend_and_resume_have_a_line_each() -> None:
    """Once each, with who pauses and why."""
    station = Station().online().charging()
    limit_to(station, 0.0)
    station.open_contactor()
    limit_to(station, 16.0)
    station.draw()
    station.pilot("B")
    station.open_contactor()
    station.wait(30)
    station.unplug()
    told = lines(station, "plugged", "unplugged", "suspended", "resumed")
    assert [code for code, _ in told] == ["plugged", "suspended", "resumed", "suspended", "unplugged"]
    assert told[1][1] == {
        "connector": 1, "who": "the station", "reason": "0 A TxDefaultProfile 1 (level 0, period 1)",
    }  # fmt: skip
    assert told[2][1] == {"connector": 1, "amps": 16.0}
    assert (told[3][1]["who"], told[3][1]["reason"]) == ("the car", "it does not ask for energy")


def test_b14_the_line_names_what_pauses_it() -> None:
    """A fault, or a refused card that has had its energy."""
    station = Station(StopTransactionOnInvalidId=False, MaxEnergyOnInvalidId=100).online()
    station.script["StartTransaction"] = {"transactionId": 7, **refused("Blocked")}
    station.charging()
    station.meter(150)
    ((_, fields),) = lines(station, "suspended")
    assert fields["reason"] == "MaxEnergyOnInvalidId is used up"
    assert station.cp.parts.connectors[1].offered.lowest() == "MaxEnergyOnInvalidId is used up"
    station.fault("overtemperature", connector=None)
    assert station.cp.parts.connectors[1].offered.lowest() == "fault overtemperature"


def test_b14_remote_orders_have_a_line_each() -> None:
    """What the Central System wanted, what it was answered, and why."""
    station = Station().online()
    station.plug()
    station.request("RemoteStartTransaction", idTag="CARD", connectorId=1)
    station.request("RemoteStartTransaction", idTag="CARD", connectorId=4)
    station.request("RemoteStopTransaction", transactionId=101)
    station.request("RemoteStopTransaction", transactionId=9)
    told = lines(station, "remote-start", "remote-stop")
    assert [(code, fields["status"], fields["reason"]) for code, fields in told] == [
        ("remote-start", "Accepted", "connector 1"),
        ("remote-start", "Rejected", "there is no connector 4"),
        ("remote-stop", "Accepted", "connector 1"),
        ("remote-stop", "Rejected", "no transaction runs under that id"),
    ]  # fmt: skip


@pytest.mark.parametrize("connector", [0, 1])
def test_out_of_service_leads_to_preparing(connector: int) -> None:
    """§4.9 G2: a plug that stayed after a transaction is Preparing, not Finishing, when service is restored."""
    station = Station().online()
    station.charging().tap("CARD")
    station.open_contactor()
    assert station.status() == "Finishing"
    station.request("ChangeAvailability", connectorId=connector, type="Inoperative")
    station.request("ChangeAvailability", connectorId=1, type="Operative")  # its own wish is taken back
    station.request("ChangeAvailability", connectorId=0, type="Operative")
    shown = ["Finishing"] if connector == 1 else ["Finishing", "Unavailable", "Preparing"]
    assert station.statuses()[-len(shown) :] == shown


def test_a_station_out_of_service_while_a_transaction_runs() -> None:
    """§4.9 G2: the same where the transaction ended while the station was already out of service."""
    station = Station().online().charging()
    station.request("ChangeAvailability", connectorId=0, type="Inoperative")
    station.request("ChangeAvailability", connectorId=1, type="Operative")
    station.tap("CARD")
    station.open_contactor()
    assert station.status() == "Unavailable"
    station.request("ChangeAvailability", connectorId=0, type="Operative")
    assert station.statuses()[-2:] == ["Unavailable", "Preparing"]
