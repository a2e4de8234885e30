"""The catalog of `journalctl -x` for the lines of evsed-board: one entry a kind (man 5 SYSTEMD.CATALOG)."""

from __future__ import annotations

import textwrap
from typing import Final

from drivers.process.log_kinds import KINDS, Kind, message_id

WIDTH: Final = 79


def catalog() -> str:
    """All entries, in the order of the table."""
    return "\n".join(_entry(name, kind) for name, kind in KINDS.items())


def _entry(name: str, kind: Kind) -> str:
    paragraphs = (
        f"What happened ({name}): {kind.what}.",
        f"Why: {kind.why}",
        f"What to do: {kind.remedy}",
    )
    wrapped = [textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False) for text in paragraphs]
    head = f"-- {message_id(name)}\nSubject: evsed-board: {kind.what}\nDefined-By: evsed-board\n"
    return head + "\n" + "\n\n".join(wrapped) + "\n"
