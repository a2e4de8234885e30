"""The registration gate: what each of its four states lets through (§4.2)."""

from __future__ import annotations

import pytest

from ocpp16.rpc.registration_gate import Gate


@pytest.mark.parametrize(
    ("gate", "ordinary", "triggered", "boot", "answers"),
    [
        (Gate.BOOT, False, True, True, True),
        (Gate.PENDING, False, True, True, True),
        (Gate.SILENT, False, False, False, False),
        (Gate.OPEN, True, True, True, True),
    ],
)
def test_what_may_be_sent(gate: Gate, ordinary: bool, triggered: bool, boot: bool, answers: bool) -> None:
    """§4.2: not registered, Pending, Rejected, Accepted."""
    assert gate.may_send() is ordinary
    assert gate.may_send(triggered=True) is triggered
    assert gate.may_send(boot=True) is boot
    assert gate.answers is answers
