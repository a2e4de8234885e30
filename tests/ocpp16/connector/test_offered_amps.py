"""The offered current: the smallest bound, and 0 A below what can be signalled (§7.13)."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16 import events as ev
from ocpp16.product import Product
from tests.ocpp16.rig import Station, limit_to


def why(station: Station) -> Any:
    return station.cp.why(station.now())[0]


def test_no_offer_without_a_transaction() -> None:
    """§4.1: no energy without authorization, whatever the car asks for."""
    station = Station().online()
    for state in ("B", "C", "D"):
        station.pilot(state)  # type: ignore[arg-type]
        assert station.offered() == 0.0


@pytest.mark.parametrize(
    ("board", "product", "cable", "amps"),
    [
        (32.0, 32.0, 32.0, 32.0),
        (16.0, 32.0, 32.0, 16.0),
        (32.0, 20.0, 32.0, 20.0),
        (32.0, 32.0, 13.0, 13.0),
        (32.0, 32.0, 0.0, 32.0),
    ],
)
def test_smallest_bound(board: float, product: float, cable: float, amps: float) -> None:
    """§7.13: the offer is the smallest of board, product and cable; an uncoded cable bounds nothing."""
    station = Station(Product(fixed_cable=False, max_amps=product)).started(attached=False)
    station.attach(shapes=(ev.ConnectorShape(1, max_amps=board, outlet="socket", lock=True),))
    station.connect()
    station.meter()
    station.cable(locked=True, max_amps=cable)
    station.charging()
    assert station.offered() == amps
    named = station.cp.parts.connectors[1].offered.hardware()
    assert min(bound for bound, _ in named) == amps  # what `why` names is what is done


@pytest.mark.parametrize(("limit", "amps"), [(0.0, 0.0), (5.9, 0.0), (6.0, 6.0), (100.0, 32.0)])
def test_below_the_smallest_signal(limit: float, amps: float) -> None:
    """§7.13: below 6 A nothing can be signalled: no energy."""
    station = Station().online().charging()
    limit_to(station, limit)
    assert station.offered() == amps


def test_limit_of_the_board() -> None:
    """A board may have a higher smallest current."""
    station = Station().started(attached=False)
    station.attach(shapes=(ev.ConnectorShape(1, min_amps=10.0, max_amps=9.0),))
    station.connect()
    station.meter()
    station.charging()
    assert station.offered() == 0.0
    assert (why(station)["code"], why(station)["chain"][0]) == ("limit", "9 A board")
