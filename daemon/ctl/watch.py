"""`evsectl watch`: the status again and again, drawn over itself in a terminal, line by line elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, NoReturn

from daemon.ctl.output import folded, json_line, status_text, terminal_columns

Status = dict[str, Any]
_RESTLESS = ("uptime_s", "utc", "link")
"""Fields that change by themselves: no news where nothing else did."""


def news(before: Status | None, now: Status) -> bool:
    """Something has changed that a person wants to see."""
    return before is None or _still(before) != _still(now)


def _still(status: Status) -> Status:
    return {name: value for name, value in status.items() if name not in _RESTLESS}


def follow(ask: Callable[[], Status], as_json: bool, period_s: float, terminal: bool | None = None) -> NoReturn:
    """Until interrupted; Unreachable when the daemon ends."""
    if (sys.stdout.isatty() if terminal is None else terminal) and not as_json:
        _drawn(ask, period_s)
    before: Status | None = None
    while True:
        now = ask()
        if news(before, now):
            print(json_line({"v": 1, "source": "daemon", **now}) if as_json else status_text(now), flush=True)
        before = now
        time.sleep(period_s)


def _drawn(ask: Callable[[], Status], period_s: float) -> NoReturn:
    from rich.live import Live
    from rich.text import Text

    with Live(Text(""), auto_refresh=False, screen=False) as live:
        while True:
            live.update(Text(folded(status_text(ask()), terminal_columns())), refresh=True)
            time.sleep(period_s)
