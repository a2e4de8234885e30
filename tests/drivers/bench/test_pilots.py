"""The pilot on the bench: shown, watched, set and calibrated on a board in memory."""

from __future__ import annotations

import pytest

from drivers.bench import pilots
from drivers.bench.findings import Bench, Finding
from tests.drivers.assembly.memory_board import MemoryPorts, parts_board
from tests.drivers.board_file.samples import BOARD
from tests.drivers.board_file.test_conflicts import SECOND
from tests.drivers.pilots.converters import GONE, Ticks


class Desk:
    """Time passes by sleeping; the converter shows what car and generator make."""

    def __init__(self, text: str = BOARD) -> None:
        self.clock = Ticks()
        self.ports = MemoryPorts(self.clock)
        self.board = parts_board(text)
        self.told: list[str] = []
        self.plug_at = float("inf")

        class Bench_(Bench):
            def assembly(bench) -> object:  # type: ignore[override]
                made = super().assembly()
                original = made.device

                def device(part: object) -> object:
                    found = original(part)  # type: ignore[arg-type]
                    for slow in made.shared.threads.values():
                        for each in slow:
                            each._monotonic, each._sleep = self.clock, self.pause
                    return found

                made.device = device  # type: ignore[method-assign, assignment]
                return made

        self.bench = Bench_(self.board, self.ports, self.clock, self.pause)

    def pause(self, seconds: float) -> None:
        self.clock.wait(seconds)
        if self.clock.now >= self.plug_at:
            self.ports.car = "B"
        self.ports.play()


def only(findings: object) -> Finding:
    (found,) = list(findings)  # type: ignore[call-overload]
    return dict(found)


@pytest.mark.parametrize(("car", "volts"), [("A", 12.0), ("B", 9.0), ("C", 6.0), ("D", 3.0)])
def test_set_and_show(car: str, volts: float) -> None:
    """What is signalled stays; state, both half-waves, duty and frequency are shown."""
    desk = Desk()
    desk.ports.car = car
    found = only(pilots.put(desk.bench, None, 32.0))
    assert found == {
        "connector": 1,
        "state": car,
        "high_volts": volts,
        "low_volts": -12.0,
        "duty": 0.5333,
        "hertz": 1000.0,
    }
    assert only(pilots.show(desk.bench, None)) == found
    assert only(pilots.put(desk.bench, 1, None))["duty"] == 1.0


def test_a_missing_half_wave_is_told() -> None:
    """With what was expected, seen, and to be checked."""
    desk = Desk()
    desk.ports.car, desk.ports.diode = "B", False
    found = only(pilots.put(desk.bench, None, 16.0))
    assert found["problem"] == "the negative half-wave is missing" and found["expected"].startswith("-12 V")


@pytest.mark.parametrize("amps", [5.9, 33.0, -1.0])
def test_what_cannot_be_signalled(amps: float) -> None:
    """Below 6 A, or above what the board gives: refused, nothing is signalled."""
    desk = Desk()
    found = only(pilots.put(desk.bench, None, amps))
    assert "cannot be signalled" in found["problem"] and "from 6 to 32 A" in found["advice"]
    assert desk.ports.channels == {}


def test_a_converter_that_is_gone() -> None:
    """Its failure with the advice, once it has lasted."""
    desk = Desk()
    desk.ports.converter.gone = True
    found = only(pilots.show(desk.bench, None))
    assert found["problem"] == GONE.cause and "ADS1115 at" in found["advice"]


def test_two_connectors_are_watched() -> None:
    """A line for each, as often as is asked for."""
    desk = Desk(BOARD + SECOND.replace("0.01]", "0.001]"))
    found = list(pilots.monitor(desk.bench, None, 3))
    assert [each["connector"] for each in found] == [1, 2] * 3


def test_calibration_finds_the_constants() -> None:
    """From +12 V, -12 V and 9 V; the line fits into the board file."""
    desk = Desk()
    desk.plug_at = desk.clock.now + 5.0
    found = only(pilots.calibrate(desk.bench, None, desk.told.append))
    assert found["calibration"]["high"] == pytest.approx([0.0, 0.001], abs=1e-2)
    assert found["calibration"]["low"] == pytest.approx([0.0, 0.001], abs=1e-2)
    assert found["line"].startswith("calibration = { high = [") and len(desk.told) == 2
    changed = BOARD.replace("calibration = { high = [0.0, 0.0101], low = [0.0, 0.0101] }", found["line"])
    assert parts_board(changed).connectors[0].parts["pilot"].values["calibration"]["high"][1] > 0


def test_calibration_without_a_vehicle() -> None:
    """It waits a minute, then says what it waited for."""
    desk = Desk()
    found = only(pilots.calibrate(desk.bench, None, desk.told.append))
    assert found["problem"] == "no vehicle in state B was plugged in"


def test_a_controller_measures_by_itself() -> None:
    """There is nothing to calibrate."""
    start, end = BOARD.index("[connector.1.pilot]"), BOARD.index("[connector.1.meter]")
    din = BOARD[:start] + '[connector.1.pilot]\ndriver = "evse-din"\nbus = "rs485"\naddress = 3\n\n' + BOARD[end:]
    found = only(pilots.calibrate(Desk(din).bench, None, print))
    assert found["problem"] == "evse-din measures by itself"
