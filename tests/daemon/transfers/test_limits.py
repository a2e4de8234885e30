"""What a transfer may take, with a clock of the test's own."""

from __future__ import annotations

import socket
from contextlib import suppress

import pytest

from daemon.transfers.limits import Limits, TransferFailed, Watch


class Clock:
    def __init__(self) -> None:
        self.mono = 0.0

    def __call__(self) -> float:
        return self.mono


def test_too_many_bytes() -> None:
    """What is announced and what comes are both held to the limit."""
    watch = Watch(Limits(rate_bytes_s=1e12), 100)
    watch.expects(100)
    with pytest.raises(TransferFailed, match="101 bytes are announced"):
        watch.expects(101)
    watch.passed(100)
    with pytest.raises(TransferFailed, match="more than 100"):
        watch.passed(1)


def test_too_long() -> None:
    """However steadily it drips: after `whole_s` it is over."""
    clock = Clock()
    watch = Watch(Limits(whole_s=3600.0, rate_bytes_s=1e12), 100, clock)
    watch.passed(1)
    clock.mono = 3601.0
    with pytest.raises(TransferFailed, match="not finished within 3600 s"):
        watch.passed(1)


def test_a_cut_shuts_the_sockets() -> None:
    """`cancel` ends a read that waits, also on sockets that come later; the reason stays the first."""
    watch = Watch(Limits(), 100)
    ours, theirs = socket.socketpair()
    late, other = socket.socketpair()
    with watch, ours, theirs, late, other:
        watch.hold(ours)
        watch.cancel()
        watch.cut("another reason")
        assert ours.recv(1) == b"" and watch.cancelled
        with pytest.raises(TransferFailed, match="cancelled"):
            watch.hold(late)
        with pytest.raises(TransferFailed, match="cancelled"):
            watch.check()


def test_what_cannot_be_held_is_not_used() -> None:
    """Without a descriptor for its watch a socket would have no deadline: the transfer fails."""
    with Watch(Limits(), 100) as watch, socket.socket() as sock:
        sock.close()
        with pytest.raises(OSError):
            watch.hold(sock)


def test_7_what_comes_besides_a_file_grows_with_it() -> None:
    """An eighth of what has passed: the frames of small chunks are no attack."""
    watch = Watch(Limits(beside_bytes=100, rate_bytes_s=1e12), 10_000)
    watch.passed(8000)
    watch.beside(1100)
    with pytest.raises(TransferFailed, match="more than 1100 bytes besides the file"):
        watch.beside(1)


def test_what_comes_besides_the_file_is_bounded() -> None:
    """Replies and fields count, pieces of the file do not."""
    watch = Watch(Limits(beside_bytes=100), 1000)
    for size in (90, 60, -60, 10):
        with suppress(TransferFailed):
            watch.beside(size)
    with pytest.raises(TransferFailed, match="more than 100 bytes besides the file"):
        watch.beside(1)


def test_the_alarm_goes_off_by_itself() -> None:
    """A server that keeps us in a header for ever is cut off after `whole_s`."""
    ours, theirs = socket.socketpair()
    with ours, theirs, Watch(Limits(whole_s=0.05), 100) as watch:
        watch.hold(ours)
        assert ours.recv(1) == b""
        assert watch.why == "not finished within 0.05 s" and not watch.cancelled


def test_what_is_too_fast_is_held_back() -> None:
    """The average stays at the rate; a cancellation is not kept waiting."""
    watch = Watch(Limits(rate_bytes_s=1.0), 1 << 20, Clock())
    watch.cancel()
    with pytest.raises(TransferFailed, match="cancelled"):
        watch.passed(1000)
