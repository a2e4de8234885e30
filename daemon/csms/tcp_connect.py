"""From a name to a connected socket: the name asked aside, its addresses tried in turn.  Nothing of WebSocket here."""

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
"""The next address is tried when the one before has not answered for so long, or failed."""
MAX_ADDRESSES = 16


async def resolve(host: str, port: int) -> list[Address]:
    """The host's addresses, families in turn.  Raises socket.gaierror.

    Names are asked in a thread of their own that nobody waits for at the end: a dead name server must not delay a stop.
    """
    try:
        return _asked(host, port, socket.AI_NUMERICHOST)
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

    def ask() -> None:
        outcome: list[Address] | Exception
        try:
            outcome = _asked(host, port, 0)
        except OSError as error:
            outcome = error
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, outcome)

    threading.Thread(target=ask, name="name", daemon=True).start()
    return await answer


def _asked(host: str, port: int, flags: int) -> list[Address]:
    try:
        found = [(row[0], row[4]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)]
    except UnicodeError as error:  # a label above 63 characters
        raise socket.gaierror(socket.EAI_NONAME, str(error)) from None
    first = [address for address in found if address[0] == found[0][0]]
    other = [address for address in found if address[0] != found[0][0]]
    in_turn = chain.from_iterable(zip_longest(first, other))
    return [address for address in in_turn if address is not None][:MAX_ADDRESSES]


async def reach(address: Address) -> socket.socket:
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
    reach: Callable[[Address], Awaitable[socket.socket]] = reach,
    stagger_s: float = STAGGER_S,
) -> socket.socket:
    """The first socket that connects; the others are given up.  Raises the last OSError where none does."""
    waiting = deque(addresses)
    trying: set[asyncio.Future[socket.socket]] = set()
    error: BaseException = OSError("no address")
    try:
        while waiting or trying:
            if waiting:
                trying.add(asyncio.ensure_future(reach(waiting.popleft())))
            done, _ = await asyncio.wait(
                trying, timeout=stagger_s if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            for one in done:
                trying.remove(one)
                failure = one.exception()
                if failure is None:
                    return one.result()
                error = failure
        raise error
    finally:
        for one in trying:
            one.add_done_callback(_give_up)
            one.cancel()


def _give_up(late: asyncio.Future[socket.socket]) -> None:
    """A socket that connected when another had won."""
    if not late.cancelled() and late.exception() is None:
        late.result().close()
