"""The signed update: every status, every end, a power cut at every stage, the trial of a new version."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16 import events as ev
from ocpp16.product import Product
from ocpp16.profiles.security.signed_firmware import HEALTHY_WITHIN_S
from ocpp16.step import Download, Install, Trial, VerifyImage
from tests.ocpp16.profiles.firmware_management.works import IMAGE, URL
from tests.ocpp16.profiles.security.signed_unit import DIGEST, DOWNLOADED, GOOD, VERIFIED, SignedUnit
from tests.ocpp16.rig import clock_text


def ended(unit: SignedUnit) -> None:
    """The user's card ends the transaction."""
    unit.station.tap("CARD")
    unit.station.open_contactor()


def on_trial(online: bool = True) -> SignedUnit:
    """The new version runs, and is not kept yet."""
    unit = SignedUnit()
    unit.update()
    unit.installed()
    unit.reborn(online=online)
    unit.done(Trial, verdict="runs")
    return unit


def test_the_good_way() -> None:
    """Each status in its order, FirmwareUpdated, the connectors closed from the signature to the end."""
    unit = SignedUnit()
    assert unit.update() == "Accepted"
    assert unit.job(Download).location == URL and unit.station.status() == "Available"
    unit.downloaded()
    verify = unit.done(VerifyImage, detail=DIGEST)
    assert (verify.file, verify.seal.signature) == (IMAGE, "c2ln")
    install = unit.job(Install)
    assert install.file == IMAGE and install.seal.signature == "c2ln", "verified again when it is installed"
    statuses = [said.action for said in unit.station.said if said.action != "Heartbeat"]
    assert unit.station.status() == "Unavailable"
    assert statuses.index("StatusNotification") < len(statuses) - 1, "Unavailable is told before Installing"
    unit.done(Install)
    unit.station.wait(60)
    assert unit.gone and unit.told() == GOOD[:-1] and unit.events() == []
    unit.reborn()
    ask = unit.done(Trial, verdict="runs")
    assert (ask.what, ask.digest) == ("ask", DIGEST)
    assert unit.done(Trial).what == "keep"
    assert unit.told() == GOOD and unit.events() == ["FirmwareUpdated"] and unit.row.state == "installed"
    assert unit.station.status() == "Available"


# --- download -------------------------------------------------------------------------------------------------------


def test_download_scheduled_by_its_date() -> None:
    unit = SignedUnit()
    unit.update(retrieve=clock_text(unit.station.mono + 3600))
    unit.station.wait(1800)
    unit.reborn(dark=False)
    unit.station.wait(1790)
    assert not unit.jobs and unit.told() == ["DownloadScheduled"]
    unit.station.wait(20)
    assert unit.job(Download) and unit.told() == ["DownloadScheduled", "Downloading"]


@pytest.mark.parametrize("allowed", [True, False])
def test_download_beside_a_transaction(allowed: bool) -> None:
    """AQ-4 no: DownloadScheduled until the transaction has ended."""
    unit = SignedUnit(Product(download_while_charging=allowed))
    unit.station.charging()
    unit.update()
    unit.station.wait(600)
    assert unit.told() == (["Downloading"] if allowed else ["DownloadScheduled"])
    if not allowed:
        assert not unit.jobs
        ended(unit)
        assert unit.job(Download) and unit.told() == ["DownloadScheduled", "Downloading"]


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_download_fails(retries: int) -> None:
    """DownloadPaused between two tries, DownloadFailed after the last one; nothing else happens."""
    unit = SignedUnit()
    unit.update(retries=retries, retryInterval=30)
    for _ in range(retries):
        unit.done(Download, False, "TCP: no route to host")
        unit.station.wait(29)
        assert not unit.jobs and unit.told()[-1] == "DownloadPaused"
        unit.station.wait(1)
    unit.done(Download, False, "TCP: no route to host")
    assert unit.told() == ["Downloading", "DownloadPaused"] * retries + ["Downloading", "DownloadFailed"]
    unit.station.wait(100)
    assert not unit.jobs and unit.station.status() == "Available" and unit.events() == []


