"""A station with signed updates whose jobs are done by hand: for the tests of the contract machine."""

from __future__ import annotations

from typing import Any

from ocpp16 import events as ev
from ocpp16.product import Product
from ocpp16.records import SignedFirmwareUpdate
from ocpp16.step import CheckSigner, Download, Install, Trial, VerifyImage
from tests.ocpp16.profiles.firmware_management.works import IMAGE, URL, Working
from tests.ocpp16.rig import NOON, START, clock_text

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
DIGEST = "ab" * 32
DOWNLOADED = ["Downloading", "Downloaded"]
VERIFIED = [*DOWNLOADED, "SignatureVerified"]
GOOD = [*VERIFIED, "Installing", "InstallRebooting", "Installed"]


class SignedUnit:
    """`jobs` are those that nobody has done yet."""

    def __init__(self, product: Product | None = None) -> None:
        self.station = Working(product or Product(), host_utc=True)
        self.station.jobs = []
        self.station.online()

    @property
    def jobs(self) -> list[Any]:
        return self.station.jobs

    @property
    def gone(self) -> bool:
        return self.station.gone

    @property
    def row(self) -> SignedFirmwareUpdate:
        (row,) = self.station.rows(SignedFirmwareUpdate)
        return row

    def ask(self, request_id: int = 7, install: str = "", **more: Any) -> Any:
        """The request; None: the answer waits for the check of the certificate."""
        firmware = {
            "location": URL,
            "retrieveDateTime": more.pop("retrieve", clock_text(self.station.mono)),
            "signingCertificate": CERTIFICATE,
            "signature": "c2ln",
            **({"installDateTime": install} if install else {}),
        }
        return self.station.request("SignedUpdateFirmware", requestId=request_id, firmware=firmware, **more)

    def update(self, request_id: int = 7, **more: Any) -> str:
        """The request and the check of its certificate: the status of the answer."""
        assert self.ask(request_id, **more) is None
        return self.checked()

    def checked(self, ok: bool = True, verdict: str = "", detail: str = "") -> str:
        """The certificate has been checked: the status that was answered."""
        (job,) = [job for job in self.jobs if isinstance(job, CheckSigner)]
        self.jobs.remove(job)
        step = self.station.step(ev.JobDone(job.ref, ok, detail, verdict=verdict))
        answers = [frame for frame in step.frames if frame.startswith("[3")]
        self.station.settle()
        (answer,) = answers
        return answer.partition('"status":"')[2].partition('"')[0]

    def job(self, kind: type[Any]) -> Any:
        """The job that is to be done now: exactly one, of that kind."""
        self.station.wait(0.1)
        (job,) = self.jobs
        assert isinstance(job, kind), job
        return job

    def done(self, kind: type[Any], ok: bool = True, detail: str = "", verdict: str = "") -> Any:
        """Do that job."""
        job = self.job(kind)
        self.jobs.clear()
        self.station.happens(ev.JobDone(job.ref, ok, detail, verdict=verdict))
        return job

    def downloaded(self) -> None:
        self.done(Download, detail=IMAGE)

    def verified(self) -> None:
        self.downloaded()
        self.done(VerifyImage, detail=DIGEST)

    def installed(self) -> None:
        """As far as the restart."""
        self.verified()
        self.done(Install)
        self.station.wait(60)
        assert self.gone

    def reborn(self, dark: bool = True, reset_failed: bool = False, online: bool = True) -> None:
        """A new life; `dark`: of the whole unit."""
        station = self.station
        station.jobs, station.gone = [], False
        station.restart(dark=dark)
        station.happens(ev.Started(reset_failed=reset_failed))
        station.attach()
        if online:
            station.connect()

    def told(self, request_id: int | None = 7) -> list[str]:
        """The statuses of that request."""
        said = self.station.heard("SignedFirmwareStatusNotification")
        return [each["status"] for each in said if each.get("requestId") == request_id]

    def events(self) -> list[str]:
        """The security events about firmware that were recorded."""
        named = [fields["event"] for code, fields in self.station.notes if code == "security-event"]
        return [event for event in named if "Firmware" in event]

    def utc(self) -> float:
        return NOON + self.station.mono - START


def steps() -> tuple[type[Any], ...]:
    """The kinds of jobs of a good update, in their order."""
    return CheckSigner, Download, VerifyImage, Install, Trial, Trial
