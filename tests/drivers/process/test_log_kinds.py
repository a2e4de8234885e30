"""The kinds of lines of the board process: each that is logged is in the table, and nothing else."""

from __future__ import annotations

import ast
from pathlib import Path

from drivers.process.log_kinds import ERROR, INFO, KINDS, message_id, name_of

ROOT = Path(__file__).parents[3]
CALLS = {"log", "_log", "line", "_put", "_write"}


def kinds_logged() -> set[str]:
    """The first word of every call that logs."""
    found: set[str] = set()
    for file in (ROOT / "drivers/safe.py", *sorted((ROOT / "drivers/process").glob("*.py"))):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and len(node.args) == 2):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            first = node.args[0]
            if name == "line" and ast.unparse(node.func) != "log.line":
                continue
            if name in CALLS and isinstance(first, ast.Constant) and isinstance(first.value, str):
                found.add(first.value)
            if name in CALLS and isinstance(first, ast.JoinedStr) and isinstance(first.values[0], ast.Constant):
                found.add(str(first.values[0].value).strip())
    return found


def test_point_5_each_kind_is_in_the_table() -> None:
    """And each of the table is logged somewhere."""
    assert kinds_logged() == set(KINDS)


def test_point_5_each_kind_is_explained() -> None:
    """In whole sentences."""
    for name, kind in KINDS.items():
        assert ERROR <= kind.priority <= INFO and kind.why.endswith(".") and kind.remedy.endswith("."), name


def test_a_thread_has_its_name_behind_it() -> None:
    """An unknown kind is a matter of the process."""
    assert [name_of(kind) for kind in ("thread meters", "lease", "new")] == ["thread", "lease", "process"]
    assert len(message_id("lease")) == 32
