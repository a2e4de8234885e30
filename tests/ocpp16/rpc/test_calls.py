"""What a conversation is made of."""

from __future__ import annotations

from ocpp16.messages.core import HeartbeatReq
from ocpp16.rpc.calls import POSTPONED, Failure, Gate, Postponed, Volatile


def test_gates() -> None:
    """§4.2: four states, each with what may be said in it."""
    assert [gate.name for gate in Gate] == ["BOOT", "PENDING", "SILENT", "OPEN"]


def test_volatile_call() -> None:
    """A volatile call is not triggered and waits for nothing unless it says so."""
    call = Volatile(HeartbeatReq(), None)
    assert (call.triggered, call.after_seq) == (False, None)
    assert isinstance(POSTPONED, Postponed)
    assert Failure("", "no answer").code == ""
