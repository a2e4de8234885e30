"""What all connectors share: heat, mains, the station's reader."""

from __future__ import annotations

import pytest

from tests.drivers.host.tiny_board import BROKEN, TinyBoard


@pytest.mark.parametrize(("celsius", "amps"), [(64.0, 16.0), (66.0, 8.0), (69.0, 6.0)])
def test_heat_derates(celsius: float, amps: float) -> None:
    """65 C halves, 68 C leaves 6 A."""
    board = TinyBoard()
    board.thermometer.degrees = celsius
    board.look(station=True)
    board.vehicle("B")
    assert board.offer(16.0)["amps"] == amps
    board.wait(10.0)
    assert board.last("meter")["temperature"] == celsius


def test_too_hot() -> None:
    """71 C: the charge ends, gently; 85 C: at once."""
    board = TinyBoard()
    board.charging()
    board.thermometer.degrees = 71.0
    board.look(station=True)
    fault = board.last("fault")
    assert (fault["connector"], fault["code"], fault["detail"]) == (None, "overtemperature", "71 C")
    assert board.pilot.duty_ns == 1_000_000 and board.contactor.closed
    board.thermometer.degrees = 85.0
    board.look(station=True)
    assert not board.contactor.closed


def test_a_thermometer_that_fails() -> None:
    """6 A for a minute, then the charge ends with its reason; a temperature ends it."""
    board = TinyBoard()
    board.charging()
    board.thermometer.degrees = BROKEN
    board.meter.amps = 6.0
    board.look(station=True)
    assert board.faults() == [] and board.pilot.duty_ns == 100_000
    for _ in range(59):
        board.wait(1.0)
        board.offer(10.0)
    assert board.faults() == [] and board.contactor.closed
    board.meter.amps = 0.0
    board.wait(1.0)
    assert board.last("fault")["detail"] == str(BROKEN) and board.pilot.duty_ns == 1_000_000
    board.thermometer.degrees = 20.0
    board.look(station=True)
    assert board.faults() == [("overtemperature", True), ("overtemperature", False)]


def test_contacts_of_the_station() -> None:
    """The emergency stop opens at once; the tamper contact only reports; one that cannot be read counts as pressed."""
    board = TinyBoard()
    board.charging()
    board.tamper.state = True
    board.look(station=True)
    assert board.faults() == [("tamper", True)] and board.contactor.closed
    board.emergency_stop.state = BROKEN
    board.look(station=True)
    assert board.faults()[-1] == ("emergency-stop", True) and not board.contactor.closed
    assert board.last("fault")["detail"] == str(BROKEN)
    board.emergency_stop.state = board.tamper.state = False
    board.look(station=True)
    assert sorted(board.faults()[-2:]) == [("emergency-stop", False), ("tamper", False)]


def test_low_mains() -> None:
    """Below 207 V for 3 s; a supply that is not measured is no fault."""
    board = TinyBoard()
    board.supply.volts = 200.0
    board.look(station=True)
    board.wait(2.9)
    assert board.faults() == []
    board.wait(0.2)
    assert board.faults() == [("undervoltage", True)]
    board.supply.volts = None
    board.look(station=True)
    assert board.faults() == [("undervoltage", True), ("undervoltage", False)]


def test_backup_supply() -> None:
    """The mains are gone: everything opens at once."""
    board = TinyBoard()
    board.charging()
    board.supply.on_backup = True
    board.look(station=True)
    assert board.faults() == [("mains", True)] and not board.contactor.closed


def test_the_reader_of_the_station() -> None:
    """Its cards are of no connector, and so is its fault."""
    board = TinyBoard()
    board.station_reader.cards = ["04A2B9"]
    board.look(station=True)
    assert (board.last("card")["connector"], board.last("card")["id_tag"]) == (None, "04A2B9")
    board.station_reader.failure = BROKEN
    board.look(station=True)
    assert (board.last("fault")["connector"], board.last("fault")["code"]) == (None, "reader-lost")
