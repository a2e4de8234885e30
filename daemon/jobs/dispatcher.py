"""From the jobs of a step to those who do them: each becomes a task, its end a `JobDone`.  Never raises."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from daemon.jobs.firmware_jobs import FirmwareTerms, simulated_firmware
from daemon.jobs.protocol import JobAnswer, JobRequest, KeyRequest
from daemon.jobs.workers import NO_JOBS, Jobs, JobSocket, JobThread
from daemon.journal.redaction import joined_line
from daemon.recorder.support_bundle import BundleSources, write_diagnostics
from daemon.security.shown_log import write_upload
from daemon.threads import in_thread
from daemon.transfers.causes import failure_kind, of_surprise, of_system
from daemon.transfers.files import FOLDER, made_folder
from daemon.transfers.transfer import Terms, narrowed
from daemon.transfers.urls import Rules
from ocpp16.events import JobDone
from ocpp16.step import CancelJob, CheckSigner, Download, Install, Job, Seal, Trial, Upload, VerifyImage

Work = Download | Upload | Install | CheckSigner | VerifyImage | Trial


class SimulatedHooks(Protocol):
    """The part of the simulation that stands for the integrator's hooks; success and detail."""

    async def play(self, hook: str) -> tuple[bool, str]: ...
    async def install(self, file: Path) -> tuple[bool, str]: ...


class JobDispatcher:
    """`take` a job; `deliver` is called with how it ended, in the loop's thread.

    Of each kind one runs and one waits: a Central System may ask as fast as it likes.
    """

    def __init__(self, jobs: Callable[[], Jobs], sources: BundleSources, deliver: Callable[[JobDone], None]) -> None:
        self._make_jobs = jobs
        self._sources = sources
        self._deliver = deliver
        self._folder = sources.config.store_dir / FOLDER
        self._running: dict[str, tuple[Work, asyncio.Task[None]]] = {}
        self._waiting: dict[str, Work] = {}
        self._cancelled: set[int] = set()

    @cached_property
    def jobs(self) -> Jobs:
        return self._make_jobs()

    def take(self, job: Job) -> None:
        """Start it or let it wait, or cancel the one that a CancelJob names."""
        if isinstance(job, CancelJob):
            self._cancel(job.ref)
            return
        assert isinstance(job, Work), f"unknown job {type(job).__name__}"
        kind = kind_of(job)
        if kind not in self._running:
            self._start(job)
            return
        replaced = self._waiting.get(kind)
        self._waiting[kind] = job
        if replaced is not None:
            self._deliver(JobDone(replaced.ref, False, "replaced by a later one before it began"))

    def _start(self, job: Work) -> None:
        self._running[kind_of(job)] = job, asyncio.get_running_loop().create_task(self._do(job))

    def _cancel(self, ref: int) -> None:
        for kind, job in self._waiting.items():
            if job.ref == ref:
                del self._waiting[kind]
                return
        if any(job.ref == ref for job, _ in self._running.values()):
            self._cancelled.add(ref)
            self.jobs.cancel(ref)

    async def reboot(self, retries: int) -> JobAnswer:
        """Run the reboot hook, again up to `retries` times (§9.1 ResetRetries) until it succeeds; the last answer."""
        answer = await self.jobs.do(JobRequest("reboot"))
        for _ in range(retries):
            if answer.ok:
                break
            answer = await self.jobs.do(JobRequest("reboot"))
        return JobAnswer(answer.ok, joined_line(answer.detail))

    async def make_key(self, kind: str, name: str, common_name: str, organization: str) -> tuple[bool, str]:
        """Make a slow key where it does not cost the loop: its CSR in PEM, or why there is none."""
        answer = await self.jobs.do(JobRequest("make-key", key=KeyRequest(kind, name, common_name, organization)))
        return answer.ok, answer.detail if answer.ok else joined_line(answer.detail)

    async def _do(self, job: Work) -> None:
        try:
            answer = await self._answer(job)
        except OSError as error:
            answer = JobAnswer(False, f"disk: {of_system(error)}", job.ref)
        except Exception as error:  # whatever it is: the core gets an answer, and the station continues
            answer = JobAnswer(False, f"internal error, {of_surprise(error)}; please report this", job.ref)
        cancelled = job.ref in self._cancelled
        self._cancelled.discard(job.ref)
        self._tidy(job, answer, cancelled)
        del self._running[kind_of(job)]
        if not cancelled:
            failure = "" if answer.ok else failure_kind(answer.detail)
            self._deliver(JobDone(job.ref, answer.ok, self._detail(job, answer), failure, answer.verdict))
        waiting = self._waiting.pop(kind_of(job), None)
        if waiting is not None:
            self._start(waiting)

    def _detail(self, job: Work, answer: JobAnswer) -> str:
        """One line; of a download the path of its file, which lies in our folder whatever evsed-job says."""
        if isinstance(job, Download) and answer.ok:
            return str(self._folder / Path(answer.detail).name)
        return joined_line(answer.detail)

    def _tidy(self, job: Work, answer: JobAnswer, cancelled: bool) -> None:
        """Remove the file that is of no more use: a bundle, an installer's after a failure, a download nobody wants."""
        file = ""
        if isinstance(job, Upload):
            file = job.file_name  # made anew for each attempt; where nobody took it, it is there still
        elif isinstance(job, Install) and not answer.ok:
            file = job.file  # an installed one stays until the next start: a power cut may require it again
        elif isinstance(job, VerifyImage) and answer.verdict:
            file = job.file  # nobody will install it
        elif isinstance(job, Download) and answer.ok and cancelled:
            file = answer.detail  # it was complete before the cancellation arrived
        if file:
            with suppress(OSError):
                (self._folder / Path(file).name).unlink()

    async def _answer(self, job: Work) -> JobAnswer:
        if job.ref in self._cancelled:  # before it began
            return JobAnswer(False, "cancelled", job.ref)
        if isinstance(job, Download):
            return await self.jobs.do(JobRequest("download", job.ref, location=job.location))
        if isinstance(job, Install):
            return await self.jobs.do(_sealed("install", job.ref, job.file, job.seal))
        if isinstance(job, CheckSigner):
            return await self.jobs.do(_sealed("check-signer", job.ref, "", job.seal))
        if isinstance(job, VerifyImage):
            return await self.jobs.do(_sealed("verify", job.ref, job.file, job.seal))
        if isinstance(job, Trial):
            return await self.jobs.do(JobRequest("trial", job.ref, step=job.what, digest=job.digest))
        file = await self._written(job)
        if job.ref in self._cancelled:
            (self._folder / file).unlink(missing_ok=True)
            return JobAnswer(False, "cancelled", job.ref)
        return await self.jobs.do(JobRequest("upload", job.ref, location=job.location, file=file))

    async def _written(self, job: Upload) -> str:
        """The name of the file to send.  Raises OSError."""
        if job.what != "security-log":
            return await write_diagnostics(job, self._sources)
        store = self._sources.config.store_dir
        file = made_folder(store) / job.file_name
        await in_thread(partial(write_upload, store, file, job.oldest_utc, job.latest_utc))
        return job.file_name


