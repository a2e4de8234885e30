"""The gate that closes when a line is missing must be seen to close."""

from __future__ import annotations

from typing import Any

from tests.coverage_gate import WHOLE, gaps


def report(**changed: Any) -> dict[str, Any]:
    """A coverage report in which everything is covered, but for what is changed."""
    whole: dict[str, Any] = {"missing_lines": [], "missing_branches": []}
    names = [name + "session.py" if name.endswith("/") else name for name in WHOLE]
    return {"files": dict.fromkeys(names, whole) | {"daemon/store/store.py": {**whole, **changed}}}


def test_whole_is_whole() -> None:
    """Nothing missing, nothing said."""
    assert gaps(report()) == []


def test_a_missing_line_or_branch_is_named() -> None:
    """One line or one branch is enough to close the gate."""
    assert gaps(report(missing_lines=[7])) == ["daemon/store/store.py: lines [7] branches none"]
    assert gaps(report(missing_branches=[[7, 9]])) == ["daemon/store/store.py: lines [] branches 7->9"]


def test_what_is_not_measured_is_no_proof() -> None:
    """A file that fell out of the report closes the gate too."""
    assert "daemon/store/store.py: not measured" in gaps({"files": {}})
