"""ChangeAvailability, situation by situation (§5.2, §4.9)."""

from __future__ import annotations

import pytest

from ocpp16 import events as ev
from ocpp16.product import Product
from ocpp16.records import Availability
from tests.ocpp16.rig import SILENCE, Station, calls


def change(station: Station, connector: int, operative: bool) -> object:
    kind = "Operative" if operative else "Inoperative"
    answer = station.request("ChangeAvailability", connectorId=connector, type=kind)
    assert isinstance(answer, dict)
    return answer["status"]


def test_idle() -> None:
    """§5.2: an idle connector is out of service at once; the answer comes first, then its status."""
    station = Station().online()
    answer, step = station.ask("ChangeAvailability", connectorId=1, type="Inoperative")
    assert answer == {"status": "Accepted"}
    assert step.frames[0].startswith("[3,")
    assert [payload["status"] for _, payload in calls(step)] == ["Unavailable"]
    station.settle()
    assert (station.statuses(0), station.statuses(1)) == ([], ["Unavailable"])
    assert not station.outlets[1].in_service


def test_back_in_service() -> None:
    """§4.9 H1: Operative makes it Available."""
    station = Station().online()
    change(station, 1, False)
    assert change(station, 1, True) == "Accepted"
    assert station.statuses() == ["Unavailable", "Available"]


def test_back_in_service_with_a_car() -> None:
    """§4.9 H2: where the plug is in already it is Preparing."""
    station = Station().online()
    change(station, 1, False)
    station.plug()
    assert station.status() == "Unavailable"
    change(station, 1, True)
    assert station.statuses() == ["Unavailable", "Preparing"]


@pytest.mark.parametrize("operative", [True, False])
def test_already_so(operative: bool) -> None:
    """§5.2: what is so already is Accepted, and nothing is told."""
    station = Station().online()
    change(station, 1, operative)
    station.forget()
    assert change(station, 1, operative) == "Accepted"
    assert station.said == []


@pytest.mark.parametrize("connector", [-1, 2, 99])
def test_unknown_connector(connector: int) -> None:
    """§5.2: a connector that is not there is Rejected."""
    station = Station().online()
    assert change(station, connector, False) == "Rejected"


def test_during_a_transaction() -> None:
    """§5.2: while a transaction runs the change is Scheduled, and takes effect at its end."""
    station = Station().online().charging()
    assert change(station, 1, False) == "Scheduled"
    assert station.status() == "Charging"
    station.tap("CARD")
    station.open_contactor()
    assert station.statuses()[-1] == "Unavailable"
    station.unplug()
    assert station.status() == "Unavailable"


@pytest.mark.parametrize("connector", [0, 1])
def test_while_preparing(connector: int) -> None:
    """§4.9: there is no way from Preparing to Unavailable: the change waits until the user has gone."""
    station = Station().online()
    station.plug()
    assert change(station, connector, False) == "Scheduled"
    assert station.status() == "Preparing"
    station.unplug()
    assert station.statuses() == ["Preparing", "Available", "Unavailable"] or station.statuses()[-1] == "Unavailable"


@pytest.mark.parametrize("connector", [0, 1])
def test_scheduled_while_preparing_does_not_lock_the_user_out(connector: int) -> None:
    """§5.2: who was there before may still charge; then the change takes effect."""
    station = Station().online()
    station.plug()
    change(station, connector, False)
    station.tap("CARD")
    station.draw()
    assert station.status() == "Charging"
    station.tap("CARD")
    station.open_contactor()
    assert station.status() == "Unavailable"


@pytest.mark.parametrize("connector", [0, 1])
def test_while_a_card_waits(connector: int) -> None:
    """§5.2: an accepted card that waits for its plug counts as use."""
    station = Station().online()
    station.tap("CARD")
    assert change(station, connector, False) == "Scheduled"
    station.wait(61)
    assert station.status() == "Unavailable"


def test_while_finishing() -> None:
    """§4.9 F8: a connector that its user has not left yet is changed when he has."""
    station = Station().online().charging()
    station.tap("CARD")
    station.open_contactor()
    assert station.status() == "Finishing"
    assert change(station, 1, False) == "Scheduled"
    assert station.status() == "Finishing"
    station.unplug()
    assert station.statuses()[-1] == "Unavailable"


def test_while_faulted() -> None:
    """§5.2: a faulted connector is changed at once; it is seen when the fault is gone."""
    station = Station().online()
    station.fault("rcd")
    assert change(station, 1, False) == "Accepted"
    station.fault("rcd", on=False)
    assert station.statuses() == ["Faulted", "Unavailable"]


def test_station_idle() -> None:
    """§5.2: connector 0 means the station and all its connectors; all of them are told."""
    station = Station(Product(connectors=2)).online()
    assert change(station, 0, False) == "Accepted"
    assert [station.statuses(number) for number in range(3)] == [["Unavailable"]] * 3
    assert change(station, 0, True) == "Accepted"
    assert [station.statuses(number)[-1] for number in range(3)] == ["Available"] * 3


