"""The host with in-memory devices: a whole session without anything of the simulator."""

from __future__ import annotations

import subprocess
import sys

import pytest

from drivers.board_protocol import ProtocolError
from drivers.devices import BoardHost
from drivers.reflex.pilot_signal import STEADY_NS
from tests.drivers.host.tiny_board import TinyBoard


def kinds(messages: list[dict[str, object]]) -> list[object]:
    return [message["type"] for message in messages]


def test_a_host_is_a_board_host() -> None:
    """What the board process and evsed are given."""
    host: BoardHost = TinyBoard().host
    assert not host.is_live()


def test_the_greeting() -> None:
    """Identity, shape, then the present states; a fixed cable is present and unlocked."""
    board = TinyBoard()
    assert kinds(board.greeting) == ["hello", "connector", "pilot", "cable", "contactor", "meter"]
    hello, shape, pilot, cable, contactor, meter = board.greeting
    assert (hello["board"], hello["boot_id"], hello["session_id"], hello["lease_s"]) == (
        "tiny",
        "boot-1",
        "session-1",
        20,
    )
    assert (shape["outlet"], shape["lock"], shape["max_amps"]) == ("cable", False, 16.0)
    assert (pilot["state"], cable["present"], cable["max_amps"]) == ("A", True, 16.0)
    assert (contactor["closed"], contactor["confirmed"], meter["wh"]) == (False, True, 1000.0)


def test_a_session() -> None:
    """Plug, offer, charge, stop, unplug: each step is reported, and a reading follows each switching."""
    board = TinyBoard()
    board.vehicle("B")
    assert board.last("pilot")["state"] == "B"
    assert board.offer(10.0)["amps"] == 10.0 and board.pilot.duty_ns == 166_666
    assert not board.contactor.closed
    board.vehicle("C")
    assert board.contactor.closed and board.host.is_live()
    closed = board.last("contactor")
    assert board.said[board.said.index(closed) + 1]["type"] == "meter"
    board.meter.amps = 10.0
    board.wait(1.0)
    assert board.last("meter")["amps"] == [10.0]
    assert board.offer(0.0)["amps"] == 0.0 and board.contactor.closed
    board.meter.amps, board.meter.wh = 0.0, 1010.0
    board.vehicle("B")
    assert not board.contactor.closed
    assert board.last("meter")["wh"] >= 1010.0
    board.vehicle("A")
    assert [message["state"] for message in board.of("pilot")] == ["B", "C", "B", "A"]
    assert board.faults() == []


def test_the_meter_is_read_every_second_while_current_can_flow() -> None:
    """Else every ten; a station at rest does nothing in between."""
    board = TinyBoard()
    board.wait(30.0)
    assert len(board.of("meter")) == 3
    board.charging()
    before = len(board.of("meter"))
    for _ in range(2):
        board.offer(10.0)
        board.wait(10.0)
    assert len(board.of("meter")) == before + 20


def test_a_lapsed_lease_ends_the_charge() -> None:
    """Nobody renews the offer: steady pilot, and open at most 6 s later."""
    board = TinyBoard()
    board.charging()
    board.wait(19.0)
    assert board.pilot.duty_ns == 1_000_000
    board.wait(6.5)
    assert not board.contactor.closed and board.last("ack")["why"] == "the lease ran out"


def test_nothing_is_sent_between_hello_and_the_greeting() -> None:
    """A fault on record that ends meanwhile is reported at the end of the greeting."""
    board = TinyBoard(greet=False)
    assert board.host.wake_at() == 0.0
    latched = {"type": "latched", "connector": 1, "code": "diode"}
    assert board.host.receive(board.now, {"type": "hello", "version": 1}) == []
    assert board.host.receive(board.now, latched) == []
    greeting = board.host.greet(board.now)
    assert (greeting[-1]["code"], greeting[-1]["on"]) == ("diode", False)


def test_latched_faults_of_the_record() -> None:
    """On until its rule ends it; those of the station or of a connector that is not there are ignored."""
    board = TinyBoard()
    for code, connector in (("weld", None), ("overtemperature", None), ("weld", 7)):
        board._record(board.host.receive(board.now, {"type": "latched", "connector": connector, "code": code}))
    assert board.faults() == [("weld", True)]
    assert board.offer(10.0)["why"] == "weld"
    assert board.do("clear-latched") == (True, "cleared")
    assert board.faults() == [("weld", True), ("weld", False)]


def test_an_offer_for_a_connector_that_is_not_there() -> None:
    """It is refused, not ignored."""
    board = TinyBoard()
    with pytest.raises(ProtocolError, match="this board has 1"):
        board.host.receive(board.now, {"type": "offer", "connector": 2})


def test_the_host_loads_nothing_of_the_simulator() -> None:
    """Proven by the modules of a process that has imported the host alone."""
    code = "import sys, drivers.host.host; sys.exit(any('simulated' in name for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_point_1_everything_opens_without_the_reflex() -> None:
    """After an internal error: contactor and pilot are commanded directly, each even where another device raises."""
    board = TinyBoard()
    board.charging()
    board.host.open_all(board.now)
    assert not board.contactor.closed and board.pilot.duty_ns == STEADY_NS
    board = TinyBoard()
    board.charging()
    board.pilot.signal = lambda now, duty_ns: 1 // 0  # type: ignore[assignment,method-assign]
    board.host.open_all(board.now)
    assert not board.contactor.closed
    board = TinyBoard()
    board.charging()
    board.contactor.switch = lambda now, closed: 1 // 0  # type: ignore[assignment,method-assign]
    board.host.open_all(board.now)
    assert board.pilot.duty_ns == STEADY_NS
