"""What a connector reports are messages of the board socket."""

from __future__ import annotations

from typing import Any

from drivers.board_protocol import check
from drivers.devices import MeterSample, Reading
from drivers.host.messages import BoardMessages, CableState, fault_message
from drivers.reflex.faults import FaultReport
from drivers.reflex.state_machine import ContactorReport, Evse, PilotReport


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
