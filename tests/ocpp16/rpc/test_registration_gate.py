"""The registration gate: its four states (§4.2); what each lets through is proved in `test_session.py`."""

from __future__ import annotations

from ocpp16.rpc.registration_gate import Gate


def test_gates() -> None:
    """§4.2: not registered, Pending, Rejected, Accepted."""
    assert list(Gate) == [Gate.BOOT, Gate.PENDING, Gate.SILENT, Gate.OPEN]
