"""Devices that fail: each failure goes to the safe side, and its fault names the device and the remedy."""

from __future__ import annotations

from tests.drivers.host.tiny_board import BROKEN, TinyBoard

DETAIL = "device at pin 7: no answer; check its wiring"


def test_a_pilot_that_cannot_be_sampled() -> None:
    """The contactor opens at once; the fault ends with the failure."""
    board = TinyBoard()
    board.charging()
    board.pilot.failure = BROKEN
    board.look()
    assert not board.contactor.closed
    assert (board.last("fault")["code"], board.last("fault")["detail"]) == ("pilot-short", DETAIL)
    board.pilot.failure = None
    board.look()
    assert board.faults() == [("pilot-short", True), ("pilot-short", False)]


def test_a_pilot_that_refuses_its_signal() -> None:
    """What it signals is not known: no energy, and the signal is repeated until it is taken."""
    board = TinyBoard()
    board.charging()
    board.pilot.refuses = BROKEN
    board.offer(6.0)
    assert not board.contactor.closed and board.last("fault")["detail"] == DETAIL
    board.pilot.refuses = None
    board.wait(20.0)
    assert board.pilot.duty_ns == 1_000_000


def test_a_sample_that_grows_stale() -> None:
    """One that is not renewed in its time counts as lost."""
    board = TinyBoard()
    board.pilot.valid_for_s = 0.5
    board.look()
    board.wait(0.2)
    assert board.faults() == []
    board.pilot.at = board.now
    board.wait(1.0)
    assert board.last("fault")["detail"] == "no fresh pilot sample"


def test_a_sample_that_is_renewed_in_time() -> None:
    """The reflex is given the new sample before it judges the old one."""
    board = TinyBoard()
    board.pilot.valid_for_s = 0.5
    board.look()
    board.wait(10.0)
    assert board.faults() == []


def test_a_contactor_that_refuses_to_close() -> None:
    """Seen by its auxiliary contact; the fault says what the device said."""
    board = TinyBoard()
    board.contactor.refuses = BROKEN
    board.vehicle("B")
    board.offer(10.0)
    board.vehicle("C")
    board.wait(1.0)
    assert (board.last("fault")["code"], board.last("fault")["detail"]) == ("contactor", DETAIL)
    assert not board.host.is_live()


def test_a_contactor_whose_position_is_unknown() -> None:
    """It counts as the wrong position: closed where it should be open."""
    board = TinyBoard()
    board.contactor.unreadable = BROKEN
    board.look()
    board.wait(1.0)
    assert (board.last("fault")["code"], board.last("fault")["detail"]) == ("weld", DETAIL)


def test_a_contactor_without_an_auxiliary_contact() -> None:
    """Its command is all that is known."""
    board = TinyBoard()
    board.contactor.contact = False
    board.charging()
    assert board.last("contactor")["confirmed"] and board.faults() == []


def test_current_through_an_open_contactor_is_a_weld() -> None:
    """Also where no auxiliary contact shows it: current that lasts a second proves it."""
    board = TinyBoard()
    board.contactor.contact = False
    board.charging()
    board.pilot.state = "B"
    board.look()
    for _ in range(30):
        board.wait(0.1)
        board.meter.wh += 1.0
        board.meter.wake_at = board.now
        board.look()
    assert ("weld", True) in board.faults()


def test_a_residual_current_monitor() -> None:
    """Tripped, or not answering: a residual current."""
    for state, detail in ((True, "residual current"), (BROKEN, DETAIL)):
        board = TinyBoard()
        board.residual_current.state = state
        board.look()
        assert (board.last("fault")["code"], board.last("fault")["detail"]) == ("rcd", detail)


def test_a_card_reader() -> None:
    """Each card is a message; a lost reader is a fault, and energy goes on."""
    board = TinyBoard()
    board.charging()
    board.reader.cards = ["04A2B9"]
    board.look()
    assert (board.last("card")["connector"], board.last("card")["id_tag"]) == (1, "04A2B9")
    board.reader.failure = BROKEN
    board.look()
    assert board.last("fault")["code"] == "reader-lost" and board.contactor.closed
