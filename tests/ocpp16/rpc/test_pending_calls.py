"""CALLs under way, as plain values."""

from __future__ import annotations

from ocpp16.messages.core import HeartbeatReq
from ocpp16.rpc.pending_calls import POSTPONED, Postponed, WaitingCall


def test_a_waiting_call_has_no_condition_by_default() -> None:
    """§3.7: a call that names no transaction message and no lane may be sent at its turn."""
    call = WaitingCall(HeartbeatReq(), None)
    assert (call.triggered, call.after_seq, call.lane) == (False, None, None)


def test_a_postponed_answer_is_no_message() -> None:
    """What is answered later can be told from every answer."""
    assert isinstance(POSTPONED, Postponed)
