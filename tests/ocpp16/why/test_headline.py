"""B11: the headline of the status is the station's truth, not connector 0's word."""

from __future__ import annotations

import pytest

from ocpp16 import events as ev
from ocpp16.product import Product
from tests.ocpp16.rig import SILENCE, Station, clock_text

DUAL = Product(connectors=2)


def headline(station: Station) -> str:
    return str(station.cp.status(station.now())["headline"])


def test_b11_one_connector_speaks_for_the_station() -> None:
    """Connector 0 is Available all the while."""
    station = Station().online()
    assert headline(station) == "Available"
    station.charging()
    assert headline(station) == "Charging"
    station.fault("rcd")
    assert station.cp.status(station.now())["status"] == "Available"
    assert headline(station) == "Faulted: residual current detected"


def test_b11_several_are_told_one_by_one() -> None:
    """Where they agree, one word is enough."""
    station = Station(DUAL).online()
    assert headline(station) == "Available"
    station.charging("CARD", 2)
    assert headline(station) == "connector 1 Available, connector 2 Charging"


def test_b11_the_central_system_is_part_of_it() -> None:
    """A station that cannot bill is not simply Available."""
    station = Station().started()
    assert headline(station) == "Available; not connected to the Central System"
    station.happens(ev.LinkDown("TLS", "expired"))
    assert headline(station) == "Available; not connected to the Central System (TLS)"
    station.script["BootNotification"] = SILENCE
    station.connect()
    assert headline(station) == "Available; registration not answered yet"


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
def test_b11_not_accepted(status: str) -> None:
    """As the Central System put it."""
    station = Station().started()
    station.script["BootNotification"] = {"status": status, "currentTime": clock_text(1000), "interval": 60}
    station.connect()
    assert headline(station) == f"Available; registration {status}"


def test_b11_the_whole_station() -> None:
    """What stands above every connector comes first: a lost board, out of service, a shutdown."""
    station = Station(DUAL).online()
    station.request("ChangeAvailability", connectorId=0, type="Inoperative")
    assert headline(station) == "Unavailable: out of service"
    station.happens(ev.BoardLost("gone"))
    assert headline(station) == "Faulted: the board does not answer"
    station = Station().online().charging()
    station.ask("Reset", type="Soft")
    assert headline(station).startswith("shuts down (soft reset); ")


def test_b11_a_warning_is_told_as_one() -> None:
    """A lost reader, or a full queue, does not end a charge."""
    station = Station().online().charging()
    station.fault("reader-lost")
    assert headline(station) == "Charging (warning: the card reader does not answer)"
    station = Station().online().charging()
    station.fault("queue-full", connector=None)
    assert headline(station) == "Charging (warning: too many undelivered transactions)"
