"""One attempt at a connection, from the name to the agreed subprotocol: of the link, and of `evsectl connect-test`."""

from __future__ import annotations

import asyncio
import socket
from functools import partial
from urllib.parse import urlsplit

from daemon.csms import failure_causes, tcp_connect, tls_failures
from daemon.csms.connection import Listener, WebSocketConnection, client_protocol
from daemon.csms.endpoint import PORTS
from daemon.csms.limits import ConnectionLimits
from daemon.csms.link_security import LinkSecurity
from daemon.journal.redaction import single_line

HOST_CHARS = 60
"""Of the host's name, in a cause."""


async def dial(url: str, security: LinkSecurity, limits: ConnectionLimits, listener: Listener) -> WebSocketConnection:
    """An open connection with the subprotocol agreed, within `open_s`.  Raises ConnectionFailed."""
    address = urlsplit(url)
    host, port = address.hostname or "", address.port or PORTS[address.scheme]
    where = f"{single_line(host, HOST_CHARS)} port {port}"
    context = security.context(address.scheme)
    loop = asyncio.get_running_loop()
    protocol = client_protocol(url, limits, security.headers())
    connection = WebSocketConnection(protocol, listener, limits, loop, partial(security.judge, host=host))
    stage = "DNS"
    limit = asyncio.timeout(limits.open_s)
    try:
        async with limit:
            addresses = await tcp_connect.resolve(host, port)
            stage = "TCP"
            sock = await tcp_connect.first_to_connect(addresses)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(limits.stall_s * 1000))
            stage = "TLS" if context else "HTTP"
            await loop.create_connection(
                lambda: connection, sock=sock, ssl=context, server_hostname=host if context else None
            )
            stage = "HTTP"
            await asyncio.wait([connection.opened])
    except OSError as error:
        if limit.expired():
            raise failure_causes.late(stage, where, limits.open_s, connection.received) from None
        if stage == "TLS":
            raise tls_failures.handshake_failed(error, where) from None
        raise failure_causes.unreachable(error, where) from None
    finally:
        connection.give_up_unless_open()
    if failed := connection.opened.result():
        raise security.explained(failed)
    return connection