@pytest.mark.parametrize("allowed", [True, False])
def test_5_a_try_that_falls_into_a_transaction_is_scheduled(allowed: bool) -> None:
    """AQ-4 no: DownloadPaused until its time has come, then DownloadScheduled until the transaction has ended."""
    unit = SignedUnit(Product(download_while_charging=allowed))
    unit.update(retries=1, retryInterval=60)
    unit.done(Download, False, "TCP: no route to host")
    unit.station.charging()
    unit.station.wait(50)
    assert unit.told() == ["Downloading", "DownloadPaused"]
    unit.station.wait(20)
    assert unit.told()[2:] == (["Downloading"] if allowed else ["DownloadScheduled"])
    if not allowed:
        unit.station.wait(600)
        ended(unit)
        assert unit.job(Download) and unit.told()[2:] == ["DownloadScheduled", "Downloading"]


# --- verification ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdict", "status", "events"),
    [
        ("signature", "InvalidSignature", ["InvalidFirmwareSignature"]),
        ("certificate", "InvalidSignature", ["InvalidFirmwareSigningCertificate"]),
        ("revoked", "InvalidSignature", ["InvalidFirmwareSigningCertificate"]),
        ("version", "InstallVerificationFailed", []),
    ],
)
@pytest.mark.parametrize("at", ["verification", "installation"])
def test_an_image_that_is_refused(at: str, verdict: str, status: str, events: list[str]) -> None:
    """Before the installation, or at it: what was swapped after the check is found there."""
    unit = SignedUnit()
    unit.update()
    unit.downloaded()
    before = DOWNLOADED
    if at == "installation":
        unit.done(VerifyImage, detail=DIGEST)
        before = [*VERIFIED, "Installing"]
    unit.done(Install if at == "installation" else VerifyImage, False, "why", verdict)
    unit.station.wait(600)
    assert unit.told() == [*before, status] and unit.events() == events
    assert not unit.jobs and not unit.gone and unit.station.status() == "Available"


def test_verification_that_cannot_be_carried_out() -> None:
    """It is tried again, and an image that nobody has verified is never installed."""
    unit = SignedUnit()
    unit.update()
    unit.downloaded()
    for _ in range(4):
        unit.done(VerifyImage, False, "evsed-job does not answer")
        unit.station.wait(59)
        assert not unit.jobs
        unit.station.wait(2)
    assert not unit.jobs and unit.told() == [*DOWNLOADED, "InstallVerificationFailed"] and unit.events() == []


# --- installation ---------------------------------------------------------------------------------------------------


def test_install_date() -> None:
    """InstallScheduled until its date, across a power cut; charging goes on meanwhile."""
    unit = SignedUnit()
    unit.update(install=clock_text(unit.station.mono + 3600))
    unit.verified()
    unit.station.wait(1)
    assert unit.told() == [*VERIFIED, "InstallScheduled"] and unit.station.status() == "Available"
    unit.reborn(dark=False)
    unit.station.wait(3580)
    assert not unit.jobs
    unit.station.wait(30)
    assert unit.job(Install) and unit.told() == [*VERIFIED, "InstallScheduled", "Installing"]


@pytest.mark.parametrize("date", [False, True])
def test_installation_waits_for_the_car(date: bool) -> None:
    """Nothing is installed beside a transaction, and no other one begins."""
    unit = SignedUnit(Product(connectors=2, download_while_charging=True))
    unit.station.charging()
    unit.update(install=clock_text(unit.station.mono + 60) if date else "")
    unit.verified()
    unit.station.wait(600)
    assert not unit.jobs and unit.told()[-1] == ("InstallScheduled" if date else "SignatureVerified")
    assert unit.station.status(2) == "Unavailable" and unit.station.status(1) == "Charging"
    ended(unit)
    assert unit.job(Install) and unit.station.status(1) != "Available"


