"""The jobs of `Step.jobs` between the core and whoever does them: each becomes a task, its end a `JobDone`.

Nothing here waits in the loop's way, and nothing raises into it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.jobs.workers import NO_JOBS, JobAnswer, JobRequest, Jobs, JobSocket, JobThread
from daemon.recorder.support_bundle import BundleSources, write_diagnostics
from daemon.transfers.files import FOLDER
from ocpp16.events import JobDone
from ocpp16.step import CancelJob, Download, Install, Job, Upload

if TYPE_CHECKING:
    from daemon.board.simulation import Simulation


class JobDispatcher:
    """`take` a job; `deliver` is told how it ended, in the loop's thread."""

    def __init__(self, jobs: Callable[[], Jobs], shown: BundleSources, deliver: Callable[[JobDone], None]) -> None:
        self._make_jobs = jobs
        self._shown = shown
        self._deliver = deliver
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._unwanted: set[int] = set()
        self._gathering = asyncio.Lock()

    @cached_property
    def jobs(self) -> Jobs:
        return self._make_jobs()

    def take(self, job: Job) -> None:
        """Begins it, or gives one up."""
        if isinstance(job, CancelJob):
            if job.ref in self._tasks:
                self._unwanted.add(job.ref)
                self.jobs.cancel(job.ref)
            return
        assert isinstance(job, Download | Upload | Install), f"a job that nobody does: {type(job).__name__}"
        self._tasks[job.ref] = asyncio.get_running_loop().create_task(self._do(job))

    async def _do(self, job: Download | Upload | Install) -> None:
        try:
            answer = await self._answer(job)
        except Exception as error:  # whatever it is: the core is told, and the station goes on
            answer = JobAnswer(False, f"{type(error).__name__}: {error}"[:200], job.ref)
        del self._tasks[job.ref]
        if isinstance(job, Install) and not answer.ok:
            with suppress(OSError):  # one that went in stays until the next life: a power cut may ask for it again
                Path(job.file).unlink()
        if job.ref in self._unwanted:
            self._unwanted.discard(job.ref)
        else:
            self._deliver(JobDone(job.ref, answer.ok, answer.detail))

    async def _answer(self, job: Download | Upload | Install) -> JobAnswer:
        if isinstance(job, Download):
            return await self.jobs.do(JobRequest("download", job.ref, location=job.location))
        if isinstance(job, Install):
            return await self.jobs.do(JobRequest("install", job.ref, file=Path(job.file).name))
        async with self._gathering:  # one bundle at a time, however many are asked for
            if job.ref in self._unwanted:
                return JobAnswer(False, "cancelled", job.ref)
            file = await write_diagnostics(job, self._shown)
        if job.ref in self._unwanted:
            (self._shown.config.store_dir / FOLDER / file).unlink(missing_ok=True)
            return JobAnswer(False, "cancelled", job.ref)
        return await self.jobs.do(JobRequest("upload", job.ref, location=job.location, file=file))


def jobs_of(shown: BundleSources, simulation: Callable[[], Simulation | None]) -> Jobs:
    """Who does them: evsed-job, or threads of ours and, where the board is simulated, make-believe of the hooks."""
    config = shown.config
    if config.jobs_socket:
        return JobSocket(config.jobs_socket)
    from daemon.transfers.transfer import Terms, narrowed
    from daemon.transfers.urls import Rules

    transfers = config.transfers
    schemes = narrowed(config.product.transfer_protocols, transfers.schemes)
    rules = Rules(schemes, transfers.allow_hosts, transfers.allow_loopback)

    async def play(hook: str) -> tuple[bool, str]:
        played = simulation()  # made after the first word, perhaps after the first job
        return await played.play(hook) if played else (False, NO_JOBS)

    async def install(name: str) -> tuple[bool, str]:
        played = simulation()
        if played is None or shown.views.status(shown.clock())["board"] != "simulated":
            return False, NO_JOBS
        return await played.install(config.store_dir / FOLDER / name)

    return JobThread(play, Terms(config.store_dir, rules, config.csms.ca_file), install)
