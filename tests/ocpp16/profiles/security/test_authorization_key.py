"""AuthorizationKey as hexadecimal digits or as text."""

from __future__ import annotations

import pytest

from ocpp16.profiles.security.authorization_key import key_hex

VECTOR = "0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF"


@pytest.mark.parametrize(
    ("text", "digits"),
    [(VECTOR, VECTOR.lower()), ("ab" * 16, "ab" * 16), ("OCA_OCTT_admin_test", b"OCA_OCTT_admin_test".hex())],
)
def test_3_a_key_becomes_its_bytes(text: str, digits: str) -> None:
    """W A00.FR.205: 16 to 20 bytes, also those that are no UTF-8."""
    assert key_hex(text) == digits


@pytest.mark.parametrize("text", ["a" * 33, "0" * 42, "short", "x" * 21, "é" * 16, "a" * 15 + "\n"])
def test_3_anything_else_is_refused_without_being_told(text: str) -> None:
    """The reason has its length, never its characters."""
    with pytest.raises(ValueError, match=f"^{len(text)} characters") as refused:
        key_hex(text)
    assert text not in str(refused.value)