def test_installation_fails() -> None:
    unit = SignedUnit()
    unit.update()
    unit.verified()
    unit.done(Install, False, "exit 1")
    unit.station.wait(60)
    assert unit.told() == [*VERIFIED, "Installing", "InstallationFailed"]
    assert not unit.gone and unit.station.status() == "Available" and unit.events() == []


def test_a_shutdown_begins_no_installation() -> None:
    unit = SignedUnit()
    unit.update()
    unit.downloaded()
    unit.station.happens(ev.ShutdownAsked(ends_charge=True))
    assert not any(isinstance(job, Install) for job in unit.jobs)


# --- power cuts -----------------------------------------------------------------------------------------------------


def test_power_cut_while_downloading() -> None:
    unit = SignedUnit()
    unit.update()
    unit.job(Download)
    unit.reborn(dark=False)
    assert unit.job(Download) and unit.told() == ["Downloading"]


def test_power_cut_before_the_verification() -> None:
    unit = SignedUnit()
    unit.update()
    unit.downloaded()
    unit.job(VerifyImage)
    unit.reborn()
    assert unit.job(VerifyImage).file == IMAGE and unit.told() == DOWNLOADED


def test_power_cut_while_installing() -> None:
    """Which version runs is asked first; the installation is begun again, a few times."""
    unit = SignedUnit()
    unit.update()
    unit.verified()
    unit.job(Install)
    for _ in range(3):
        unit.reborn()
        assert unit.done(Trial, verdict="earlier").what == "ask"
        unit.job(Install)
    unit.reborn()
    unit.done(Trial, verdict="earlier")
    unit.station.wait(1)
    assert not unit.jobs and unit.told() == [*VERIFIED, "Installing", "InstallationFailed"]


def test_power_cut_after_the_switch() -> None:
    """The new version runs before anybody has recorded that it was installed: it is not installed over itself."""
    unit = SignedUnit()
    unit.update()
    unit.verified()
    unit.job(Install)
    unit.reborn()
    unit.done(Trial, verdict="runs")
    assert unit.done(Trial).what == "keep"
    assert unit.told() == [*VERIFIED, "Installing", "Installed"]


def test_nobody_says_which_version_runs() -> None:
    """It is asked again; then the new one is believed in, as where the unit has no trial."""
    unit = SignedUnit()
    unit.update()
    unit.installed()
    unit.reborn()
    for _ in range(4):
        assert unit.done(Trial, False, "evsed-job does not answer").what == "ask"
        unit.station.wait(60)
    assert unit.done(Trial).what == "keep"
    assert unit.told() == GOOD


# --- restart and trial ----------------------------------------------------------------------------------------------


def test_the_reboot_fails() -> None:
    """The earlier version is made the next one again, then the failure is told."""
    unit = SignedUnit()
    unit.update()
    unit.installed()
    unit.reborn(dark=False, reset_failed=True)
    assert unit.done(Trial).what == "go-back"
    assert unit.told()[-1] == "InstallationFailed" and unit.station.status() == "Available"


def test_the_boot_loader_starts_the_earlier_version() -> None:
    unit = SignedUnit()
    unit.update()
    unit.installed()
    unit.reborn()
    unit.done(Trial, verdict="earlier")
    unit.station.wait(1)
    assert not unit.jobs and unit.told()[-1] == "InstallationFailed" and unit.events() == []


def test_only_the_process_restarts_instead_of_the_unit() -> None:
    """The unit is rebooted again, a few times; it never says Installed."""
    unit = SignedUnit()
    unit.update()
    unit.installed()
    for _ in range(3):
        unit.reborn(dark=False)
        unit.done(Trial, verdict="earlier")
        unit.station.wait(60)
        assert unit.gone
    unit.reborn(dark=False)
    unit.done(Trial, verdict="earlier")
    assert not unit.gone and unit.told()[-1] == "InstallationFailed"


