"""One simulated connector: the reflex sees what its world does, in time."""

from __future__ import annotations

import pytest

from tests.drivers.simulated.stand import FOREVER, Stand


@pytest.mark.parametrize(
    "words", [("ev", "pause"), ("unplug",), ("fault", "pilot-short", "on"), ("fault", "rcd", "on")]
)
def test_voltage_is_gone_within_100_ms(words: tuple[str, ...]) -> None:
    """Whatever ends state C, the outlet is dead 100 ms later, and no energy flows any more."""
    stand = Stand(**FOREVER)
    stand.charging()
    stand.sim(*words)
    stand.wait(0.1)
    assert not stand.board.world.connectors[0].contactor.live
    wh = stand.wh()
    stand.wait(3600.0)
    assert stand.wh() == wh


def test_a_fault_on_record_ends_with_an_empty_plug() -> None:
    """Told as latched while the car is still there: on until it goes."""
    stand = Stand()
    stand.sim("plug")
    stand.wait(1.0)
    stand.latched("diode")
    assert stand.faults() == [("diode", True)]
    assert stand.offer(16.0)["why"] == "diode"
    stand.sim("unplug")
    stand.wait(1.0)
    assert stand.faults() == [("diode", True), ("diode", False)]


def test_a_frozen_meter_hides_the_end_of_the_current() -> None:
    """The reflex knows what the meter shows; the car's own S2 still opens the contactor in time."""
    stand = Stand(**FOREVER)
    stand.charging()
    stand.fault("meter-frozen")
    stand.offer(0.0)
    stand.wait(3.0)
    assert not stand.last("contactor")["closed"] and "ev-ignores-stop" not in stand.present()


def test_a_reading_while_the_reader_is_lost() -> None:
    """Nobody reads the card; the order was taken all the same."""
    stand = Stand()
    stand.fault("reader-lost")
    assert stand.sim("tap", "X") == (True, "the reader is lost: nothing read it") and stand.of("card") == []
