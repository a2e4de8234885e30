"""The simulated lamp."""

from __future__ import annotations

from tests.drivers.simulated.stand import Stand


def test_it_shows_what_the_offer_says() -> None:
    """The level `lamp` reaches the device."""
    stand = Stand()
    assert stand.board.world.connectors[0].lamp.shown == "off"
    offer = {"type": "offer", "connector": 1, "amps": 0.0, "locked": False, "in_service": True, "lamp": "available"}
    stand.board.receive(stand.now, {**offer, "lease_s": 20.0, "seq": 1})
    assert stand.board.world.connectors[0].lamp.shown == "available"
