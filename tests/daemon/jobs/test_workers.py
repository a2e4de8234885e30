"""Who does the jobs: evsed-job over its socket, or a thread."""

from __future__ import annotations

import asyncio
import socket
import threading
from pathlib import Path

import pytest

from daemon.jobs.protocol import JobAnswer, JobRequest, decode_request
from daemon.jobs.workers import JobSocket, JobThread
from tests.transfers.servers import Request, head, http
from tests.transfers.terms import terms


async def test_a_thread_plays_the_hook() -> None:
    """Without evsed-job the hook is simulated, or there is none."""

    async def play(job: str) -> tuple[bool, str]:
        return True, f"played {job}"

    assert await JobThread(play).do(JobRequest("reboot", 3)) == JobAnswer(True, "played reboot", 3)
    answer = await JobThread(None).do(JobRequest("reboot", 3))
    assert not answer.ok and "[jobs] socket" in answer.detail


async def test_a_socket_carries_it(tmp_path: Path) -> None:
    """One connection a job, one line each way."""
    lines: list[bytes] = []

    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.append(await reader.readline())
        writer.write(b'{"v":1,"ok":true,"detail":"rebooting","ref":3}\n')
        writer.close()

    async with await asyncio.start_unix_server(work, tmp_path / "j"):
        answer = await JobSocket(str(tmp_path / "j")).do(JobRequest("reboot", 3))
    assert answer == JobAnswer(True, "rebooting", 3) and decode_request(lines[0]) == JobRequest("reboot", 3)


@pytest.mark.parametrize("says", [b"", b"nonsense\n", b"[" * 9000 + b"\n"])
async def test_a_worker_that_is_not_there_is_an_answer_too(tmp_path: Path, says: bytes) -> None:
    """No socket, no answer, an invalid one: a negative answer, never an exception."""
    none = await JobSocket(str(tmp_path / "none")).do(JobRequest("reboot", 3))
    assert not none.ok and "No such file" in none.detail

    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(says)
        writer.close()

    async with await asyncio.start_unix_server(work, tmp_path / "j"):
        assert not (await JobSocket(str(tmp_path / "j")).do(JobRequest("reboot"))).ok


async def test_the_installer_is_played() -> None:
    """The simulated installer gets the file's name; without one the answer is negative."""

    async def install(file: str) -> tuple[bool, str]:
        return True, f"installed {file}"

    request = JobRequest("install", 4, file="f.bin")
    assert await JobThread(None, None, install).do(request) == JobAnswer(True, "installed f.bin", 4)
    assert not (await JobThread(None).do(request)).ok


async def test_a_transfer_runs_in_a_thread(tmp_path: Path) -> None:
    """The loop goes on meanwhile; the file is there when the answer comes; nothing waits for it at the end."""
    with http({"/f": b"firmware"}) as server:
        jobs = JobThread(None, terms(tmp_path))
        answer = await jobs.do(JobRequest("download", 5, f"http://h:{server.port}/f"))
    assert answer.ok and answer.ref == 5 and Path(answer.detail).read_bytes() == b"firmware"
    assert all(thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread())


async def test_a_cancelled_transfer_makes_room_for_the_next(tmp_path: Path) -> None:
    """The next one begins after the end of the cancelled one, though both write the same file."""
    with http({"/f": b"firmware"}) as server:
        jobs, asked = JobThread(None, terms(tmp_path, stall_s=30.0)), asyncio.Event()
        loop = asyncio.get_running_loop()

        def hangs(request: Request, connection: socket.socket) -> None:
            connection.sendall(head(200, Content_Length="9", ETag='"1"') + b"x")
            loop.call_soon_threadsafe(asked.set)
            server.listening.ended.wait(20)

        server.answer = hangs
        request = JobRequest("download", 1, f"http://h:{server.port}/f")
        first = asyncio.ensure_future(jobs.do(request))
        await asked.wait()
        server.answer = server.honest
        jobs.cancel(1)
        jobs.cancel(99)
        second = await jobs.do(JobRequest("download", 2, request.location))
        assert await first == JobAnswer(False, "transfer: cancelled", 1)
    assert second.ok and Path(second.detail).read_bytes() == b"firmware"


async def test_cancel_goes_over_the_socket(tmp_path: Path) -> None:
    """`cancel` is a second line; the next job waits for the end of the cancelled one."""
    lines: list[bytes] = []
    there = asyncio.Event()

    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.append(await reader.readline())
        there.set()
        if len(lines) == 1:
            lines.append(await reader.readline())
        writer.write(b'{"ok":false,"detail":"cancelled","ref":1}\n')
        writer.close()

    async with await asyncio.start_unix_server(work, tmp_path / "j"):
        jobs = JobSocket(str(tmp_path / "j"))
        first = asyncio.ensure_future(jobs.do(JobRequest("download", 1, "http://h/f")))
        await there.wait()
        jobs.cancel(1)
        await jobs.do(JobRequest("download", 2, "http://h/f"))
        assert (await first).detail == "cancelled"
    assert lines[1] == b"cancel\n" and b'"ref":2' in lines[2]
