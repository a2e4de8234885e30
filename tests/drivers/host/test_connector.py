"""One connector of a host: what it reports, when it is looked at, and the devices that only follow."""

from __future__ import annotations

import pytest

from tests.drivers.host.tiny_board import BROKEN, TinyBoard


def test_the_lamp_follows_the_level() -> None:
    """It is set at each change; what failed is repeated with the next offer."""
    board = TinyBoard()
    for lamp in ("available", "available", "charging"):
        board.offer(0.0, lamp=lamp)
    assert board.lamp.shown == ["available", "charging"]
    board.lamp.failure = BROKEN
    for _ in range(2):
        board.offer(0.0, lamp="faulted")
    assert board.lamp.shown[2:] == ["faulted", "faulted"]


def test_a_fault_and_its_end() -> None:
    """A residual current opens at once; it ends by itself after its waiting time."""
    board = TinyBoard()
    board.charging()
    board.residual_current.state = True
    board.look()
    assert not board.contactor.closed and board.faults() == [("rcd", True)]
    board.residual_current.state = False
    board.meter.amps = 0.0
    board.look()
    board.wait(899.0)
    assert board.faults() == [("rcd", True)]
    board.wait(2.0)
    assert board.faults() == [("rcd", True), ("rcd", False)]


def test_a_meter_that_does_not_answer() -> None:
    """After 3 s a fault that names it; the charge ends gently."""
    board = TinyBoard()
    board.charging()
    board.meter.failure = BROKEN
    board.wait(5.0)
    assert (board.last("fault")["code"], board.last("fault")["detail"]) == ("meter-lost", str(BROKEN))
    assert board.pilot.duty_ns == 1_000_000


def test_a_reading_after_switching_is_sampled_after_it() -> None:
    """A meter that is read in a thread answers with an older sample: the message waits for the next one."""
    board = TinyBoard()
    board.vehicle("B")
    board.meter.at = board.now
    board.offer(10.0)
    board.vehicle("C")
    closed = board.last("contactor")
    assert all(message["at"] < closed["at"] for message in board.of("meter"))
    board.wait(0.3)
    board.meter.at = sampled = board.now
    board.wait(0.3)
    assert board.last("meter")["at"] == sampled > closed["at"]


def test_present_states_are_sent_to_every_client() -> None:
    """With the last unplugging before the vehicle that is there, and the faults that are on."""
    board = TinyBoard()
    board.vehicle("B")
    board.vehicle("A")
    board.vehicle("B")
    board.reader.failure = BROKEN
    board.look()
    greeting = board.host.greet(board.now)
    assert [m["state"] for m in greeting if m["type"] == "pilot"] == ["A", "B"]
    assert [m["code"] for m in greeting if m["type"] == "fault"] == ["reader-lost"]


def test_lost_earth_opens_at_once() -> None:
    """Until the vehicle is unplugged, even if the earth returns."""
    board = TinyBoard()
    board.charging()
    board.ground.state = True
    board.look()
    assert board.faults() == [("ground", True)] and not board.contactor.closed
    board.ground.state = False
    board.look()
    assert board.faults() == [("ground", True)]
    board.vehicle("A")
    assert board.faults()[-1] == ("ground", False)


@pytest.mark.parametrize(
    ("volts", "after_s", "code"),
    [
        ((206.0,), 3.0, "undervoltage"),
        ((254.0,), 3.0, "overvoltage"),
        ((230.0, 276.0, 230.0), 0.0, "overvoltage"),
        ((), None, ""),
    ],
)
def test_the_mains_as_the_meter_shows_them(volts: tuple[float, ...], after_s: float | None, code: str) -> None:
    """207 to 253 V for 3 s, at most 275 V; only where nobody else supervises the mains."""
    board, other = TinyBoard(volts_from_meter=True), TinyBoard()
    for each in (board, other):
        each.charging()
        each.meter.amps = 0.0
        each.meter.volts = volts
        began = each.now
        while not each.faults() and each.now < began + 10.0:
            each.wait(0.1)
    assert other.faults() == []
    if after_s is None:
        assert board.faults() == []
    else:
        assert board.faults() == [(code, True)]
        board.meter.volts = (230.0,)
        board.wait(11.0)
        assert board.faults() == [(code, True), (code, False)]
