"""`evsectl certs` as a table."""

from __future__ import annotations

from daemon.ctl.certs import certificates_text

ROW = {
    "use": "root of the Central System",
    "state": "in-force",
    "subject": "CN=root",
    "issuer": "CN=root",
    "serial_number": "FFF",
    "not_before_utc": 1_744_632_000.0,
    "not_after_utc": 1_844_632_000.0,
    "days_left": 1157.4,
    "key_kind": "EC P-256",
    "source": "Central System",
    "name": "root.pem",
}


def test_the_table() -> None:
    """Use, names, dates, days left, key; an open request has a row, too; nothing is advised without need."""
    pending = {"use": "key of an open request", "state": "waiting", "name": "key-1.pem", "since_utc": 1_744_632_000.0}
    text = certificates_text([ROW, pending], None)
    head, first, second = text.splitlines()
    assert head.split()[:3] == ["use", "state", "subject"] and "2025-04-14" in first and "1157.4" in first
    assert second.startswith("key of an open request") and "key-1" not in second


def test_what_ends_soon() -> None:
    """60 days before the end, and after it; dates that no calendar has are no reason to fail."""
    text = certificates_text([{**ROW, "days_left": 12.5}, {**ROW, "days_left": -3.0, "not_after_utc": 1e30}], None)
    assert "CN=root: ends in 12.5 days; the back-office must renew it" in text and "has expired 3 days ago" in text
    assert "ends" not in certificates_text([{**ROW, "days_left": 3.0, "state": "fallback"}], None)


def test_none() -> None:
    """Said in words."""
    assert certificates_text([], None).startswith("no certificates")


def test_4_days_are_not_counted_while_the_time_is_unknown() -> None:
    """Said once, below the table."""
    text = certificates_text([{**ROW, "days_left": None}, {**ROW, "days_left": None}], None)
    assert text.count("the time is not known yet, so no days are counted") == 1 and "1157" not in text
