"""Who does the long and risky work: `evsed-job` at its socket, or a thread of evsed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import msgspec

from daemon.jobs.firmware_jobs import FirmwareJobs
from daemon.jobs.key_jobs import make_key
from daemon.jobs.protocol import CANCEL, LINE_BYTES, JobAnswer, JobRequest
from daemon.jobs.transfer_jobs import carry_out, watch_of
from daemon.threads import in_thread
from daemon.transfers.limits import Watch
from daemon.transfers.transfer import Terms

NO_JOBS = "no evsed-job: [jobs] socket is empty"
CANCELLED_WAIT_S = 5.0
"""So long evsed waits for the end of a job that it has cancelled."""


class _Begun:
    """A job that `evsed-job` has, or will have when it is connected to."""

    def __init__(self, limit: asyncio.Timeout) -> None:
        self.limit = limit
        self.writer: asyncio.StreamWriter | None = None
        self.cancelled = False

    def cancel(self, until_s: float) -> None:
        if not self.cancelled:
            self.cancelled = True
            self.limit.reschedule(until_s)
            if self.writer is not None:
                self.writer.write(CANCEL)


class JobSocket:
    """Jobs done by `evsed-job`: one connection a job."""

    def __init__(self, path: str, cancelled_wait_s: float = CANCELLED_WAIT_S) -> None:
        self._path = path
        self._cancelled_wait_s = cancelled_wait_s
        self._begun: dict[int, _Begun] = {}

    async def do(self, request: JobRequest) -> JobAnswer:
        """Never raises: a missing worker is an answer, too."""
        try:
            async with asyncio.timeout(request.answered_within_s) as limit:
                begun = self._begun[request.ref] = _Begun(limit)
                line = await self._asked(request, begun)
            return msgspec.json.decode(line, type=JobAnswer)
        except TimeoutError:
            return JobAnswer(False, "evsed-job does not answer", request.ref)
        except (OSError, msgspec.MsgspecError, ValueError, RecursionError) as error:  # two kinds before msgspec 0.20
            return JobAnswer(False, f"evsed-job at {self._path}: {str(error) or 'no answer'}", request.ref)
        finally:
            self._begun.pop(request.ref, None)

    async def _asked(self, request: JobRequest, begun: _Begun) -> bytes:
        reader, writer = await asyncio.open_unix_connection(self._path, limit=LINE_BYTES)
        try:
            if begun.cancelled:  # before it began
                return msgspec.json.encode(JobAnswer(False, "cancelled", request.ref))
            begun.writer = writer
            writer.write(msgspec.json.encode(request) + b"\n")
            await writer.drain()
            return await reader.readline()
        finally:
            writer.close()

    def cancel(self, ref: int) -> None:
        """End that job and remove its files; its answer still comes, within CANCELLED_WAIT_S."""
        if begun := self._begun.get(ref):
            begun.cancel(asyncio.get_running_loop().time() + self._cancelled_wait_s)


Hook = Callable[[str], Awaitable[tuple[bool, str]]]


class JobThread:
    """Jobs in a thread of evsed, which may start no program: hooks are simulated.

    `play` simulates a hook (its name to success and detail), `install` the installer (a file's name to the same); None:
    there is none.  `terms` None: no transfers.
    """

    def __init__(
        self,
        play: Hook | None,
        terms: Terms | None = None,
        install: Hook | None = None,
        firmware: FirmwareJobs | None = None,
    ) -> None:
        self._firmware = firmware
        self._play = play
        self._install = install
        self._terms = terms
        self._watches: dict[int, Watch] = {}

    async def do(self, request: JobRequest) -> JobAnswer:
        """Never raises."""
        if request.job in ("download", "upload") and self._terms is not None:
            return JobAnswer(*await self._transfer(request, self._terms), request.ref)
        if self._firmware is not None and request.job in ("check-signer", "verify", "trial"):
            return await in_thread(partial(self._firmware.answer, request))
        if self._firmware is not None and request.job == "install" and self._install is not None:
            refused = await in_thread(partial(self._firmware.refusal, request))
            if refused is not None:
                return refused
        if request.job == "make-key" and self._terms is not None:
            return JobAnswer(*await in_thread(partial(make_key, request.key, self._terms.store)), request.ref)
        hook, argument = (self._install, request.file) if request.job == "install" else (self._play, request.job)
        if hook is None:
            return JobAnswer(False, NO_JOBS, request.ref)
        ok, detail = await hook(argument)
        return JobAnswer(ok, detail, request.ref)

    async def _transfer(self, request: JobRequest, terms: Terms) -> tuple[bool, str]:
        watch = self._watches[request.ref] = watch_of(request.job, terms)
        try:
            return await in_thread(partial(carry_out, request, terms, watch))
        finally:
            del self._watches[request.ref]

    def cancel(self, ref: int) -> None:
        """End that job and remove its files; its answer still comes."""
        if watch := self._watches.get(ref):
            watch.cancel()


Jobs = JobSocket | JobThread
