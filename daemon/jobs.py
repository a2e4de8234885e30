"""Long and risky work: its messages, and who carries it out: `evsed-job` at its socket, or make-believe in a thread.

One JSON line each way: `{"v":1,"job":"reboot","ref":7}` -> `{"v":1,"ref":7,"ok":true,"detail":""}`.  A job names what
is wanted, never a program: which program that is, evsed-job reads in its own configuration.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal

import msgspec

VERSION = 1
LINE_BYTES = 16 << 10
HOOK_S = 60.0
"""A hook that runs longer is given up."""


class JobRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What evsed wants done."""

    job: Literal["reboot"]
    ref: int = 0
    v: Literal[1] = 1


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


class JobSocket:
    """Jobs done by `evsed-job`: one connection a job."""

    def __init__(self, path: str) -> None:
        self._path = path

    async def do(self, request: JobRequest) -> JobAnswer:
        """Never raises: a worker that is not there is an answer too."""
        try:
            async with asyncio.timeout(HOOK_S + 5):
                reader, writer = await asyncio.open_unix_connection(self._path, limit=LINE_BYTES)
                try:
                    writer.write(msgspec.json.encode(request) + b"\n")
                    await writer.drain()
                    line = await reader.readline()
                finally:
                    writer.close()
            return msgspec.json.decode(line, type=JobAnswer)
        except (OSError, ValueError) as error:
            return JobAnswer(False, f"evsed-job at {self._path}: {str(error) or 'no answer'}", request.ref)


class JobThread:
    """Jobs in a thread of evsed, which may start no program: hooks are played by the simulated board."""

    def __init__(self, play: Callable[[str], Awaitable[tuple[bool, str]]] | None) -> None:
        self._play = play
        """Make-believe of a hook: its name to done and detail; None: there is none."""

    async def do(self, request: JobRequest) -> JobAnswer:
        if self._play is None:
            return JobAnswer(False, "no evsed-job: [jobs] socket is empty", request.ref)
        ok, detail = await self._play(request.job)
        return JobAnswer(ok, detail, request.ref)


Jobs = JobSocket | JobThread
