"""A Central System as small as can be: one blocking socket and hand-made frames: the figures are the station's.

It answers well, measures in monotonic seconds, and is good for nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

from tests.csms.scripted import utc

MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Wire:
    """Listens at once; `accept`, then `serve` or `call`."""

    def __init__(self, port: int = 0) -> None:
        self.listener = socket.create_server(("127.0.0.1", port), backlog=8)
        self.listener.settimeout(60)
        self.port = int(self.listener.getsockname()[1])
        self.connection: socket.socket | None = None
        self.buffer = b""
        self.transaction = 0
        self.count = 0

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ocpp"

    def close(self) -> None:
        self.hang_up()
        self.listener.close()

    def hang_up(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def accept(self) -> float:
        """The next station; when it was let in."""
        self.hang_up()
        connection, _ = self.listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(60)
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(4096)
        lines = head.decode().split("\r\n")
        key = next(line.split(":", 1)[1].strip() for line in lines if line.lower().startswith("sec-websocket-key:"))
        accepted = base64.b64encode(hashlib.sha1((key + MAGIC).encode()).digest()).decode()
        connection.sendall(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accepted}\r\nSec-WebSocket-Protocol: ocpp1.6\r\n\r\n".encode()
        )
        self.connection, self.buffer = connection, b""
        return time.monotonic()

    # --- frames -----------------------------------------------------------------------------------------------------

    def send(self, frame: list[Any]) -> float:
        """When the frame was handed to the kernel."""
        assert self.connection is not None
        data = json.dumps(frame).encode()
        size = bytes([len(data)]) if len(data) < 126 else struct.pack("!BH", 126, len(data))
        now = time.monotonic()
        self.connection.sendall(b"\x81" + size + data)
        return now

    def receive(self) -> list[Any]:
        """The next frame of OCPP-J; pings are answered on the way."""
        while True:
            opcode, data = self._frame()
            if opcode == 1:
                return list(json.loads(data))
            if opcode == 9:
                assert self.connection is not None
                self.connection.sendall(b"\x8a" + bytes([len(data)]) + data)
            if opcode == 8:
                raise ConnectionError("the station closed the connection")

    def _frame(self) -> tuple[int, bytes]:
        first, second = self._take(2)
        length = second & 127
        if length == 126:
            (length,) = struct.unpack("!H", self._take(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self._take(8))
        mask, data = self._take(4), self._take(length)
        plain = int.from_bytes(data, "big") ^ int.from_bytes((mask * (length // 4 + 1))[:length], "big")
        return first & 15, plain.to_bytes(length, "big")

    def _take(self, count: int) -> bytes:
        assert self.connection is not None
        while len(self.buffer) < count:
            more = self.connection.recv(65536)
            if not more:
                raise ConnectionError("the station is gone")
            self.buffer += more
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    # --- conversations ----------------------------------------------------------------------------------------------

    def serve(self, wanted: Callable[[list[Any]], bool]) -> tuple[float, list[Any]]:
        """Answer everything well until the wanted frame comes (it is answered too): when it came, and the frame."""
        while True:
            frame = self.receive()
            now = time.monotonic()
            if frame[0] == 2:
                self.send([3, frame[1], self._good(frame[2])])
            if wanted(frame):
                return now, frame

    def serve_action(self, action: str, **fields: Any) -> tuple[float, list[Any]]:
        """As `serve`, for a CALL with this action and these fields."""
        return self.serve(
            lambda f: f[0] == 2 and f[2] == action and all(f[3].get(name) == value for name, value in fields.items())
        )

    def call(self, action: str, payload: dict[str, Any]) -> float:
        """Seconds from our CALL to its answer."""
        self.count += 1
        key = f"w{self.count}"
        began = self.send([2, key, action, payload])
        came, frame = self.serve(lambda f: f[0] != 2 and f[1] == key)
        assert frame[0] == 3, frame
        return came - began

    def _good(self, action: str) -> dict[str, Any]:
        if action == "BootNotification":
            return {"status": "Accepted", "currentTime": utc(), "interval": 86400}
        if action == "Heartbeat":
            return {"currentTime": utc()}
        if action == "StartTransaction":
            self.transaction += 1
            return {"transactionId": self.transaction, "idTagInfo": {"status": "Accepted"}}
        return {"idTagInfo": {"status": "Accepted"}} if action in ("Authorize", "StopTransaction") else {}
