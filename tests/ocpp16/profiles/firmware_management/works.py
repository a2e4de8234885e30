"""A station whose jobs are done by hand: for the tests of firmware and diagnostics."""

from __future__ import annotations

from typing import Any

from ocpp16 import events as ev
from ocpp16.product import Product
from ocpp16.step import CancelJob, Download, Job, Restart, Step
from tests.ocpp16.rig import Station, clock_text

PLAIN = Product(secure_firmware=False)
URL = "http://files.example/image.bin"
IMAGE = "/store/transfers/image.bin"
GOOD = ["Downloading", "Downloaded", "Installing", "Installed"]


class Working(Station):
    """Notes the jobs of every step."""

    jobs: list[Job]
    gone = False

    def step(self, event: ev.Event) -> Step:
        step = super().step(event)
        for job in step.jobs:
            if isinstance(job, CancelJob):
                self.jobs = [other for other in self.jobs if getattr(other, "ref", None) != job.ref]
            elif isinstance(job, Restart):
                self.gone = True
            else:
                self.jobs.append(job)
        return step


class Unit:
    """A station whose jobs are done by hand: `jobs` are those that nobody has done yet."""

    def __init__(self, product: Product = PLAIN) -> None:
        self.station = Working(product, host_utc=True)
        self.station.jobs = []
        self.station.online()

    @property
    def jobs(self) -> list[Job]:
        return self.station.jobs

    @property
    def gone(self) -> bool:
        return self.station.gone

    def update(self, **more: Any) -> Any:
        request = {"location": URL, "retrieveDate": clock_text(self.station.mono), **more}
        return self.station.request("UpdateFirmware", **request)

    def diagnostics(self, **more: Any) -> Any:
        return self.station.request("GetDiagnostics", location="ftp://files.example/logs/", **more)

    def wait(self, seconds: float) -> None:
        self.station.wait(seconds)

    def job(self, kind: type[Any]) -> Any:
        """The job that is to be done now: exactly one of that kind."""
        self.wait(0.1)
        (job,) = self.jobs
        assert isinstance(job, kind)
        return job

    def done(self, ok: bool = True, detail: str = "") -> None:
        (job,) = self.jobs
        self.jobs.clear()
        self.station.happens(ev.JobDone(job.ref, ok, detail))  # type: ignore[attr-defined]

    def downloaded(self) -> None:
        self.job(Download)
        self.done(True, IMAGE)

    def reborn(self, dark: bool = False, reset_failed: bool = False) -> None:
        """A new life, online again."""
        station = self.station
        station.jobs, station.gone = [], False
        station.restart(dark=dark)
        station.happens(ev.Started(reset_failed=reset_failed))
        station.attach()
        station.connect()

    def told(self) -> list[str]:
        return [said["status"] for said in self.station.heard("FirmwareStatusNotification")]

    def told_upload(self) -> list[str]:
        return [said["status"] for said in self.station.heard("DiagnosticsStatusNotification")]
