"""SignedUpdateFirmware: each answer of W L01, given when the signing certificate has been checked."""

from __future__ import annotations

import pytest

from ocpp16 import events as ev
from ocpp16.product import Product
from ocpp16.records import SignedFirmwareUpdate
from ocpp16.step import CancelJob, CheckSigner, Download, Install, Trial
from tests.ocpp16.profiles.security.signed_unit import CERTIFICATE, SignedUnit
from tests.ocpp16.rig import CallError, clock_text


def test_accepted() -> None:
    """The certificate is checked before anything is answered, at the time that is known."""
    unit = SignedUnit()
    assert unit.ask() is None
    job = unit.job(CheckSigner)
    assert job.seal.certificate == CERTIFICATE and job.seal.exact
    assert abs(job.seal.utc - unit.utc()) < 1
    assert not unit.station.rows(SignedFirmwareUpdate)
    assert unit.checked() == "Accepted"
    assert unit.job(Download) and unit.row.request_id == 7


@pytest.mark.parametrize(
    ("verdict", "status"), [("certificate", "InvalidCertificate"), ("revoked", "RevokedCertificate")]
)
def test_a_certificate_that_is_not_good(verdict: str, status: str) -> None:
    """Nothing is downloaded, and the security event says why."""
    unit = SignedUnit()
    unit.ask()
    assert unit.checked(False, verdict, "it has expired") == status
    unit.station.wait(60)
    assert unit.events() == ["InvalidFirmwareSigningCertificate"]
    assert not unit.jobs and not unit.station.rows(SignedFirmwareUpdate) and unit.told() == []


def test_nobody_can_check() -> None:
    """Without a judgement nothing is begun, and nobody is blamed."""
    unit = SignedUnit()
    unit.ask()
    assert unit.checked(False, detail="evsed-job does not answer") == "Rejected"
    assert unit.events() == [] and not unit.station.rows(SignedFirmwareUpdate)
    assert unit.update() == "Accepted"


@pytest.mark.parametrize("retrieve_s", [0, 3600])
def test_a_new_request_replaces_the_old_one(retrieve_s: int) -> None:
    """AcceptedCanceled: whether the old one runs or waits; its download is cancelled, its id is heard no more."""
    unit = SignedUnit()
    assert unit.update(1, retrieve=clock_text(unit.station.mono + retrieve_s)) == "Accepted"
    unit.station.wait(1)
    old = [job.ref for job in unit.jobs]
    unit.ask(2)
    (job,) = [job for job in unit.jobs if isinstance(job, CheckSigner)]
    unit.jobs.remove(job)
    step = unit.station.step(ev.JobDone(job.ref, True))
    assert any("AcceptedCanceled" in frame for frame in step.frames)
    assert [job.ref for job in step.jobs if isinstance(job, CancelJob)] == old
    unit.station.settle()
    assert unit.row.request_id == 2 and unit.told(2) == ["Downloading"]


def test_after_an_end_there_is_nothing_to_cancel() -> None:
    unit = SignedUnit()
    unit.update(1, retries=0)
    unit.done(Download, False)
    assert unit.told(1)[-1] == "DownloadFailed"
    assert unit.update(2) == "Accepted"


def test_rejected_while_another_version_is_installed() -> None:
    """What is being written cannot be cancelled; from then to the end of the trial."""
    unit = SignedUnit()
    unit.update()
    unit.verified()
    unit.job(Install)
    assert unit.ask(8) == {"status": "Rejected"}
    unit.done(Install)
    unit.station.wait(60)
    unit.reborn()
    unit.done(Trial, verdict="runs")
    assert unit.ask(8) == {"status": "Rejected"} and unit.row.request_id == 7


def test_installation_begins_while_the_certificate_is_checked() -> None:
    """The answer is about the moment of the answer."""
    unit = SignedUnit()
    unit.update()
    unit.downloaded()
    unit.ask(8)
    verify = unit.jobs[0]
    unit.jobs.remove(verify)
    unit.station.happens(ev.JobDone(verify.ref, True, "ab"))
    unit.station.wait(0.1)
    assert any(isinstance(job, Install) for job in unit.jobs)
    assert unit.checked() == "Rejected" and unit.row.request_id == 7


def test_one_request_at_a_time() -> None:
    unit = SignedUnit()
    assert unit.ask(1) is None
    assert unit.ask(2) == {"status": "Rejected"}
    assert unit.checked() == "Accepted" and unit.row.request_id == 1


def test_no_room() -> None:
    """What cannot be recorded is not begun."""
    unit = SignedUnit()
    unit.station.happens(ev.StoreChanged("full"))
    assert unit.ask() == {"status": "Rejected"}
    unit.station.happens(ev.StoreChanged("ok"))
    assert unit.update() == "Accepted"


def test_a_product_without_signed_updates() -> None:
    unit = SignedUnit(Product(secure_firmware=False))
    answer = unit.ask()
    assert isinstance(answer, CallError) and answer.code == "NotSupported"


def test_the_plain_kind_is_refused() -> None:
    """L01.FR.20."""
    unit = SignedUnit()
    answer = unit.station.request("UpdateFirmware", location="http://a/b", retrieveDate=clock_text(0))
    assert isinstance(answer, CallError) and answer.code == "NotSupported" and not unit.jobs


def test_time_is_not_known() -> None:
    """Certificates are then judged by a time that has surely passed."""
    unit = SignedUnit()
    unit.station.host_utc = False
    unit.station.restart(dark=True)
    unit.station.jobs = []
    unit.station.boot_answer = {"status": "Pending", "interval": 300, "currentTime": clock_text(0)}
    unit.station.started()
    seal = unit.station.cp.parts.security.signed_firmware.seal
    assert not seal(_row()).exact and seal(_row()).utc > 0


def _row() -> SignedFirmwareUpdate:
    return SignedFirmwareUpdate(
        request_id=1, location="", retrieve_utc=0, certificate="", signature="", retries_left=0, retry_interval_s=0
    )


def test_bounds_of_retries() -> None:
    unit = SignedUnit()
    unit.update(retries=10**6, retryInterval=-5)
    assert (unit.row.retries_left, unit.row.retry_interval_s) == (100, 0)
