"""Are the rows of the security extension sensible, beyond their types?  One that is not is set aside.  Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ocpp16.messages.types import SignedFirmwareStatus, UploadLogStatus
from ocpp16.records import (
    Certificate,
    ConnectionSet,
    Record,
    SecurityLogState,
    SecurityOccurrence,
    SignedFirmwareUpdate,
    SignedUpdateState,
    Stamp,
)

MAX_COUNT = 2**53
"""No count, number or requestId of ours is as large."""
UPDATE = "update"
"""Name of the one row of its kind."""
DIGEST = re.compile(r"[0-9a-f]{64}")
VERIFIED: frozenset[SignedUpdateState] = frozenset({"verified", "install-scheduled", "install-waiting", "installing"})
"""States in which the image was verified, and is to be installed by its digest."""
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
        if _has_path(name):
            return f"file name {name[:60]!r}"
    if not row.name:
        return "no file name"
    return "" if row.not_before <= row.not_after else "it ends before it begins"


def connection_set(row: ConnectionSet) -> str:
    """The same of a connection set: a number of its own, a profile that there is, a name without a path."""
    if not 0 < row.number < MAX_COUNT:
        return f"number {row.number}"
    if not 0 <= row.profile <= 3:
        return f"profile {row.profile}"
    if not 0 <= row.starts < MAX_COUNT:
        return f"starts {row.starts}"
    return f"file name {row.certificate[:60]!r}" if _has_path(row.certificate) else ""


def signed_firmware_update(row: SignedFirmwareUpdate) -> str:
    """The same of a signed firmware update: every date and count of it is used by later steps."""
    if row.name != UPDATE:
        return f"name {row.name[:60]}"
    if not abs(row.request_id) < MAX_COUNT:
        return f"request_id {row.request_id}"
    dates = (row.retrieve_utc, 0.0 if row.install_utc is None else row.install_utc)
    if not all(0.0 <= date <= MAX_SECONDS for date in dates):
        return "a date that no calendar has"
    if not (0 <= row.retries_left < MAX_COUNT and 0 <= row.retry_interval_s < MAX_COUNT):
        return f"retries_left {row.retries_left}, retry_interval_s {row.retry_interval_s}"
    if row.told and row.told not in SignedFirmwareStatus._value2member_map_:
        return f"told {row.told[:60]}"
    needs = row.state in VERIFIED
    return "no digest of the verified image" if needs and not DIGEST.fullmatch(row.digest) else ""


def _has_path(name: str) -> bool:
    return "/" in name or "\0" in name or name in (".", "..")


def _is_time(stamp: Stamp) -> bool:
    return abs(stamp.mono) <= MAX_SECONDS and (stamp.utc is None or 0.0 <= stamp.utc <= MAX_SECONDS)


SECURITY_CHECKS: dict[type[Record], Callable[[Any], str]] = {
    SecurityOccurrence: occurrence,
    SecurityLogState: log_state,
    Certificate: certificate,
    ConnectionSet: connection_set,
    SignedFirmwareUpdate: signed_firmware_update,
}
"""By table: what is wrong with a row; "": nothing."""
