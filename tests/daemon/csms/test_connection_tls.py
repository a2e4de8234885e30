"""A connection over TLS as asyncio carries it, in memory: what reaches the listener, however the records are packed."""

from __future__ import annotations

import asyncio
import ssl
from asyncio.sslproto import SSLProtocol
from pathlib import Path
from typing import Any, cast

import pytest
from websockets.server import ServerProtocol

from daemon.csms.connection import WebSocketConnection, client_protocol
from daemon.csms.limits import ConnectionLimits
from tests.daemon.csms.handshake import server_context
from tests.daemon.security.authority import signed

LIMITS = ConnectionLimits()


class Ears:
    """Remembers the texts."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def on_open(self, connection: WebSocketConnection) -> None:
        pass

    def on_text(self, text: str) -> None:
        self.texts.append(text)

    def crowded(self) -> bool:
        return False

    def flapping(self) -> bool:
        return False

    def last_words(self) -> str:
        return ""

    def on_quiet(self) -> None:
        pass


class Wire(asyncio.Transport):
    """Below TLS: keeps what the client writes."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def is_closing(self) -> bool:
        return False

    def abort(self) -> None:
        pass

    def close(self) -> None:
        pass


class Tls:
    """The client through asyncio's TLS, the server by hand: `packet` gives several records to the client at once."""

    def __init__(self, folder: Path) -> None:
        loop = asyncio.get_running_loop()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.ears, self.wire = Ears(), Wire()
        protocol = client_protocol("wss://csms/ocpp/CP1", LIMITS, {})
        self.connection = WebSocketConnection(protocol, self.ears, LIMITS, loop)
        made = cast(Any, SSLProtocol)
        self.client = made(loop, self.connection, context, loop.create_future(), server_hostname="csms")
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._end = server_context(folder, signed("csms")).wrap_bio(self._incoming, self._outgoing, server_side=True)
        self.websocket = ServerProtocol(subprotocols=[cast(Any, "ocpp1.6")], max_size=None)
        self.client.connection_made(self.wire)

    def packet(self, *texts: bytes) -> None:
        """Each text is a record; all of them come in one packet."""
        for text in texts:
            self._end.write(text)
        data, self.wire.written = self._outgoing.read(), self.wire.written
        self.client.get_buffer(len(data))[: len(data)] = data
        self.client.buffer_updated(len(data))

    def heard(self) -> bytes:
        """What the client sent since, deciphered; its part of the handshake is answered."""
        self._incoming.write(self.wire.written)
        self.wire.written = b""
        try:
            return self._end.read(65_536)
        except ssl.SSLWantReadError:
            return b""

    def shake(self) -> None:
        for _ in range(4):
            self._incoming.write(self.wire.written)
            self.wire.written = b""
            try:
                self._end.do_handshake()
            except ssl.SSLWantReadError:
                self.packet()
            else:
                break
        self.packet()

    def upgrade(self) -> None:
        self.websocket.receive_data(self.heard())
        (request,) = self.websocket.events_received()
        self.websocket.send_response(self.websocket.accept(cast(Any, request)))
        self.packet(b"".join(self.websocket.data_to_send()))


@pytest.mark.parametrize("count", [1, 2, 3, 20])
async def test_many_records_in_one_packet(tmp_path: Path, count: int) -> None:
    """An answer and an order behind it, a record each: all of them are read, whole and in their order."""
    tls = Tls(tmp_path)
    tls.shake()
    await asyncio.sleep(0)
    tls.upgrade()
    frames, wanted = [], [f'[2,"{number}","Heartbeat",{{}}]' for number in range(count)]
    for text in wanted:
        tls.websocket.send_text(text.encode())
        frames.append(b"".join(tls.websocket.data_to_send()))
    tls.packet(*frames)
    await asyncio.sleep(0)
    assert tls.ears.texts == wanted
