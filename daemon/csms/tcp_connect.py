"""From a host name to a connected socket: DNS in a thread, then the addresses raced (RFC 8305).  No WebSocket here.

Not aiohappyeyeballs: it joins different errors into one without errno, from which the cause is explained to a person.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from itertools import chain, zip_longest
from typing import Any

Address = tuple[socket.AddressFamily, Any]
"""Family and socket address."""

STAGGER_S = 0.5
"""The next address is tried when the one before has not answered for so long (RFC 8305: 0.1 to 2 s), or failed."""
MAX_ADDRESSES = 16


async def resolve(host: str, port: int) -> list[Address]:
    """At most MAX_ADDRESSES addresses of the host, address families alternating.  Raises socket.gaierror.

    The name is looked up in a thread of its own that is not awaited at shutdown: a dead name server delays nothing.
    """
    try:
        return _looked_up(host, port, socket.AI_NUMERICHOST)
    except socket.gaierror:
        pass
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[Address]] = loop.create_future()

    def settle(outcome: list[Address] | Exception) -> None:
        if answer.done():
            return
        if isinstance(outcome, Exception):
            answer.set_exception(outcome)
        else:
            answer.set_result(outcome)

    def look_up() -> None:
        outcome: list[Address] | Exception
        try:
            outcome = _looked_up(host, port, 0)
        except OSError as error:
            outcome = error
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, outcome)

    threading.Thread(target=look_up, name="name", daemon=True).start()
    return await answer


def _looked_up(host: str, port: int, flags: int) -> list[Address]:
    try:
        found = [(row[0], row[4]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)]
    except UnicodeError as error:  # a label above 63 characters
        raise socket.gaierror(socket.EAI_NONAME, str(error)) from None
    first = [address for address in found if address[0] == found[0][0]]
    other = [address for address in found if address[0] != found[0][0]]
    in_turn = chain.from_iterable(zip_longest(first, other))
    return [address for address in in_turn if address is not None][:MAX_ADDRESSES]


async def connect(address: Address) -> socket.socket:
    """A connected, non-blocking socket.  Raises OSError."""
    sock = socket.socket(address[0], socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a CALL behind an answer waits for no ACK
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, address[1])
    except BaseException:
        sock.close()
        raise
    return sock


async def first_to_connect(
    addresses: Sequence[Address],
    connect: Callable[[Address], Awaitable[socket.socket]] = connect,
    stagger_s: float = STAGGER_S,
) -> socket.socket:
    """The first socket that connects; the others are closed.  Raises the last OSError where none does.

    The next address is tried after `stagger_s` seconds, or as soon as one failed.
    """
    waiting = deque(addresses)
    attempts: set[asyncio.Future[socket.socket]] = set()
    error: BaseException = OSError("no address")
    try:
        while waiting or attempts:
            if waiting:
                attempts.add(asyncio.ensure_future(connect(waiting.popleft())))
            done, _ = await asyncio.wait(
                attempts, timeout=stagger_s if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            for one in done:
                attempts.remove(one)
                failure = one.exception()
                if failure is None:
                    return one.result()
                error = failure
        raise error
    finally:
        for one in attempts:
            one.add_done_callback(_close_late_socket)
            one.cancel()


def _close_late_socket(late: asyncio.Future[socket.socket]) -> None:
    """A socket that connected when another had won."""
    if not late.cancelled() and late.exception() is None:
        late.result().close()
