"""The jobs' messages, and who does them."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.jobs import LINE_BYTES, JobAnswer, JobRequest, JobSocket, JobThread, decode_request


def test_a_request_is_one_line() -> None:
    """Job, reference, version: nothing else, and never a program."""
    assert decode_request(b'{"v":1,"job":"reboot","ref":7}') == JobRequest("reboot", 7)
    assert decode_request(b'{"job":"reboot"}') == JobRequest("reboot")


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"nonsense",
        b'{"job":"format"}',
        b'{"job":"reboot","argv":["/bin/sh"]}',
        b'{"v":2,"job":"reboot"}',
        b"x" * (LINE_BYTES + 1),
        b"[" * 10000,
    ],
)
def test_anything_else_is_refused(line: bytes) -> None:
    """An unknown job, a program, a foreign version, a long line: refused with a reason."""
    with pytest.raises(ValueError, match=r"."):
        decode_request(line)


@given(st.binary(max_size=100))
def test_no_line_is_too_odd(line: bytes) -> None:
    """Whatever comes is a request or a ValueError."""
    with contextlib.suppress(ValueError):
        assert decode_request(line).job == "reboot"


async def test_a_thread_plays_the_hook() -> None:
    """Without evsed-job the hook is make-believe, or there is none."""

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
    """No socket, silence, nonsense: told, never raised."""
    none = await JobSocket(str(tmp_path / "none")).do(JobRequest("reboot", 3))
    assert not none.ok and "No such file" in none.detail

    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(says)
        writer.close()

    async with await asyncio.start_unix_server(work, tmp_path / "j"):
        assert not (await JobSocket(str(tmp_path / "j")).do(JobRequest("reboot"))).ok
