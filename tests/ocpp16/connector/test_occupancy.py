"""What stays after a transaction: the plug, the cable that is kept, and for whom (§4.9, E 3.5)."""

from __future__ import annotations

import pytest

from ocpp16.product import Product
from ocpp16.records import Occupancy
from tests.ocpp16.rig import Station


def at_socket(free_vend: str = "") -> Station:
    """A socket whose car charges, under a card or free vend; unplugged at the car the cable stays."""
    station = Station(Product(fixed_cable=False), free_vend=free_vend, UnlockConnectorOnEVSideDisconnect=False).online()
    station.cable(locked=True)
    if free_vend:
        station.plug()
    else:
        station.charging("CARD")
    return station


def test_a_cable_is_kept_for_its_driver() -> None:
    """E 3.5: unplugged at the car, the cable stays locked for the card of its transaction."""
    station = at_socket()
    station.pilot("A")
    station.open_contactor()
    (row,) = station.rows(Occupancy)
    assert (row.held_for, row.finishing) == ("CARD", True)
    assert station.outlets[1].locked
    station.tap("CARD")
    assert not station.outlets[1].locked


def test_no_cable_is_kept_for_free_vend() -> None:
    """Nobody has the card of free vend: the cable is free as soon as the car is unplugged."""
    station = at_socket("FREE")
    station.pilot("A")
    assert not station.outlets[1].locked
    assert all(row.held_for is None for row in station.rows(Occupancy))


@pytest.mark.parametrize("free_vend", ["", "FREE"])
def test_the_plug_that_stays(free_vend: str) -> None:
    """§4.9: Finishing until the car goes; and so long it has been served."""
    station = Station(free_vend=free_vend).online()
    station.plug() if free_vend else station.charging("CARD")
    station.request("RemoteStopTransaction", transactionId=station.transaction().transaction_id)  # type: ignore[union-attr]
    station.open_contactor()
    (row,) = station.rows(Occupancy)
    assert row.finishing and station.cp.parts.connectors[1].state.served
    station.unplug()
    station.wait(61)
    (row,) = station.rows(Occupancy)
    assert not row.finishing and not station.cp.parts.connectors[1].state.served
