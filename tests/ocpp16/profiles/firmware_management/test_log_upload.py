"""GetLog (W N01): every status, the window, the retries, one at a time, an end that is told across a restart."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16 import events as ev
from ocpp16.profiles.firmware_management.log_upload import FAILURES
from ocpp16.step import CancelJob, Upload
from tests.ocpp16.profiles.firmware_management.works import Unit
from tests.ocpp16.rig import SILENCE

LOCATION = "https://logs.example/in/"


def get_log(unit: Unit, log_type: str = "SecurityLog", request_id: int = 5, **more: Any) -> dict[str, Any]:
    log = {"remoteLocation": more.pop("location", LOCATION)}
    for name in ("oldestTimestamp", "latestTimestamp"):
        if name in more:
            log[name] = more.pop(name)
    answer = unit.station.request("GetLog", logType=log_type, requestId=request_id, log=log, **more)
    assert isinstance(answer, dict)
    unit.station.settle()
    return answer


def told(unit: Unit) -> list[tuple[str, int | None]]:
    return [(said["status"], said.get("requestId")) for said in unit.station.heard("LogStatusNotification")]


@pytest.mark.parametrize(("log_type", "what"), [("SecurityLog", "security-log"), ("DiagnosticsLog", "diagnostics-log")])
def test_a_log_is_sent(log_type: str, what: str) -> None:
    unit = Unit()
    answer = get_log(unit, log_type, oldestTimestamp="2026-01-01T00:00:00Z", latestTimestamp="2026-02-01T00:00:00Z")
    job = unit.job(Upload)
    assert answer == {"status": "Accepted", "filename": job.file_name}
    assert (job.what, job.latest_utc - job.oldest_utc) == (what, 31 * 86400)
    assert told(unit) == [("Uploading", 5)]
    unit.done(True, "1234 bytes sent")
    assert told(unit) == [("Uploading", 5), ("Uploaded", 5)]


@pytest.mark.parametrize(
    ("failure", "status"),
    [("", "UploadFailure"), *((name, str(status)) for name, status in FAILURES.items()), ("else", "UploadFailure")],
)
def test_each_failure_has_its_status_after_the_last_retry(failure: str, status: str) -> None:
    unit = Unit()
    get_log(unit, retries=1, retryInterval=20)
    for left in (1, 0):
        job = unit.job(Upload)
        unit.jobs.clear()
        unit.station.happens(ev.JobDone(job.ref, False, "no", failure))
        assert told(unit)[1:] == ([] if left else [(status, 5)])
        unit.wait(20)
    assert not unit.jobs


def test_a_second_request_cancels_the_first() -> None:
    unit = Unit()
    get_log(unit)
    first = unit.job(Upload)
    assert get_log(unit, request_id=6)["status"] == "AcceptedCanceled"
    assert CancelJob(first.ref) in unit.station.last.jobs or unit.jobs
    unit.station.happens(ev.JobDone(first.ref, False, "late"))
    unit.done(True)
    assert told(unit) == [("Uploading", 5), ("Uploading", 6), ("Uploaded", 6)]


def test_diagnostics_and_a_log_do_not_disturb_each_other() -> None:
    unit = Unit()
    unit.diagnostics()
    first = unit.job(Upload)
    unit.jobs.clear()
    assert get_log(unit)["status"] == "Accepted"
    unit.station.happens(ev.JobDone(first.ref, True))
    unit.done(True)
    assert unit.told_upload() == ["Uploading", "Uploaded"]
    assert told(unit) == [("Uploading", 5), ("Uploaded", 5)]


def test_the_file_that_the_location_names() -> None:
    assert get_log(Unit(), location="ftp://h/a/log.txt")["filename"] == "log.txt"


def test_rejected_while_nothing_can_be_written() -> None:
    unit = Unit()
    unit.station.step(ev.StoreChanged("unwritable"))
    assert get_log(unit) == {"status": "Rejected"}


@pytest.mark.parametrize("dark", [True, False])
def test_an_upload_that_a_restart_cut(dark: bool) -> None:
    """The next life tells UploadFailure with its requestId, once."""
    unit = Unit()
    get_log(unit)
    unit.job(Upload)
    unit.reborn(dark=dark)
    assert told(unit) == [("Uploading", 5), ("UploadFailure", 5)] and not unit.jobs
    unit.wait(2)
    unit.reborn(dark=dark)
    assert told(unit) == [("Uploading", 5), ("UploadFailure", 5)]


def test_an_end_that_nobody_confirms_is_told_again() -> None:
    unit = Unit()
    get_log(unit)
    unit.station.script["LogStatusNotification"] = SILENCE
    unit.done(True)
    unit.station.script.clear()
    unit.wait(200)
    assert told(unit)[-1] == ("Uploaded", 5) and len(told(unit)) == 3


def test_triggered() -> None:
    """Idle without a requestId, Uploading with it."""
    unit = Unit()
    for _ in range(2):
        answer = unit.station.request("ExtendedTriggerMessage", requestedMessage="LogStatusNotification")
        assert answer == {"status": "Accepted"}
        unit.station.settle()
        if len(told(unit)) == 1:
            get_log(unit)
    assert told(unit) == [("Idle", None), ("Uploading", 5), ("Uploading", 5)]
