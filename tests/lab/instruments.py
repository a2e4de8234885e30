"""On the host, behind the emulator's USB adapters: a Modbus meter (SDM120) and a card reader (PN532)."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.drivers.readers.pn532_model import Pn532Model

BYTE_S = 10 / 9600


def crc(data: bytes) -> bytes:
    """Modbus RTU's."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return value.to_bytes(2, "little")


class Meter:
    """An SDM120 at address 1, 9600 baud: whole requests in, answers out as fast as the line carries them."""

    def __init__(self, wh: float = 1_234_500.0, serial: int = 17_042_371) -> None:
        self.wh, self.amps, self.serial = wh, 0.0, serial
        self.asked = 0

    @property
    def watts(self) -> float:
        return 230.0 * self.amps

    def answer(self, request: bytes) -> bytes | None:
        """One reading request; anything else is not for this meter."""
        if len(request) != 8 or request[0] != 1 or crc(request[:6]) != request[6:] or request[1] not in (3, 4):
            return None
        self.asked += 1
        first, count = struct.unpack(">HH", request[2:6])
        floats = {0x00: 230.0, 0x06: self.amps, 0x0C: self.watts, 0x46: 50.0, 0x48: self.wh / 1000}
        words: dict[int, int] = {0xFC02: 0x0020}
        for register, value in floats.items():
            words[register], words[register + 1] = struct.unpack(">HH", struct.pack(">f", value))
        words[0xFC00], words[0xFC01] = divmod(self.serial, 0x10000)
        data = b"".join(words.get(register, 0).to_bytes(2, "big") for register in range(first, first + count))
        body = bytes((1, request[1], len(data))) + data
        return body + crc(body)


class Behind:
    """Serves what stands at one end of an adapter's socket, for as long as the emulator comes back to it."""

    def __init__(self, path: Path, answer: Callable[[bytes], bytes | None], byte_s: float, gap_s: float) -> None:
        """`gap_s`: a request ends where nothing comes for so long."""
        self.path, self.answer, self.byte_s, self.gap_s = path, answer, byte_s, gap_s
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Behind:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, str(self.path))
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.CancelledError, OSError):
            await self._talk(reader, writer)
        writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(256):
            with_more = True
            while with_more:
                try:
                    more = await asyncio.wait_for(reader.read(256), self.gap_s)
                    data, with_more = data + more, bool(more)
                except TimeoutError:
                    with_more = False
            answer = self.answer(data)
            if answer is not None:
                await asyncio.sleep(len(answer) * self.byte_s)
                writer.write(answer)


class Reader:
    """A PN532 with a card before it, or none."""

    def __init__(self) -> None:
        self.model = Pn532Model()

    async def tap(self, uid: bytes, for_s: float = 1.5) -> None:
        """Hold a card to it."""
        self.model.present(uid)
        await asyncio.sleep(for_s)
        self.model.present(None)
