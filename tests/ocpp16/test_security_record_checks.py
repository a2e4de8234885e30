"""Rows of the security extension that cannot be are set aside, all others count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from msgspec.structs import replace

from ocpp16.record_checks import checked
from ocpp16.records import (
    Certificate,
    ConnectionSet,
    Record,
    SecurityLogState,
    SecurityOccurrence,
    SignedFirmwareUpdate,
    Stamp,
)


@dataclass(frozen=True)
class Sound:
    event = SecurityOccurrence(number=1, type="T", tech_info="", began=Stamp(1.0, "b"), last=Stamp(1.0, "b"))
    log = SecurityLogState(entries=3, upload="Uploading", request_id=7, hard_resets="1 2")
    certificate = Certificate(name="a.pem", role="station", key_name="k.pem", not_after=9.0, hashes=())
    set = ConnectionSet(number=1, profile=3, encrypted=True, certificate="station-1.pem")
    update = SignedFirmwareUpdate(
        request_id=7, location="https://a.example/i", retrieve_utc=1.0, certificate="PEM", signature="AA==",
        retries_left=3, retry_interval_s=60, state="verified", digest="ab" * 32,
    )  # fmt: skip


@pytest.mark.parametrize(
    "row", [Sound.event, Sound.log, SecurityLogState(), Sound.certificate, Sound.set, Sound.update]
)
def test_a_sound_row_counts(row: Record) -> None:
    assert checked([row]) == ([row], [], [])


@pytest.mark.parametrize(
    ("row", "change"),
    [
        (Sound.event, {"number": 0}),
        (Sound.event, {"last": Stamp(1.0, "b", utc=-1.0)}),
        (Sound.log, {"entries": -1}),
        (Sound.log, {"upload": "Sent"}),
        (Sound.log, {"name": "another"}),
        (Sound.log, {"entries": 2**60}),
        (Sound.certificate, {"name": "../../etc/passwd"}),
        (Sound.certificate, {"name": ""}),
        (Sound.certificate, {"key_name": "keys/k.pem"}),
        (Sound.certificate, {"not_before": 10.0}),
        (Sound.set, {"number": 0}),
        (Sound.set, {"number": 2**60}),
        (Sound.set, {"profile": 4}),
        (Sound.set, {"profile": -1}),
        (Sound.set, {"starts": -1}),
        (Sound.set, {"certificate": "../own.pem"}),
        (Sound.update, {"name": "another"}),
        (Sound.update, {"request_id": 2**60}),
        (Sound.update, {"retrieve_utc": -1.0}),
        (Sound.update, {"retrieve_utc": float("nan")}),
        (Sound.update, {"install_utc": 1e30}),
        (Sound.update, {"retries_left": -1}),
        (Sound.update, {"retry_interval_s": 2**60}),
        (Sound.update, {"told": "Sent"}),
        (Sound.update, {"digest": ""}),
    ],
)
def test_a_row_that_cannot_be_is_set_aside(row: Record, change: dict[str, Any]) -> None:
    found = checked([replace(row, **change)])
    assert (found.records, len(found.problems)) == ([], 1)
