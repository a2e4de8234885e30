"""What a connector says are messages of the seam."""

from __future__ import annotations

from typing import Any

from drivers.board_protocol import check
from drivers.host.messages import BoardMessages
from drivers.reflex.evse import ContactorReport, Evse, PilotReport
from drivers.reflex.faults import FaultReport
from drivers.simulated.cable import SimulatedCable


def test_every_message_passes_the_check() -> None:
    """Whatever is said of pilot, cable, contactor, faults, offers and orders."""
    out: list[dict[str, Any]] = []
    voice = BoardMessages(3, out)
    voice.pilot(PilotReport("B", 1.0))
    voice.contactor(ContactorReport(True, False, 1.0))
    voice.fault(FaultReport("rcd", True, True, "why", 1.0))
    voice.ack(7, Evse())
    voice.done(8, True, "done")
    voice.cable(1.0, SimulatedCable(socket=False), 16.0)
    assert [check(message, "from_board")["type"] for message in out] == [
        "pilot",
        "contactor",
        "fault",
        "ack",
        "done",
        "cable",
    ]
    assert out[-1]["connector"] == 3 and out[-1]["max_amps"] == 16.0


def test_a_cable_is_told_when_it_is_news() -> None:
    """Once, again after a change, and whenever it is asked for."""
    out: list[dict[str, Any]] = []
    voice, cable = BoardMessages(1, out), SimulatedCable(socket=True)
    for _ in range(2):
        voice.cable(1.0, cable, 32.0)
    assert len(out) == 1 and out[0]["max_amps"] == 0.0
    cable.present = True
    voice.cable(2.0, cable, 32.0)
    voice.cable(3.0, cable, 32.0, present=True)
    assert [message["max_amps"] for message in out] == [0.0, 32.0, 32.0]
