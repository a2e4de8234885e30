"""The catalog of evsed-board's lines: each kind has its entry."""

from __future__ import annotations

from drivers.process.log_catalog import catalog
from drivers.process.log_kinds import KINDS, message_id


def test_point_5_each_kind_has_its_entry() -> None:
    """Head, what happened, why, what to do."""
    text = catalog()
    for name, kind in KINDS.items():
        assert f"-- {message_id(name)}\nSubject: evsed-board: {kind.what}\nDefined-By: evsed-board\n\n" in text
    assert text.count("\nWhat to do: ") == len(KINDS) and all(len(line) <= 79 for line in text.splitlines())
