"""From the jobs of a step to those who do them: each becomes a task, its end a `JobDone`.  Never raises."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Protocol

from daemon.jobs.protocol import JobAnswer, JobRequest
from daemon.jobs.workers import NO_JOBS, Jobs, JobSocket, JobThread
from daemon.recorder.support_bundle import BundleSources, write_diagnostics
from daemon.transfers.files import FOLDER
from daemon.transfers.transfer import Terms, narrowed
from daemon.transfers.urls import Rules
from ocpp16.events import JobDone
from ocpp16.step import CancelJob, Download, Install, Job, Upload


class SimulatedHooks(Protocol):
    """The part of the simulation that stands for the integrator's hooks; success and detail."""

    async def play(self, hook: str) -> tuple[bool, str]: ...
    async def install(self, file: Path) -> tuple[bool, str]: ...


class JobDispatcher:
    """`take` a job; `deliver` is called with how it ended, in the loop's thread."""

    def __init__(self, jobs: Callable[[], Jobs], sources: BundleSources, deliver: Callable[[JobDone], None]) -> None:
        self._make_jobs = jobs
        self._sources = sources
        self._deliver = deliver
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._cancelled: set[int] = set()
        self._collecting = asyncio.Lock()

    @cached_property
    def jobs(self) -> Jobs:
        return self._make_jobs()

    def take(self, job: Job) -> None:
        """Start it, or cancel the one that a CancelJob names."""
        if isinstance(job, CancelJob):
            if job.ref in self._tasks:
                self._cancelled.add(job.ref)
                self.jobs.cancel(job.ref)
            return
        assert isinstance(job, Download | Upload | Install), f"unknown job {type(job).__name__}"
        self._tasks[job.ref] = asyncio.get_running_loop().create_task(self._do(job))

    async def reboot(self, retries: int) -> JobAnswer:
        """Run the reboot hook, again up to `retries` times (§9.1 ResetRetries) until it succeeds; the last answer."""
        answer = await self.jobs.do(JobRequest("reboot"))
        for _ in range(retries):
            if answer.ok:
                break
            answer = await self.jobs.do(JobRequest("reboot"))
        return answer

    async def _do(self, job: Download | Upload | Install) -> None:
        try:
            answer = await self._answer(job)
        except Exception as error:  # whatever it is: the core gets an answer, and the station continues
            answer = JobAnswer(False, f"{type(error).__name__}: {error}"[:200], job.ref)
        del self._tasks[job.ref]
        if isinstance(job, Install) and not answer.ok:
            with suppress(OSError):  # an installed one stays until the next start: a power cut may require it again
                Path(job.file).unlink()
        if job.ref in self._cancelled:
            self._cancelled.discard(job.ref)
        else:
            self._deliver(JobDone(job.ref, answer.ok, answer.detail))

    async def _answer(self, job: Download | Upload | Install) -> JobAnswer:
        if isinstance(job, Download):
            return await self.jobs.do(JobRequest("download", job.ref, location=job.location))
        if isinstance(job, Install):
            return await self.jobs.do(JobRequest("install", job.ref, file=Path(job.file).name))
        async with self._collecting:  # one bundle at a time, however many are requested
            if job.ref in self._cancelled:
                return JobAnswer(False, "cancelled", job.ref)
            file = await write_diagnostics(job, self._sources)
        if job.ref in self._cancelled:
            (self._sources.config.store_dir / FOLDER / file).unlink(missing_ok=True)
            return JobAnswer(False, "cancelled", job.ref)
        return await self.jobs.do(JobRequest("upload", job.ref, location=job.location, file=file))


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

    return JobThread(play, Terms(config.store_dir, rules, config.csms.ca_file), install)
