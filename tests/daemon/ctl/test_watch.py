"""`evsectl watch`: changes, and only changes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from daemon.ctl.watch import follow, is_changed
from tests.daemon.ctl.test_output import STATUS


class Over(Exception):
    """The daemon ended."""


def asker(*statuses: dict[str, Any]) -> Any:
    left = list(statuses)

    def ask() -> dict[str, Any]:
        if not left:
            raise Over
        return left.pop(0)

    return ask


def test_volatile_fields_are_not_changes() -> None:
    """Uptime, time and the ages of the link are not changes; a status is."""
    assert is_changed(None, STATUS) and not is_changed(STATUS, {**STATUS, "uptime_s": 5, "utc": "later"})
    assert is_changed(STATUS, {**STATUS, "status": "Faulted"})


def test_in_a_pipe_each_change_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Equal statuses are printed once, as text or as JSON."""
    other = {**STATUS, "status": "Faulted"}
    with pytest.raises(Over):
        follow(asker(STATUS, STATUS, other), False, 0.0)
    assert capsys.readouterr().out.count("CP1:") == 2
    with pytest.raises(Over):
        follow(asker(STATUS, other), True, 0.0)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["status"] for line in lines] == ["Available", "Faulted"]


def test_in_a_terminal_it_is_redrawn(capsys: pytest.CaptureFixture[str]) -> None:
    """The newest status is on the screen."""
    with pytest.raises(Over):
        follow(asker(STATUS, STATUS), False, 0.0, terminal=True)
    assert "CP1" in capsys.readouterr().out
