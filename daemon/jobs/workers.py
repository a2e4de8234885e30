"""Who does the long and risky work: `evsed-job` at its socket, or a thread of evsed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

import msgspec

from daemon.jobs.protocol import CANCEL, LINE_BYTES, JobAnswer, JobRequest
from daemon.jobs.transfer_jobs import carry_out, watch_of
from daemon.threads import in_thread
from daemon.transfers.limits import Watch
from daemon.transfers.transfer import Terms

NO_JOBS = "no evsed-job: [jobs] socket is empty"
CANCELLED_WAIT_S = 5.0
"""So long a new job waits for the end of those that were cancelled."""
SOCKET_EXTRA_S = 30.0
"""More than the job itself may take: then evsed-job has crashed or hangs."""


class JobSocket:
    """Jobs done by `evsed-job`: one connection a job."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._open: dict[int, asyncio.StreamWriter] = {}
        self._ended = asyncio.Condition()
        self._cancelled: set[int] = set()

    async def do(self, request: JobRequest) -> JobAnswer:
        """Never raises: a missing worker is an answer, too."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CANCELLED_WAIT_S), self._ended:
                await self._ended.wait_for(lambda: not self._cancelled)
        try:
            async with asyncio.timeout(request.within_s + SOCKET_EXTRA_S):
                reader, writer = await asyncio.open_unix_connection(self._path, limit=LINE_BYTES)
                self._open[request.ref] = writer
                try:
                    writer.write(msgspec.json.encode(request) + b"\n")
                    await writer.drain()
                    line = await reader.readline()
                finally:
                    writer.close()
                    await self._close(request.ref)
            return msgspec.json.decode(line, type=JobAnswer)
        except (OSError, msgspec.MsgspecError, ValueError, RecursionError) as error:  # two kinds before msgspec 0.20
            return JobAnswer(False, f"evsed-job at {self._path}: {str(error) or 'no answer'}", request.ref)

    async def _close(self, ref: int) -> None:
        self._open.pop(ref, None)
        self._cancelled.discard(ref)
        async with self._ended:
            self._ended.notify_all()

    def cancel(self, ref: int) -> None:
        """End that job and remove its files; its answer still comes."""
        if ref in self._open:
            self._cancelled.add(ref)
            self._open[ref].write(CANCEL)


Hook = Callable[[str], Awaitable[tuple[bool, str]]]


class JobThread:
    """Jobs in a thread of evsed, which may start no program: hooks are simulated.

    `play` simulates a hook (its name to success and detail), `install` the installer (a file's name to the same); None:
    there is none.  `terms` None: no transfers.
    """

    def __init__(self, play: Hook | None, terms: Terms | None = None, install: Hook | None = None) -> None:
        self._play = play
        self._install = install
        self._terms = terms
        self._watches: dict[int, Watch] = {}
        self._running: set[asyncio.Future[tuple[bool, str]]] = set()

    async def do(self, request: JobRequest) -> JobAnswer:
        """Never raises."""
        if request.job in ("download", "upload") and self._terms is not None:
            return JobAnswer(*await self._transfer(request, self._terms), request.ref)
        hook, argument = (self._install, request.file) if request.job == "install" else (self._play, request.job)
        if hook is None:
            return JobAnswer(False, NO_JOBS, request.ref)
        ok, detail = await hook(argument)
        return JobAnswer(ok, detail, request.ref)

    async def _transfer(self, request: JobRequest, terms: Terms) -> tuple[bool, str]:
        if self._running:  # cancelled, and not yet ended
            await asyncio.wait(self._running, timeout=CANCELLED_WAIT_S)
        work = asyncio.ensure_future(in_thread(partial(self._work, request, terms)))
        self._running.add(work)
        work.add_done_callback(self._running.discard)
        return await work

    def _work(self, request: JobRequest, terms: Terms) -> tuple[bool, str]:
        watch = self._watches[request.ref] = watch_of(request.job, terms)
        try:
            return carry_out(request, terms, watch)
        finally:
            del self._watches[request.ref]

    def cancel(self, ref: int) -> None:
        """End that job and remove its files; its answer still comes."""
        if watch := self._watches.get(ref):
            watch.cancel()


Jobs = JobSocket | JobThread
