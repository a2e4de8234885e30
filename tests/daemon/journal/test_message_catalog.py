"""The catalog of journalctl: one entry a code; ids never change."""

from __future__ import annotations

import re

from daemon.journal.catalogue import CATALOGUE
from daemon.journal.journal import message_id
from daemon.journal.message_catalog import catalog, subject
from drivers.process import log_kinds
from tests.message_ids import BOARD, HALL


def test_point_5_ids_never_change() -> None:
    """Scripts and the catalogs of other languages hold on to them: the table grows, no row of it changes."""
    assert {code: message_id(code) for code in CATALOGUE} == HALL
    assert {kind: log_kinds.message_id(kind) for kind in log_kinds.KINDS} == BOARD
    assert len({*HALL.values(), *BOARD.values()}) == len(HALL) + len(BOARD)


def test_point_5_each_code_has_its_entry() -> None:
    """With head, what happened, why and what to do; lines that end an entry or are skipped are not in it."""
    entries = re.split(r"^-- ", catalog(), flags=re.MULTILINE)[1:]
    assert [entry[:32] for entry in entries] == list(HALL.values())
    for entry in entries:
        lines = entry.splitlines()
        assert lines[1].startswith("Subject: ") and lines[2].startswith("Defined-By: evsed")
        assert all(f"\n{part}" in entry for part in ("What happened", "Why: ", "What to do: "))
        assert not any(line.startswith(("-- ", "#")) for line in lines[1:])
        assert all(len(line) <= 79 or " " not in line for line in lines), entry


def test_fields_become_those_of_the_journal() -> None:
    """journalctl puts the values in their place."""
    assert subject("transaction {number} on {connector}: {code}") == (
        "transaction @EVSED_TRANSACTION@ on @EVSED_CONNECTOR@: @EVSED_ERROR_CODE@"
    )
    assert "Or, where it did not succeed: firmware update: @EVSED_STATE@" in catalog()
