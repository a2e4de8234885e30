"""What is generated about the journal: the catalog of `journalctl -x` and the table of docs/journal.md."""

from __future__ import annotations

import re

from daemon.journal.catalogue import CATALOGUE
from daemon.journal.explanations import EXPLANATIONS
from daemon.journal.message_catalog import catalog
from drivers.process import log_catalog
from drivers.process.log_kinds import KINDS

HEAD = """# Catalog of the journal messages of evsed, evsed-job and evsed-board (man 5 SYSTEMD.CATALOG).
# Written by `make docs`; do not edit.  It belongs into /usr/lib/systemd/catalog/, then `journalctl --update-catalog`.
"""
PRIORITIES = {3: "error", 4: "warning", 5: "notice", 6: "info", 7: "debug"}
BEGIN, END = "<!-- codes: written by `make docs` -->", "<!-- end of codes -->"


def catalog_file() -> str:
    """systemd/evsed.catalog."""
    return "\n".join([HEAD, catalog(), log_catalog.catalog()])


def into(text: str) -> str:
    """docs/journal.md with its table made anew."""
    return re.sub(f"{BEGIN}.*{END}", lambda _: f"{BEGIN}\n{table()}\n{END}", text, flags=re.DOTALL)


def table() -> str:
    """All codes, by program."""
    rows = ["| `EVSED_CODE` | priority | why | what to do |", "| --- | --- | --- | --- |"]
    for code, entry in CATALOGUE.items():
        why, remedy = EXPLANATIONS[code]
        rows.append(f"| `{code}` | {PRIORITIES[entry.priority]} | {why} | {remedy} |")
    rows += ["", "Of `evsed-board`:", "", "| `EVSED_CODE` | priority | why | what to do |", "| --- | --- | --- | --- |"]
    for name, kind in KINDS.items():
        rows.append(f"| `{name.replace(' ', '-')}` | {PRIORITIES[kind.priority]} | {kind.why} | {kind.remedy} |")
    return "\n".join(rows)
