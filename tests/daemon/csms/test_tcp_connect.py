"""Names and addresses, tried in turn, with sockets made by the test."""

from __future__ import annotations

import asyncio
import socket

import pytest

from daemon.csms import tcp_connect
from daemon.csms.tcp_connect import Address

A, B, C = ((socket.AF_INET, ("192.0.2.1", port)) for port in (1, 2, 3))


class Net:
    """What each address does: an error, a socket, or nothing until the test decides."""

    def __init__(self, **kind: OSError | None) -> None:
        self.tried: list[int] = []
        self.sockets: dict[int, socket.socket] = {}
        self.fates: dict[Address, asyncio.Future[socket.socket]] = {}

    def fate(self, address: Address) -> asyncio.Future[socket.socket]:
        return self.fates.setdefault(address, asyncio.get_running_loop().create_future())

    def refuse(self, address: Address, text: str) -> None:
        self.fate(address).set_exception(ConnectionRefusedError(text))

    def accept(self, address: Address) -> socket.socket:
        sock = socket.socket()
        self.fate(address).set_result(sock)
        return sock

    async def reach(self, address: Address) -> socket.socket:
        self.tried.append(address[1][1])
        return await asyncio.shield(self.fate(address))


async def test_the_first_that_connects_wins() -> None:
    """A refused address is followed by the next at once."""
    net = Net()
    net.refuse(A, "a")
    sock = net.accept(B)
    assert await tcp_connect.first_to_connect([A, B, C], net.reach, stagger_s=60) is sock
    assert net.tried == [1, 2]
    sock.close()


async def test_a_dead_address_does_not_hold_up_the_next() -> None:
    """An address that does not answer (a dead AAAA) is left trying while the next is tried."""
    net = Net()
    sock = net.accept(B)
    async with asyncio.timeout(60):
        assert await tcp_connect.first_to_connect([A, B], net.reach, stagger_s=0) is sock
    sock.close()


async def test_a_late_answer_still_counts() -> None:
    """The slow first address may win after all while others are refused."""
    net = Net()
    net.refuse(B, "b")
    trying = asyncio.ensure_future(tcp_connect.first_to_connect([A, B], net.reach, stagger_s=0))
    while len(net.tried) < 2:
        await asyncio.sleep(0)
    sock = net.accept(A)
    assert await trying is sock
    sock.close()


async def test_where_none_connects() -> None:
    """The last error is raised; no address at all is an error, too."""
    net = Net()
    net.refuse(A, "a")
    net.refuse(B, "b")
    with pytest.raises(OSError, match="b"):
        await tcp_connect.first_to_connect([A, B], net.reach)
    with pytest.raises(OSError, match="no address"):
        await tcp_connect.first_to_connect([], net.reach)


async def test_the_loser_is_closed() -> None:
    """A second socket that connected in the same moment, or after, does not stay open."""
    ours, theirs = socket.socketpair()
    both = [ours, theirs]
    together = asyncio.Event()

    async def reach(address: Address) -> socket.socket:
        await together.wait()
        return both[address[1][1] - 1]

    trying = asyncio.ensure_future(tcp_connect.first_to_connect([A, B], reach, stagger_s=0))
    for _ in range(10):
        await asyncio.sleep(0)
    together.set()
    won = await trying
    for _ in range(3):
        await asyncio.sleep(0)
    assert [sock.fileno() >= 0 for sock in both] == [sock is won for sock in both]
    won.close()


async def test_numeric_addresses_ask_nobody() -> None:
    """An address in digits is its own answer."""
    assert await tcp_connect.resolve("127.0.0.1", 9000) == [(socket.AF_INET, ("127.0.0.1", 9000))]
    ((family, address),) = await tcp_connect.resolve("::1", 9000)
    assert (family, address[:2]) == (socket.AF_INET6, ("::1", 9000))


async def test_names_are_resolved() -> None:
    """A name goes through the system's resolver."""
    assert ("127.0.0.1", 80) in [address[:2] for _, address in await tcp_connect.resolve("localhost", 80)]


async def test_a_name_that_can_be_none() -> None:
    """A label above 63 characters is an unknown name, no accident."""
    with pytest.raises(socket.gaierror):
        await tcp_connect.resolve("x" * 64, 80)


async def test_connect_closes_what_it_could_not_connect() -> None:
    """A refused connection leaves no socket behind."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = listening.getsockname()
        sock = await tcp_connect.connect((socket.AF_INET, address))
        assert not sock.getblocking()
        sock.close()
    with pytest.raises(ConnectionRefusedError):
        await tcp_connect.connect((socket.AF_INET, address))
