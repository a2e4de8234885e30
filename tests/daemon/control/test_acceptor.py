"""Accepting: without descriptors it pauses, and who may act comes in nevertheless."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from daemon.control.acceptor import Acceptor, Reserve


class Listening(socket.socket):
    """Its accept fails with each error of `failures`."""

    def __init__(self) -> None:
        super().__init__(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self.failures: list[int] = []
        self.tries = 0

    def accept(self) -> Any:
        self.tries += 1
        if self.failures:
            raise OSError(self.failures.pop(0), "lost")
        return super().accept()


class Bench:
    """An acceptor at a socket; `allowed`: whether who comes may act."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self.listening = Listening()
        self.listening.bind(self.path)
        self.listening.listen()
        self.allowed = True
        self.idle = 0
        self.logged: list[tuple[str, dict[str, Any]]] = []
        self.acceptor = Acceptor(
            self.listening,
            lambda sock: self.allowed,
            self.free_one,
            lambda code, **fields: self.logged.append((code, fields)),
            pause_s=0.01,
        )

    def free_one(self) -> bool:
        """While there are idle connections, the end of one makes room."""
        self.idle -= 1
        if self.idle == 0:
            self.listening.failures = []
        return self.idle >= 0

    def come(self) -> socket.socket:
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.settimeout(5)
        client.connect(self.path)
        return client


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path / "c")
    yield bench
    bench.acceptor.close()


async def test_8_a_connection_that_is_lost_while_it_is_accepted(bench: Bench) -> None:
    """It was one client's, and ends nothing; a broken listening socket does."""
    bench.listening.failures = [errno.ECONNABORTED, errno.EPROTO]
    with bench.come(), await bench.acceptor.next():
        assert bench.logged == []
    bench.listening.failures = [errno.EINVAL]
    with bench.come(), pytest.raises(OSError, match="lost"):
        await bench.acceptor.next()


async def test_8_without_descriptors_who_may_act_comes_in(bench: Bench) -> None:
    """Into the descriptor that was kept; it is noted once."""
    for _ in range(3):
        bench.listening.failures = [errno.EMFILE]  # once the reserve is released, it works
        with bench.come(), await bench.acceptor.next():
            pass
    assert bench.logged == [("no-descriptors", {"where": "control socket", "error": "lost"})]


async def test_8_without_descriptors_lookers_are_told(bench: Bench) -> None:
    """All of them at once, so that they do not stand before who may act; then it pauses."""
    bench.listening.failures, bench.allowed = [errno.EMFILE], False
    accepting = asyncio.ensure_future(bench.acceptor.next())
    clients = [bench.come() for _ in range(5)]
    for _ in range(10):
        await asyncio.sleep(0)
    for client in clients:
        with client:
            assert b"no free file descriptor" in client.recv(200) and client.recv(1) == b""
    with bench.come(), await accepting:
        pass


async def test_8_without_even_the_reserve_it_waits(bench: Bench) -> None:
    """No busy loop: one try in each pause."""
    bench.listening.failures = [errno.EMFILE] * 1000
    accepting = asyncio.ensure_future(bench.acceptor.next())
    loop = asyncio.get_running_loop()
    with bench.come():
        began = loop.time()
        while loop.time() < began + 0.1:
            await asyncio.sleep(0)
        assert bench.listening.tries < 40 and len(bench.logged) == 1
        bench.listening.failures = []
        with await accepting:
            pass


async def test_8_without_descriptors_and_nobody_there_nothing_happens(bench: Bench) -> None:
    """accept fails without a descriptor even where nobody waits: it is not tried."""
    bench.listening.failures, bench.idle = [errno.EMFILE] * 1000, 2
    accepting = asyncio.ensure_future(bench.acceptor.next())
    for _ in range(20):
        await asyncio.sleep(0)
    assert bench.listening.tries == 0 and bench.idle == 2 and bench.logged == []
    accepting.cancel()
    await asyncio.wait({accepting})


async def test_8_without_even_the_reserve_idle_connections_make_room(bench: Bench) -> None:
    """One after the other, until there is a descriptor again."""
    bench.listening.failures, bench.idle = [errno.EMFILE] * 1000, 2
    with bench.come(), await asyncio.wait_for(bench.acceptor.next(), 5):
        assert bench.idle == 0


def test_8_the_reserve_is_a_real_descriptor() -> None:
    """Kept, given away once, kept again; where there is none it stays empty."""
    reserve = Reserve()
    before = len(os.listdir("/proc/self/fd"))
    assert reserve.release() and not reserve.release()
    assert len(os.listdir("/proc/self/fd")) == before - 1
    reserve.refill()
    reserve.refill()
    assert len(os.listdir("/proc/self/fd")) == before
    assert reserve.release() and not Reserve("/no/such/file").release()
