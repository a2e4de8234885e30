"""AuthorizationKey as a Central System or a technician writes it, and the bytes that it stands for (W A00.FR.205)."""

from __future__ import annotations

import re

_HEX = re.compile(r"[0-9A-Fa-f]{32,40}")
LEAST, MOST = 16, 20
"""Bytes."""


def key_hex(text: str) -> str:
    """The key's bytes as hexadecimal digits: of 32 to 40 digits, or of 16 to 20 printable characters.

    Raises ValueError with what is wrong, never with the text itself.
    """
    if _HEX.fullmatch(text) and len(text) % 2 == 0:
        return text.lower()
    if LEAST <= len(text) <= MOST and text.isascii() and text.isprintable():
        return text.encode("ascii").hex()
    raise ValueError(
        f"{len(text)} characters; a key has 32 to 40 hexadecimal digits (an even number), or 16 to 20 characters"
    )
