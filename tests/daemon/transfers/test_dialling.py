"""Names and connections: nothing of it outlives the transfer that wants it."""

from __future__ import annotations

import os
import resource
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.transfers import trust
from daemon.transfers.dialling import LOOKUPS, dialled, protected, resolved
from daemon.transfers.limits import Limits, TransferFailed, Watch
from daemon.transfers.transfer import download
from tests.transfers.servers import NAME, dripping, identity, raw
from tests.transfers.terms import terms

SILENT = dripping(b"", b"")
SOON_S = 5.0
"""On a busy machine; what does not end by itself would last 15 s and more."""
QUICK = Limits(stall_s=30.0, connect_s=0.5)


def ended_by_cancel(work: Callable[[Watch], object], after_s: float = 0.3) -> float:
    """Seconds from the cancellation to the end of `work`, which must be `cancelled`."""
    with Watch(Limits(), 100) as watch:
        threading.Timer(after_s, watch.cancel).start()
        began = time.monotonic()
        with pytest.raises(TransferFailed, match="cancelled"):
            work(watch)
        return time.monotonic() - began - after_s


def full_listener() -> socket.socket:
    """Its queue is full: a connection to it gets no answer."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    for _ in range(3):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(listener.getsockname())
        _fillers.append(filler)
    return listener


_fillers: list[socket.socket] = []


def test_a_lookup_that_hangs() -> None:
    """Point 11: a silent name server holds neither deadline nor cancellation, nor more than a few threads."""
    free = threading.Event()

    def hangs(host: str, port: int) -> list[str]:
        free.wait(20)
        return ["127.0.0.1"]

    before = threading.active_count()
    try:
        assert ended_by_cancel(lambda watch: resolved("h", 1, hangs, watch)) < SOON_S
        with pytest.raises(TransferFailed, match=r"DNS: no answer within 0.5 s"):
            resolved("h", 1, hangs, Watch(QUICK, 100))
        for _ in range(LOOKUPS + 3):
            with pytest.raises(TransferFailed):
                resolved("h", 1, hangs, Watch(Limits(connect_s=0.05), 100))
        assert threading.active_count() - before <= LOOKUPS
    finally:
        free.set()
    assert resolved("h", 1, hangs, Watch(QUICK, 100)) == ["127.0.0.1"]


def test_what_a_lookup_raises_comes_out() -> None:
    """An unknown name stays one."""

    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "not known")

    with pytest.raises(OSError, match="not known"):
        resolved("h", 1, unknown, Watch(QUICK, 100))


def test_a_connection_that_nobody_takes() -> None:
    """Point 11: the socket is held before it is connected, so a cancellation ends the dialling, too."""
    with full_listener() as listener:
        port = listener.getsockname()[1]
        assert ended_by_cancel(lambda watch: dialled(["127.0.0.1"], port, watch)) < SOON_S
        with pytest.raises(TransferFailed, match=r"TCP: no answer within 0.5 s"):
            dialled(["127.0.0.1"], port, Watch(QUICK, 100))


def test_without_a_descriptor_nothing_is_dialled() -> None:
    """A socket that cannot be watched is not used: there is one descriptor for it, and none for its watch."""
    free, limits = os.dup(0), resource.getrlimit(resource.RLIMIT_NOFILE)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free + 1, limits[1]))
    try:
        with pytest.raises(TransferFailed, match="TCP: Too many open files"):
            dialled(["127.0.0.1"], 9, Watch(QUICK, 100))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    with pytest.raises(TransferFailed, match="TCP: no address"):
        dialled([], 1, Watch(QUICK, 100))


@pytest.mark.parametrize("says", [SILENT, dripping(b"\x16\x03\x03\x40\x00", b"\x02")])
def test_a_handshake_that_never_ends(tmp_path: Path, says: Callable[[socket.socket], None]) -> None:
    """Point 11: silent or dripping, a TLS handshake has one deadline for the whole, and ends when cancelled."""
    tls = trust.context("https", "")
    with raw(says) as port:

        def shake(watch: Watch) -> None:
            protected(dialled(["127.0.0.1"], port, watch), tls, NAME, watch)

        assert ended_by_cancel(shake) < SOON_S
        with pytest.raises(TransferFailed, match=r"TLS: not finished within 0.5 s"):
            shake(Watch(QUICK, 100))


@pytest.mark.parametrize("scheme", ["ftp", "ftps", "http", "https"])
@pytest.mark.parametrize("says", [SILENT, dripping(b"2", b"2"), dripping(b"220-x\r\n", b"220-x\r\n")])
def test_cancelled_before_the_first_reply(tmp_path: Path, scheme: str, says: Callable[[socket.socket], None]) -> None:
    """Point 11: silent or dripping, whatever the protocol: cancellation and deadline hold from the first byte on."""
    own = identity(tmp_path)
    for tls in (None, own.context()) if scheme.endswith("s") else (None,):
        with raw(says, tls) as port:
            for cancels in (True, False):
                on = terms(tmp_path, own.authority, stall_s=30.0, whole_s=30.0 if cancels else 0.4)
                watch = Watch(on.limits, 100)
                if cancels:
                    threading.Timer(0.3, watch.cancel).start()
                began = time.monotonic()
                ok, line = download(f"{scheme}://{NAME}:{port}/f", on, watch)
                assert time.monotonic() - began < SOON_S and not ok
                if scheme == "https" and tls is None and says is not SILENT:
                    assert line.startswith(("TLS: ", "transfer: "))  # no handshake: refused sooner
                else:
                    assert line == f"transfer: {'cancelled' if cancels else 'not finished within 0.4 s'}"
