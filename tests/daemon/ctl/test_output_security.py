"""The text of `evsectl security-log`."""

from __future__ import annotations

from daemon.ctl.output_security import connection_lines, text

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


def test_4_the_connection_in_the_status() -> None:
    """Nothing without a cause; else a line for a trial, for one taken back, for each certificate."""
    assert connection_lines({"connection_trial": None, "connection_returned": None, "certificates_ending": []}) == []
    status = {
        "connection_trial": {"state": "trial", "changed": "csms.url", "ends_in_s": 12},
        "connection_returned": {"changed": "SecurityProfile", "stage": "TLS", "failure": "tls-chain", "ago_s": 5},
        "certificates_ending": [
            {"what": "root of the Central System", "subject": "CN=a", "days_left": 6},
            {"what": "certificate of the station", "subject": "CN=b", "days_left": -2},
        ],
    }
    assert connection_lines(status) == [
        "  on trial        new csms.url is on trial, 12 s left",
        "  taken back      new SecurityProfile, 5 s ago (TLS: tls-chain)",
        "  certificate     root of the Central System, CN=a: ends in 6 days",
        "  certificate     certificate of the station, CN=b: has ended",
    ]
    waits = {"state": "waiting", "changed": "csms.url", "ends_in_s": None}
    assert connection_lines({"connection_trial": waits}) == ["  on trial        new csms.url waits for its trial"]
