"""Board files put together on ports in memory, and driven through sessions by the same loop as on a Pi."""

from __future__ import annotations

import pytest

from drivers.board_protocol import check
from tests.drivers.assembly.memory_board import MemoryBoard
from tests.drivers.board_file.samples import BOARD, changed
from tests.drivers.board_file.test_conflicts import SECOND


def test_the_shape_is_that_of_the_file() -> None:
    """Name, layers, outlet, current; every message is one of the board socket."""
    board = MemoryBoard()
    hello, shape = board.said[:2]
    assert (hello["board"], hello["layers"], hello["boot_id"]) == (
        "acme-7k",
        ["lease", "strict-gpiod", "reflex"],
        "boot",
    )
    assert (shape["max_amps"], shape["phases"], shape["outlet"], shape["lock"]) == (32.0, 1, "cable", False)
    for message in board.said:
        check(message, "from_board")


def test_a_session_from_plug_to_unplug() -> None:
    """A car is plugged in, asks, is on the mains, leaves: the lines follow, and so does the duty."""
    board = MemoryBoard()
    relay = board.ports.line(17)
    board.wait(1.0)
    assert board.last("pilot")["state"] == "A" and board.ports.channels[0].duty_ns == 1_000_000
    board.ports.car = "B"
    board.wait(0.5)
    board.offer(16.0)
    board.wait(0.5)
    assert board.last("pilot")["state"] == "B" and board.ports.channels[0].duty_ns == 266_666 and not relay.on
    board.ports.car = "C"
    board.wait(1.0)
    assert relay.on and board.last("contactor") == {
        "type": "contactor",
        "connector": 1,
        "closed": True,
        "confirmed": True,
        "at": board.last("contactor")["at"],
    }
    board.ports.car = "B"
    left_at = board.clock.now
    while relay.on:
        board.wait(0.01)
    assert board.clock.now - left_at <= 0.1, "Table A.6: within 100 ms"
    board.ports.car = "A"
    board.wait(0.5)
    assert board.last("pilot")["state"] == "A" and board.faults() == []


def charging() -> MemoryBoard:
    board = MemoryBoard()
    board.ports.car = "B"
    board.wait(0.5)
    board.offer(16.0)
    board.ports.car = "C"
    board.wait(1.0)
    assert board.ports.line(17).on
    return board


@pytest.mark.parametrize(("what", "within_s", "code"), [
    ("converter gone", 0.15, "pilot-short"),
    ("converter hangs", 0.15, "pilot-short"),
    ("no diode", 0.15, "diode"),
    ("residual current", 0.02, "rcd"),
    ("meter hangs", 10.0, "meter-lost"),
])  # fmt: skip
def test_any_doubt_opens(what: str, within_s: float, code: str) -> None:
    """Whatever part fails, the line opens in its time, and the fault names the part."""
    board = charging()
    if what == "converter gone":
        board.ports.converter.gone = True
    elif what == "converter hangs":
        board.hung.add("ADC i2c 0x48")
    elif what == "no diode":
        board.ports.diode = False
    elif what == "residual current":
        board.ports.line(22).on = True
    else:
        board.hung.add("bus rs485")
        within_s += 6.0
    began = board.clock.now
    while board.ports.line(17).on and board.clock.now < began + within_s + 1:
        board.wait(0.01)
    assert board.clock.now - began <= within_s + 1e-6 and (code, True) in board.faults()


def test_what_returns_goes_on() -> None:
    """A converter that was unplugged and returns: the pilot is known again, and the charge goes on."""
    board = charging()
    board.ports.converter.gone = True
    board.wait(1.0)
    board.ports.converter.gone = False
    board.wait(1.0)
    assert ("pilot-short", False) in board.faults()
    for _ in range(40):
        board.offer(16.0)
        board.wait(1.0)
    assert board.ports.line(17).on


def test_a_board_without_a_fail_safe_energises_nothing() -> None:
    """It is Faulted and says why, with the remedy; so is one whose lines persist, unless a pump is declared."""
    for text, persist in ((changed(('["strict-gpiod"]', "[]")), None), (BOARD, True)):
        board = MemoryBoard(text, persist)
        assert ("fail-safe", True) in board.faults() and board.last("fault")["connector"] is None
        board.ports.car = "B"
        board.wait(0.5)
        board.offer(16.0)
        board.ports.car = "C"
        board.wait(2.0)
        assert not board.ports.line(17).on and board.ports.channels[0].duty_ns == 1_000_000
    assert "dtparam=strict_gpiod" in board.last("fault")["detail"]
    assert MemoryBoard(BOARD, False).faults() == []


def test_two_connectors_share_a_converter_and_a_bus() -> None:
    """Each has its own channel and inputs; one thread reads the converter, one the bus."""
    board = MemoryBoard(BOARD + SECOND.replace("0.01]", "0.001]"))
    assert board.said[0]["connectors"] == 2
    assert {name: len(devices) for name, devices in board.assembled.threads.items()} == {
        "ADC i2c 0x48": 1, "bus rs485": 2,
    }  # fmt: skip
    board.ports.car = "B"
    board.wait(1.0)
    assert board.ports.settings[0][1][:3] == (9600, "N", 1)


def test_an_emergency_stop_opens_at_once() -> None:
    """All connectors, within two turns of the loop."""
    board = MemoryBoard(BOARD + "[emergency_stop]\nline = 6\n")
    board.ports.car = "B"
    board.wait(0.5)
    board.offer(16.0)
    board.ports.car = "C"
    board.wait(1.0)
    board.ports.line(6).on = True
    board.wait(0.03)
    assert not board.ports.line(17).on and ("emergency-stop", True) in board.faults()