def test_station_with_one_busy() -> None:
    """§5.2: connector 0 and idle connectors change now, the busy one at the end of its transaction."""
    station = Station(Product(connectors=2)).online().charging(connector=2)
    station.forget()
    assert change(station, 0, False) == "Scheduled"
    assert (station.statuses(0), station.statuses(1), station.statuses(2)) == (["Unavailable"], ["Unavailable"], [])
    station.tap("CARD", 2)
    station.open_contactor(2)
    assert station.statuses(2)[-1] == "Unavailable"


def test_cancel_what_was_scheduled() -> None:
    """§5.2: Operative while Inoperative waits takes it back."""
    station = Station().online().charging()
    change(station, 1, False)
    assert change(station, 1, True) == "Accepted"
    station.tap("CARD")
    station.open_contactor()
    station.unplug()
    assert station.status() == "Available"


def test_no_use_while_unavailable() -> None:
    """§4.9: nobody starts on a connector that is out of service, by card or remotely."""
    station = Station().online()
    change(station, 1, False)
    station.plug()
    station.forget()
    station.tap("CARD")
    assert station.said == []
    assert station.request("RemoteStartTransaction", idTag="CARD", connectorId=1) == {"status": "Rejected"}


@pytest.mark.parametrize("dark", [True, False])
def test_survives(dark: bool) -> None:
    """§5.2: the state survives reset, reboot and power loss, for connector 0 as well."""
    station = Station(Product(connectors=2)).online()
    change(station, 0, False)
    change(station, 2, True)
    station.restart(dark=dark).started()
    station.connect()
    assert [row.operative for row in station.rows(Availability)] == [False, False, True]
    assert station.statuses(0) == ["Unavailable", "Unavailable"]


def test_schedule_survives() -> None:
    """§5.2: what was scheduled takes effect also where the transaction ended in the dark."""
    station = Station().online().charging()
    change(station, 1, False)
    station.restart(dark=True).started()
    station.connect()
    assert station.statuses()[-1] == "Unavailable"


def test_nothing_can_be_written() -> None:
    """§5.2: where the change could not survive it is Rejected."""
    station = Station().online()
    station.happens(ev.StoreChanged("unwritable"))
    assert change(station, 1, False) == "Rejected"


def test_schedule_survives_with_the_car_still_there() -> None:
    """§5.2: a restart does not turn out who was there before: the change still waits until the user has gone."""
    station = Station().online()
    station.plug()
    change(station, 1, False)
    station.restart().started(attached=False)
    station.attach(ev.PilotChanged(1, "B", station.mono), station.reading())
    station.connect()
    assert station.status() == "Preparing"
    station.unplug()
    assert station.status() == "Unavailable"


def test_out_of_service_twice_waits_for_nobody() -> None:
    """§5.2: the station is Inoperative; a card that is still asked about does not bring its connector back."""
    station = Station().online()
    station.script["Authorize"] = SILENCE
    station.plug()
    station.tap("CARD")
    assert station.request("ChangeAvailability", connectorId=0, type="Inoperative") == {"status": "Scheduled"}
    assert station.request("ChangeAvailability", connectorId=1, type="Operative") == {"status": "Accepted"}
    assert station.status() == "Unavailable"
    assert station.request("ChangeAvailability", connectorId=0, type="Inoperative") == {"status": "Accepted"}
    assert station.status() == "Unavailable"


def test_point_8_operative_at_an_inoperative_station() -> None:
    """§5.2: Accepted, remembered across a power cut, effective when the station returns; `why` says so."""
    station = Station(Product(connectors=2)).online()
    change(station, 0, False)
    assert change(station, 1, True) == "Accepted"
    assert (station.status(1), station.status(2)) == ("Unavailable", "Unavailable")
    station.restart(dark=True).online()
    own, other = station.cp.why(station.now())
    assert str(own["text"]).endswith("connector 1 itself is Operative and comes back with it.")
    assert "ChangeAvailability" in str(own["remedy"])
    assert str(other["text"]).startswith("The whole station was set out of service")
    assert change(station, 0, True) == "Accepted"
    assert (station.status(1), station.status(2)) == ("Available", "Available")


def test_point_8_operative_does_not_cut_who_charges() -> None:
    """§5.2: the station's change was scheduled; a connector that is set Operative is cut no more than before."""
    station = Station().online().charging()
    assert change(station, 0, False) == "Scheduled"
    assert change(station, 1, True) == "Accepted"
    assert (station.offered(), station.status()) == (32.0, "Charging")
    assert station.outlets[1].in_service
    station.tap("CARD")
    station.open_contactor()
    station.unplug()
    assert station.status() == "Unavailable"
    change(station, 0, True)
    assert station.status() == "Available"
