"""The text of `evsectl security-log`."""

from __future__ import annotations

from daemon.ctl.output_security import text

ROW = {
    "number": 7,
    "event": "InvalidMessages",
    "detail": "a frame",
    "times": 10,
    "mono": 12.3,
    "at": "2026-12-01T00:00:00Z",
}


def test_entries_and_verdict() -> None:
    assert text({"security_log": [], "problems": []}, False) == "no security events"
    shown = text({"security_log": [ROW, {**ROW, "at": None, "detail": "-", "times": 1}], "problems": []}, True)
    assert shown.splitlines() == [
        "     7  2026-12-01T00:00:00Z  InvalidMessages: a frame (10 times)",
        "     7  (time unknown, 12 s after the boot)  InvalidMessages",
        "the log is whole: nothing was changed, removed or inserted since its oldest entry",
    ]
    assert text({"security_log": [], "problems": ["entry 2 was changed"]}, True).endswith(
        "NOT WHOLE: entry 2 was changed"
    )
