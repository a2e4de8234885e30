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
from tests.transfers.terms import left, terms


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


@pytest.mark.parametrize("at", ["once", "work"])
async def test_a_transfer_is_cancelled(tmp_path: Path, at: str) -> None:
    """Point 11: before its thread begins or in the middle of it: it ends at once and leaves nothing."""
    with http() as server:
        jobs, asked = JobThread(None, terms(tmp_path, stall_s=30.0)), asyncio.Event()
        loop = asyncio.get_running_loop()

        def hangs(request: Request, connection: socket.socket) -> None:
            connection.sendall(head(200, Content_Length="9", ETag='"1"') + b"x")
            loop.call_soon_threadsafe(asked.set)
            server.listening.ended.wait(20)

        server.answer = hangs
        first = asyncio.ensure_future(jobs.do(JobRequest("download", 1, f"http://h:{server.port}/f")))
        await (asked.wait() if at == "work" else asyncio.sleep(0))
        jobs.cancel(1)
        jobs.cancel(99)
        async with asyncio.timeout(2):
            assert await first == JobAnswer(False, "transfer: cancelled", 1)
    assert left(terms(tmp_path)) == []


async def test_cancel_goes_over_the_socket(tmp_path: Path) -> None:
    """`cancel` is a second line, sent once however often it is asked for."""
    lines: list[bytes] = []
    there = asyncio.Event()

    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.append(await reader.readline())
        there.set()
        lines.append(await reader.readline())
        writer.write(b'{"ok":false,"detail":"cancelled","ref":1}\n')
        writer.write_eof()
        lines.append(await reader.readline())
        writer.close()

    async with await asyncio.start_unix_server(work, tmp_path / "j"):
        jobs = JobSocket(str(tmp_path / "j"))
        first = asyncio.ensure_future(jobs.do(JobRequest("download", 1, "http://h/f")))
        await there.wait()
        jobs.cancel(1)
        jobs.cancel(1)
        assert (await first).detail == "cancelled"
        while len(lines) < 3:
            await asyncio.sleep(0)
    assert lines[1:] == [b"cancel\n", b""]


async def test_cancelled_before_it_is_connected(tmp_path: Path) -> None:
    """Point 11: nothing is asked of evsed-job for a job that is cancelled already."""
    lines: list[bytes] = []

    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.append(await reader.readline())
        writer.close()

    async with await asyncio.start_unix_server(work, tmp_path / "j"):
        jobs = JobSocket(str(tmp_path / "j"))
        first = asyncio.ensure_future(jobs.do(JobRequest("download", 1, "http://h/f")))
        await asyncio.sleep(0)
        jobs.cancel(1)
        assert (await first) == JobAnswer(False, "cancelled", 1)
        while not lines:
            await asyncio.sleep(0)
    assert lines == [b""]


async def test_a_worker_that_does_not_obey_is_not_waited_for(tmp_path: Path) -> None:
    """Point 11: an evsed-job that hangs is left alone soon after the cancellation: the next job can begin."""
    there = asyncio.Event()

    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there.set()
        await reader.read()
        writer.close()

    async with await asyncio.start_unix_server(work, tmp_path / "j"):
        jobs = JobSocket(str(tmp_path / "j"), cancelled_wait_s=0.1)
        first = asyncio.ensure_future(jobs.do(JobRequest("download", 1, "http://h/f")))
        await there.wait()
        jobs.cancel(1)
        async with asyncio.timeout(2):
            assert await first == JobAnswer(False, "evsed-job does not answer", 1)
