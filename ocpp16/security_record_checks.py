"""Are the rows of the security extension sensible, beyond their types?  One that is not is set aside.  Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ocpp16.messages.types import UploadLogStatus
from ocpp16.records import Certificate, Record, SecurityLogState, SecurityOccurrence, Stamp

MAX_COUNT = 2**53
"""No count, number or requestId of ours is as large."""
MAX_SECONDS = 253_402_300_800.0
"""No time is later: the end of the year 9999."""


def occurrence(row: SecurityOccurrence) -> str:
    """What is wrong with a security event; "": nothing."""
    whole = 0 < row.number < MAX_COUNT and 0 <= row.told <= row.count < MAX_COUNT
    return "" if whole and _is_time(row.began) and _is_time(row.last) else "a security event that cannot be"


def log_state(row: SecurityLogState) -> str:
    """The same of how far the security log has come: without a row it begins anew."""
    if row.name != SecurityLogState().name:
        return f"name {row.name[:60]}"
    if not 0 <= row.entries < MAX_COUNT:
        return f"entries {row.entries}"
    if row.upload and row.upload not in UploadLogStatus._value2member_map_:
        return f"upload {row.upload[:60]}"
    return ""


def certificate(row: Certificate) -> str:
    """The same of a certificate: its files lie in folders of the store, under names without a path."""
    for name in (row.name, row.key_name):
        if "/" in name or "\0" in name or name in (".", ".."):
            return f"file name {name[:60]!r}"
    if not row.name:
        return "no file name"
    return "" if row.not_before <= row.not_after else "it ends before it begins"


def _is_time(stamp: Stamp) -> bool:
    return abs(stamp.mono) <= MAX_SECONDS and (stamp.utc is None or 0.0 <= stamp.utc <= MAX_SECONDS)


SECURITY_CHECKS: dict[type[Record], Callable[[Any], str]] = {
    SecurityOccurrence: occurrence,
    SecurityLogState: log_state,
    Certificate: certificate,
}
"""By table: what is wrong with a row; "": nothing."""