def kind_of(job: Work) -> str:
    """What runs one at a time: downloads, installations, the uploads of GetDiagnostics, those of GetLog."""
    if isinstance(job, Upload):
        return "GetDiagnostics" if job.what == "diagnostics" else "GetLog"
    return type(job).__name__


def _sealed(what: Literal["install", "check-signer", "verify"], ref: int, file: str, seal: Seal | None) -> JobRequest:
    name = Path(file).name
    if seal is None:
        return JobRequest(what, ref, file=name)
    return JobRequest(
        what,
        ref,
        file=name,
        certificate=seal.certificate,
        signature=seal.signature,
        utc=seal.utc,
        exact=seal.exact,
    )


def jobs_of(sources: BundleSources, simulation: Callable[[], SimulatedHooks | None]) -> Jobs:
    """Who does the jobs: evsed-job where `[jobs] socket` is set, else threads, and simulated hooks."""
    config = sources.config
    if config.jobs_socket:
        return JobSocket(config.jobs_socket)
    transfers = config.transfers
    schemes = narrowed(config.product.transfer_protocols, transfers.schemes)
    rules = Rules(schemes, transfers.allow_hosts, transfers.allow_loopback)

    async def play(hook: str) -> tuple[bool, str]:
        simulated = simulation()  # made after the first frame, perhaps after the first job
        return await simulated.play(hook) if simulated else (False, NO_JOBS)

    async def install(name: str) -> tuple[bool, str]:
        simulated = simulation()
        if simulated is None or sources.views.status(sources.clock())["board"] != "simulated":
            return False, NO_JOBS
        return await simulated.install(config.store_dir / FOLDER / name)

    terms = Terms(config.store_dir, rules, config.csms.ca_file)
    firmware = FirmwareTerms(config.product.secure_firmware, **msgspec.structs.asdict(config.firmware))
    return JobThread(play, terms, install, simulated_firmware(terms, firmware))
