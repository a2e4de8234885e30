"""Diagnostics: §4.4, §5.9: the window, the retries, a second request, and an end that is told."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16 import events as ev
from ocpp16.step import Upload
from tests.ocpp16.profiles.firmware_management.works import Unit
from tests.ocpp16.rig import Station


def test_diagnostics() -> None:
    """§5.9: the answer names the file, then Uploading and Uploaded; the window goes with the job."""
    unit = Unit()
    answer = unit.diagnostics(startTime="2026-01-01T00:00:00Z", stopTime="2026-02-01T00:00:00Z")
    job = unit.job(Upload)
    assert answer["fileName"] == job.file_name and job.latest_utc - job.oldest_utc == 31 * 86400
    assert unit.told_upload() == ["Uploading"]
    unit.done(True, "1234 bytes sent")
    assert unit.told_upload() == ["Uploading", "Uploaded"]


@pytest.mark.parametrize("retries", [0, 2])
def test_diagnostics_that_cannot_be_sent(retries: int) -> None:
    """Every retry after its interval, UploadFailed only after the last."""
    unit = Unit()
    unit.diagnostics(retries=retries, retryInterval=20)
    for left in range(retries, -1, -1):
        unit.job(Upload)
        unit.done(False, "FTP: 550 no")
        assert unit.told_upload() == (["Uploading"] if left else ["Uploading", "UploadFailed"])
        unit.wait(20)
    assert not unit.jobs


def test_a_second_request_for_diagnostics() -> None:
    """It takes the place of the first, whose end is no longer told."""
    unit = Unit()
    unit.diagnostics()
    first = unit.job(Upload)
    unit.diagnostics()
    assert unit.job(Upload).ref != first.ref
    unit.station.happens(ev.JobDone(first.ref, False, "late"))
    assert unit.told_upload() == ["Uploading", "Uploading"]


@pytest.mark.parametrize("dark", [True, False])
def test_an_upload_that_a_restart_cut(dark: bool) -> None:
    """The next life tells UploadFailed, once; it does not begin again by itself."""
    unit = Unit()
    unit.diagnostics()
    unit.job(Upload)
    unit.reborn(dark=dark)
    assert unit.told_upload() == ["Uploading", "UploadFailed"] and not unit.jobs
    unit.wait(2)
    unit.reborn(dark=dark)
    assert unit.told_upload() == ["Uploading", "UploadFailed"]


def test_an_end_that_a_restart_left_untold() -> None:
    """What was uploaded before the restart is told as that."""
    unit = Unit()
    unit.diagnostics()
    job = unit.job(Upload)
    unit.station.disconnect()
    unit.station.step(ev.JobDone(job.ref, True, ""))
    unit.reborn()
    assert unit.told_upload()[-1] == "Uploaded"


def test_the_end_of_an_upload_whose_answer_was_lost() -> None:
    """It is told again when the connection is back."""
    unit = Unit()
    unit.diagnostics()
    job = unit.job(Upload)
    unit.station.step(ev.JobDone(job.ref, True, ""))
    unit.station.disconnect()
    unit.station.forget().connect()
    assert unit.told_upload() == ["Uploaded"]


@pytest.mark.parametrize(
    ("location", "name"),
    [
        ("http://h/x/my.log", "my.log"),
        ("ftp://u:p@h/a/Station.TAR?x=1.log", "Station.TAR"),
        ("http://h/x/", None),
        ("http://h/x", None),
        ("http://my.log", None),
        ("https://h/bucket/object?X-Signature=a%2Fb.log", "object"),
        ("https://h/?token=1", None),
    ],
)
def test_name_that_is_told(location: str, name: str | None) -> None:
    """§6.26: the answer names the file as it will lie there: the location's own name, where it has one."""
    station = Station().online()
    told: Any = station.request("GetDiagnostics", location=location)
    assert told["fileName"] == name or (name is None and told["fileName"].startswith("diagnostics-"))
