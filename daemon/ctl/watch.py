"""`evsectl watch`: shows the status again and again, redrawn in a terminal, as one text for each change elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, NoReturn

from daemon.ctl.output import folded, json_line, status_text, terminal_columns

Status = dict[str, Any]
_VOLATILE = ("uptime_s", "utc", "link")
"""Fields that change by themselves."""


def is_changed(before: Status | None, now: Status) -> bool:
    """Whether anything but a volatile field differs."""
    return before is None or _stable(before) != _stable(now)


def _stable(status: Status) -> Status:
    return {name: value for name, value in status.items() if name not in _VOLATILE}


def follow(request: Callable[[], Status], as_json: bool, period_s: float, terminal: bool | None = None) -> NoReturn:
    """Requests and shows the status every `period_s` until interrupted.  Whatever `request` raises passes through.

    `terminal`: whether standard output is one; None: it is asked.
    """
    if (sys.stdout.isatty() if terminal is None else terminal) and not as_json:
        _redraw(request, period_s)
    before: Status | None = None
    while True:
        now = request()
        if is_changed(before, now):
            print(json_line({"v": 1, "source": "daemon", **now}) if as_json else status_text(now), flush=True)
        before = now
        time.sleep(period_s)


def _redraw(request: Callable[[], Status], period_s: float) -> NoReturn:
    from rich.live import Live  # imported late: only a terminal needs it
    from rich.text import Text

    with Live(Text(""), auto_refresh=False, screen=False) as live:
        while True:
            live.update(Text(folded(status_text(request()), terminal_columns())), refresh=True)
            time.sleep(period_s)