@pytest.mark.parametrize("missing", ["link", "acceptance", "board"])
def test_not_healthy(missing: str) -> None:
    """Without board or Central System the earlier version comes back, within bounds, and that is told."""
    unit = SignedUnit()
    unit.update()
    unit.installed()
    station = unit.station
    station.jobs, station.gone = [], False
    station.restart(dark=True)
    station.happens(ev.Started())
    if missing != "board":
        station.attach()
    if missing == "acceptance":
        station.boot_answer = {"status": "Pending", "interval": 3600}
    if missing != "link":
        station.connect()
    unit.done(Trial, verdict="runs")
    station.wait(HEALTHY_WITHIN_S - 5)
    assert not unit.jobs and unit.row.state == "trial"
    station.wait(10)
    assert unit.done(Trial).what == "go-back"
    station.wait(60)
    assert unit.gone and unit.row.state == "going-back"
    station.boot_answer = {"status": "Accepted", "interval": 300}
    unit.reborn()
    unit.done(Trial, verdict="earlier")
    assert unit.told() == [*GOOD[:-1], "InstallVerificationFailed"] and station.status() == "Available"


def test_health_comes_late() -> None:
    """Within its time the new version is kept as soon as it is healthy."""
    unit = on_trial(online=False)
    unit.station.wait(HEALTHY_WITHIN_S - 60)
    assert not unit.jobs
    unit.station.connect()
    assert unit.done(Trial).what == "keep" and unit.told()[-1] == "Installed"


def test_it_cannot_be_kept() -> None:
    """Keeping is tried again; then the earlier version comes back."""
    unit = on_trial()
    for _ in range(4):
        assert unit.done(Trial, False, "exit 1").what == "keep"
        unit.station.wait(60)
    assert unit.done(Trial).what == "go-back"


def test_a_trial_that_is_cut() -> None:
    """What was on trial stays on trial, but not for ever; where the boot loader went back that is told."""
    unit = on_trial(online=False)
    for _ in range(3):
        unit.reborn(online=False)
        unit.done(Trial, verdict="runs")
        assert unit.row.state == "trial"
    unit.reborn(online=False)
    unit.done(Trial, verdict="runs")
    assert unit.job(Trial).what == "go-back"
    other = on_trial(online=False)
    other.reborn()
    other.done(Trial, verdict="earlier")
    assert other.told()[-1] == "InstallVerificationFailed"


def test_going_back_that_does_not_work() -> None:
    """It is tried again with a reboot, and ends."""
    unit = on_trial(online=False)
    unit.station.wait(HEALTHY_WITHIN_S + 1)
    unit.done(Trial, False, "exit 1")
    for _ in range(3):
        unit.station.wait(60)
        assert unit.gone
        unit.reborn(online=False)
        unit.done(Trial, verdict="runs")
        assert unit.done(Trial, False, "exit 1").what == "go-back"
    unit.station.wait(60)
    unit.reborn()
    unit.done(Trial, verdict="runs")
    assert unit.told()[-1] == "InstallVerificationFailed"


def test_a_unit_without_a_trial() -> None:
    """Nobody can go back: the new version counts at once, online or not."""
    unit = SignedUnit()
    unit.update()
    unit.installed()
    unit.reborn(online=False)
    unit.done(Trial)
    assert unit.done(Trial, False).what == "keep"
    unit.station.connect()
    assert unit.told() == GOOD and unit.row.state == "installed"


def test_foreign_jobs_change_nothing() -> None:
    unit = SignedUnit()
    unit.update()
    unit.job(Download)
    row: Any = unit.row
    unit.station.happens(ev.JobDone(99, False, "x", verdict="signature"))
    assert unit.row == row


def test_a_charge_cannot_begin_on_trial() -> None:
    """It would end with the return to the earlier version."""
    unit = on_trial(online=False)
    unit.station.plug()
    unit.station.tap("CARD")
    unit.station.wait(5)
    assert unit.station.transaction() is None
