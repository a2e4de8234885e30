"""The CALLERROR codes of 1.6 (J 4.2.3)."""

from __future__ import annotations

from typing import get_args

from ocpp16.messages.call_error import MAX_DESCRIPTION, ErrorCode, Refusal


def test_codes_of_1_6() -> None:
    """The ten codes in the spelling of 1.6, its one misspelling included; later versions write others."""
    assert set(get_args(ErrorCode)) == {
        "NotImplemented",
        "NotSupported",
        "InternalError",
        "ProtocolError",
        "SecurityError",
        "FormationViolation",
        "PropertyConstraintViolation",
        "OccurenceConstraintViolation",
        "TypeConstraintViolation",
        "GenericError",
    }


def test_a_refusal_is_a_value() -> None:
    """J 4.2.3: a refusal holds what the CALLERROR needs; its description has at most 255 characters on the wire."""
    assert Refusal("NotSupported", "no lock") == Refusal("NotSupported", "no lock")
    assert MAX_DESCRIPTION == 255
