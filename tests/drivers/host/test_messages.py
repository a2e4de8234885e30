"""What a connector reports are messages of the board socket."""

from __future__ import annotations

from typing import Any

from drivers.board_protocol import check
from drivers.devices import MeterIdentity, MeterSample, Reading
from drivers.host.messages import BoardMessages, CableState, fault_message
from drivers.reflex.faults import FaultReport
from drivers.reflex.state_machine import ContactorReport, Evse, PilotReport
from tests.drivers.host.tiny_board import TinyBoard


def test_every_message_passes_the_check() -> None:
    """Whatever is reported of pilot, cable, contactor, meter, cards, faults, offers and orders."""
    out: list[dict[str, Any]] = []
    messages = BoardMessages(3, out)
    messages.pilot(PilotReport("B", 1.0))
    messages.contactor(ContactorReport(True, False, 1.0))
    messages.fault(FaultReport("rcd", True, True, "why" * 100, 1.0))
    messages.ack(7, Evse())
    messages.done(8, True, "done")
    messages.card(1.0, "04A2B9")
    messages.meter(MeterSample(1.0, Reading(5.0, (230.0,))), None, 25.0)
    messages.cable(1.0, CableState(True, False, 16.0))
    assert [check(message, "from_board")["type"] for message in out] == [
        "pilot",
        "contactor",
        "fault",
        "ack",
        "done",
        "card",
        "meter",
        "cable",
    ]
    assert out[-1]["connector"] == 3 and out[-1]["max_amps"] == 16.0
    assert check(fault_message(None, FaultReport("mains", True, False, "", 1.0)), "from_board")["connector"] is None


def test_a_cable_is_reported_when_it_has_changed() -> None:
    """Once, again after a change, and whenever it is asked for."""
    out: list[dict[str, Any]] = []
    messages = BoardMessages(1, out)
    for _ in range(2):
        messages.cable(1.0, CableState(False, False, 0.0))
    assert len(out) == 1 and out[0]["max_amps"] == 0.0
    messages.cable(2.0, CableState(True, False, 32.0))
    messages.cable(3.0, CableState(True, False, 32.0), always=True)
    assert [message["max_amps"] for message in out] == [0.0, 32.0, 32.0]


def test_12_the_meters_identity_is_told_before_its_values() -> None:
    """As soon as it is known, once, and to who connects; what a driver of others reads is made printable and cut."""
    board = TinyBoard()
    assert "meter-identity" not in [message["type"] for message in board.greeting]
    board.meter.identity = MeterIdentity("1704\x002371" + 30 * "9", " Eastron \u00e4SDM120 ")
    board.wait(11.0)
    told = {"type": "meter-identity", "connector": 1, "serial": "17042371" + 17 * "9", "model": "Eastron SDM120"}
    assert [message for message in board.said if message["type"] == "meter-identity"] == [told]
    kinds = [message["type"] for message in board.host.greet(board.now)]
    assert kinds.index("meter-identity") < kinds.index("meter")
