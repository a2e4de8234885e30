"""A failure that repeats for days for one cause is written three times, then once an hour with a count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

SHOWN = 3
QUIET_S = 3600.0
CAUSES: Mapping[str, tuple[str, ...]] = {
    "link-failed": ("stage", "cause"),
    "boot-rejected": (),
    "boot-pending": (),
    "boot-unanswered": ("reason",),
}
"""Codes that repeat by themselves, and the fields that tell one cause from another."""
ENDS: Mapping[str, tuple[str, ...]] = {
    "link-up": ("link-failed",),
    "boot-accepted": ("boot-rejected", "boot-pending", "boot-unanswered"),
}
"""What ends such a row of failures: the next one is new."""


class Verdict(NamedTuple):
    """Whether the note is written, and how many like it were left out before."""

    shown: bool
    left_out: int = 0
    seconds: float = 0.0


class _Run:
    def __init__(self, cause: tuple[str, ...], now: float) -> None:
        self.cause = cause
        self.times = self.left_out = 0
        self.shown_at = now


class FailingAgain:
    """Remembers the last cause of each code."""

    def __init__(self) -> None:
        self._runs: dict[str, _Run] = {}

    def judge(self, code: str, fields: Mapping[str, object], now: float) -> Verdict:
        """Time comes as an argument, in monotonic seconds."""
        for ended in ENDS.get(code, ()):
            self._runs.pop(ended, None)
        if code not in CAUSES:
            return Verdict(True)
        cause = tuple(str(fields.get(name)) for name in CAUSES[code])
        run = self._runs.get(code)
        if run is None or run.cause != cause:
            run = self._runs[code] = _Run(cause, now)
        run.times += 1
        if run.times > SHOWN and now - run.shown_at < QUIET_S:
            run.left_out += 1
            return Verdict(False)
        verdict = Verdict(True, run.left_out, now - run.shown_at)
        run.left_out, run.shown_at = 0, now
        return verdict
