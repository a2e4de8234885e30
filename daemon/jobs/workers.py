"""Long and risky work: its messages, and who carries it out: `evsed-job` at its socket, or a thread of evsed.

One JSON line each way: `{"v":1,"job":"reboot","ref":7}` -> `{"v":1,"ref":7,"ok":true,"detail":""}`.  A job names what
is wanted, never a program: which program that is, and on which terms files are moved, evsed-job reads in its own
configuration.  `cancel` as a second line ends a job for good; a connection that breaks ends it for now.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec

if TYPE_CHECKING:
    from daemon.transfers.limits import Watch
    from daemon.transfers.transfer import Terms

VERSION = 1
LINE_BYTES = 16 << 10
HOOK_S = 60.0
"""A hook that runs longer is given up."""
INSTALL_S = 3600.0
"""The installer writes a whole system: it has more time."""
TRANSFER_S = 3600.0
"""A transfer ends by itself within this, and the answer comes soon after."""
NO_JOBS = "no evsed-job: [jobs] socket is empty"
CANCEL = b"cancel\n"
DYING_S = 5.0
"""So long a new job waits for the end of those that were cancelled."""


class JobRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What evsed wants done."""

    job: Literal["reboot", "download", "upload", "install"]
    ref: int = 0
    location: str = ""
    """Of a transfer."""
    file: str = ""
    """Name of a file in the transfers' folder: to upload, or to install."""
    v: Literal[1] = 1

    @property
    def within_s(self) -> float:
        return {"reboot": HOOK_S, "install": INSTALL_S}.get(self.job, TRANSFER_S)


class JobAnswer(msgspec.Struct, frozen=True):
    """How it ended."""

    ok: bool
    detail: str = ""
    ref: int = 0
    v: Literal[1] = 1


def decode_request(line: bytes) -> JobRequest:
    """Raises ValueError with the reason."""
    if len(line) > LINE_BYTES:
        raise ValueError(f"a line has at most {LINE_BYTES} bytes")
    try:
        return msgspec.json.decode(line, type=JobRequest)
    except (msgspec.DecodeError, RecursionError) as error:  # a ValidationError is a DecodeError
        raise ValueError(str(error)) from None


T = TypeVar("T")


async def in_thread(work: Callable[[], T]) -> T:
    """Done in a thread that the end of evsed does not wait for.  Raises what `work` raises."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def tell(settle: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(lambda: None if done.done() else settle())

    def run() -> None:
        try:
            result = work()
        except Exception as error:
            tell(partial(done.set_exception, error))
        else:
            tell(partial(done.set_result, result))

    threading.Thread(target=run, daemon=True).start()
    return await done


class JobSocket:
    """Jobs done by `evsed-job`: one connection a job."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._open: dict[int, asyncio.StreamWriter] = {}
        self._ended = asyncio.Condition()
        self._dying: set[int] = set()

    async def do(self, request: JobRequest) -> JobAnswer:
        """Never raises: a worker that is not there is an answer too."""
        with suppress(TimeoutError):
            async with asyncio.timeout(DYING_S), self._ended:
                await self._ended.wait_for(lambda: not self._dying)
        try:
            async with asyncio.timeout(request.within_s + 30):
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
        self._dying.discard(ref)
        async with self._ended:
            self._ended.notify_all()

    def cancel(self, ref: int) -> None:
        """That job shall leave nothing behind; its answer comes all the same."""
        if ref in self._open:
            self._dying.add(ref)
            self._open[ref].write(CANCEL)


Play = Callable[[str], Awaitable[tuple[bool, str]]]


class JobThread:
    """Jobs in a thread of evsed, which may start no program: hooks are played by the simulated board."""

    def __init__(self, play: Play | None, terms: Terms | None = None, install: Play | None = None) -> None:
        self._play = play
        """Make-believe of a hook: its name to done and detail; None: there is none."""
        self._install = install
        """Make-believe of the installer: a file's name to done and detail."""
        self._terms = terms
        self._watches: dict[int, Watch] = {}
        self._running: set[asyncio.Future[tuple[bool, str]]] = set()

    async def do(self, request: JobRequest) -> JobAnswer:
        """Never raises."""
        if request.job in ("download", "upload") and self._terms is not None:
            return JobAnswer(*await self._transfer(request, self._terms), request.ref)
        play, word = (self._install, request.file) if request.job == "install" else (self._play, request.job)
        if play is None:
            return JobAnswer(False, NO_JOBS, request.ref)
        ok, detail = await play(word)
        return JobAnswer(ok, detail, request.ref)

    async def _transfer(self, request: JobRequest, terms: Terms) -> tuple[bool, str]:
        if self._running:  # the remains of what was cancelled
            await asyncio.wait(self._running, timeout=DYING_S)
        work = asyncio.ensure_future(in_thread(partial(self._work, request, terms)))
        self._running.add(work)
        work.add_done_callback(self._running.discard)
        return await work

    def _work(self, request: JobRequest, terms: Terms) -> tuple[bool, str]:
        from daemon.transfers.transfer import carry_out, watch_of

        watch = self._watches[request.ref] = watch_of(request.job, terms)
        try:
            return carry_out(request, terms, watch)
        finally:
            del self._watches[request.ref]

    def cancel(self, ref: int) -> None:
        """That job shall leave nothing behind; its answer comes all the same."""
        if watch := self._watches.get(ref):
            watch.cancel()


Jobs = JobSocket | JobThread
