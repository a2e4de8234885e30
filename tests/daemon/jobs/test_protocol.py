"""The messages of jobs."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.jobs.protocol import HOOK_S, INSTALL_S, LINE_BYTES, TRANSFER_S, JobRequest, decode_request


def test_a_request_is_one_line() -> None:
    """Job, reference, version: nothing else, and never a program."""
    assert decode_request(b'{"v":1,"job":"reboot","ref":7}') == JobRequest("reboot", 7)
    assert decode_request(b'{"job":"reboot"}') == JobRequest("reboot")
    line = b'{"job":"upload","ref":2,"location":"http://h/","file":"f"}'
    assert decode_request(line) == JobRequest("upload", 2, "http://h/", "f")


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


def test_the_time_of_a_job() -> None:
    """A hook has a minute, the installer and a transfer have an hour."""
    assert JobRequest("reboot").within_s == HOOK_S
    assert JobRequest("install").within_s == INSTALL_S and JobRequest("upload").within_s == TRANSFER_S
