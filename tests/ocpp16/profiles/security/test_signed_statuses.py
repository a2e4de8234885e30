"""SignedFirmwareStatusNotification: told once, ends until they are confirmed, and what a trigger is answered."""

from __future__ import annotations

import pytest

from ocpp16.step import Download, Install, Trial, VerifyImage
from tests.ocpp16.profiles.firmware_management.works import IMAGE
from tests.ocpp16.profiles.security.signed_unit import DIGEST, GOOD, SignedUnit
from tests.ocpp16.rig import SILENCE, CallError, clock_text


def triggered(unit: SignedUnit) -> dict[str, object]:
    """What ExtendedTriggerMessage FirmwareStatusNotification sends."""
    unit.station.forget()
    assert unit.station.cp.parts.security.signed_statuses.triggered(None)
    unit.station.wait(0.1)
    said: dict[str, object] = unit.station.heard("SignedFirmwareStatusNotification")[-1]
    return said


def plain(unit: SignedUnit) -> str:
    """What TriggerMessage FirmwareStatusNotification sends."""
    unit.station.forget()
    assert unit.station.request("TriggerMessage", requestedMessage="FirmwareStatusNotification") == {
        "status": "Accepted"
    }
    return str(unit.station.heard("FirmwareStatusNotification")[-1]["status"])


def test_triggered_before_anything_ran() -> None:
    """Idle, without a requestId."""
    unit = SignedUnit()
    assert triggered(unit) == {"status": "Idle"} and plain(unit) == "Idle"


def test_triggered_at_each_stage() -> None:
    """The last status with its requestId; the plain trigger in its own words; Idle after Installed."""
    unit = SignedUnit()
    seen = []

    def look() -> None:
        said = triggered(unit)
        seen.append((said["status"], said.get("requestId"), plain(unit)))

    unit.update(retrieve=clock_text(unit.station.mono + 60))
    look()
    unit.station.wait(60)
    look()
    unit.done(Download, detail=IMAGE)
    look()
    unit.done(VerifyImage, detail=DIGEST)
    unit.job(Install)
    look()
    unit.done(Install)
    unit.station.wait(60)
    unit.reborn()
    look()
    unit.done(Trial, verdict="runs")
    unit.done(Trial)
    look()
    assert seen == [
        ("DownloadScheduled", 7, "Idle"),
        ("Downloading", 7, "Downloading"),
        ("Downloaded", 7, "Downloaded"),
        ("Installing", 7, "Installing"),
        ("InstallRebooting", 7, "Installing"),
        ("Idle", None, "Idle"),
    ]


def test_the_last_failure_is_repeated() -> None:
    """Also after its confirmation and a power cut."""
    unit = SignedUnit()
    unit.update(retries=0)
    unit.done(Download, False)
    unit.reborn()
    unit.station.wait(5)
    assert triggered(unit) == {"status": "DownloadFailed", "requestId": 7} and plain(unit) == "DownloadFailed"


@pytest.mark.parametrize("how", ["silent", "cut", "refused"])
def test_an_end_is_told_until_it_is_confirmed(how: str) -> None:
    """A minute later, or in the next life; a refusal is an answer."""
    unit = SignedUnit()
    unit.update(retries=0)
    answer = CallError("InternalError") if how == "refused" else SILENCE
    unit.station.script["SignedFirmwareStatusNotification"] = answer
    unit.done(Download, False)
    unit.station.wait(40)
    assert unit.row.confirmed is (how == "refused")
    del unit.station.script["SignedFirmwareStatusNotification"]
    unit.station.forget()
    if how == "cut":
        unit.reborn()
    unit.station.wait(120)
    assert unit.told() == ([] if how == "refused" else ["DownloadFailed"]) and unit.row.confirmed
    unit.reborn()
    unit.station.wait(120)
    assert unit.told() == ([] if how == "refused" else ["DownloadFailed"]), "confirmed, and told again"


def test_what_happened_offline_is_told_by_its_last_status() -> None:
    unit = SignedUnit()
    unit.update()
    unit.station.disconnect()
    unit.downloaded()
    unit.done(VerifyImage, detail=DIGEST)
    unit.job(Install)
    unit.station.connect()
    assert unit.told() == ["Downloading", "Installing"]


def test_request_id_in_every_status() -> None:
    """The same one, also after the reboot."""
    unit = SignedUnit()
    unit.update(-5)
    unit.installed()
    unit.reborn()
    unit.done(Trial, verdict="runs")
    unit.done(Trial)
    assert unit.told(-5) == GOOD and unit.told() == []
