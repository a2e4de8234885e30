"""A serial line of memory with a clock of its own, Modbus devices on it, and what disturbs it."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from drivers.devices import DeviceFailure

GONE = DeviceFailure("/dev/wire", "the device is gone", "check its plug")


@lru_cache(maxsize=4096)
def check_sum(data: bytes) -> bytes:
    """CRC-16 of Modbus bit by bit, as the specification has it: another way than the product's."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return struct.pack("<H", value)


class Piece(NamedTuple):
    """Bytes that arrive together, so many seconds after they could."""

    late_s: float
    data: bytes


FLIPS = 3
"""Wrong bits of a frame that its check sum always finds; of more it misses one in 32,768, which no master sees."""

Disturb = Callable[[bytes], list[Piece]]
"""What the wire makes of a reply."""


def clean(reply: bytes) -> list[Piece]:
    return [Piece(0.0, reply)]


class Wire:
    """A `ByteLine`.  `answer` gives the reply to a whole request, or nothing; `turnaround_s`: how long it thinks."""

    def __init__(
        self, answer: Callable[[bytes], bytes | None], baud: int = 9600, turnaround_s: float = 0.005, echo: bool = False
    ) -> None:
        self.device = "/dev/wire"
        self.baud = baud
        self.now = 1000.0
        self.answer = answer
        self.echo = echo
        self.disturb: Disturb = clean
        self.plugged = True
        self.requests: list[tuple[float, bytes]] = []
        self.closed = 0
        self._turnaround_s = turnaround_s
        self._coming: list[tuple[float, int]] = []
        """When each byte is whole."""
        self._replies_from = 0.0
        """A device answers one request after the other."""

    def monotonic(self) -> float:
        return self.now

    def put(self, late_s: float, data: bytes) -> None:
        """Bytes for the reader, one after the other at the line's speed."""
        first = self.now + late_s
        mixed = bool(self._coming) and self._coming[-1][0] > first
        self._coming += [(first + count * 11 / self.baud, byte) for count, byte in enumerate(data, 1)]
        if mixed:
            self._coming.sort(key=lambda coming: coming[0])

    def write(self, data: bytes) -> DeviceFailure | None:
        if not self.plugged:
            return GONE
        self.requests.append((self.now, data))
        self.now += len(data) * 11 / self.baud
        if self.echo:
            self.put(-len(data) * 11 / self.baud, data)
        reply = self.answer(data)
        if reply is not None:
            for late_s, piece in self.disturb(reply):
                self._replies_from = max(self._replies_from, self.now + self._turnaround_s + late_s)
                self.put(self._replies_from - self.now, piece)
                self._replies_from += len(piece) * 11 / self.baud
        return None

    def read(self, most: int, within_s: float) -> bytes | DeviceFailure:
        if not self.plugged:
            self._coming.clear()
            return GONE
        ends_at, coming, count = self.now + within_s, self._coming, 0
        while count < most and count < len(coming) and coming[count][0] <= ends_at:
            count += 1
        data = bytes([byte for _, byte in coming[:count]])
        self.now = max(self.now, coming[count - 1][0] if count else self.now, ends_at if count < most else self.now)
        del coming[:count]
        return data

    def close(self) -> None:
        self.closed += 1


class Slave:
    """A Modbus device: registers by function; `asked` holds each request it understood."""

    def __init__(self, address: int, registers: dict[int, dict[int, int]], most: int = 125) -> None:
        self.address = address
        self.registers = registers
        self.most = most
        self.asked: list[tuple[int, int, int]] = []
        self.refuses = 0
        """Exception code for whatever is asked; 0: none."""

    def __call__(self, request: bytes) -> bytes | None:
        if len(request) < 8 or request[0] != self.address or check_sum(request[:-2]) != request[-2:]:
            return None
        function, register, count = struct.unpack_from(">BHH", request, 1)
        self.asked.append((function, register, count))
        body = self._body(function, register, count, request)
        reply = bytes((self.address,)) + body
        return reply + check_sum(reply)

    def _body(self, function: int, register: int, count: int, request: bytes) -> bytes:
        if self.refuses:
            return bytes((function | 0x80, self.refuses))
        known = self.registers.setdefault(function if function in (3, 4) else 3, {})
        if function in (3, 4):
            if count > self.most or any(number not in known for number in range(register, register + count)):
                return bytes((function | 0x80, 2))
            values = [known[number] for number in range(register, register + count)]
            return struct.pack(f">BB{count}H", function, 2 * count, *values)
        if function == 6:
            known[register] = count
            return request[1:6]
        if function == 16:
            values = list(struct.unpack_from(f">{count}H", request, 7))
            known.update(zip(range(register, register + count), values, strict=True))
            return request[1:6]
        return bytes((function | 0x80, 1))


def bus(*slaves: Slave) -> Callable[[bytes], bytes | None]:
    """Several devices on one line: whoever is addressed answers."""

    def answer(request: bytes) -> bytes | None:
        return next((reply for slave in slaves if (reply := slave(request)) is not None), None)

    return answer


def disturber(rng: random.Random, often: float = 0.5) -> Disturb:
    """Cuts, flips, doubles, delays, loses, prefixes and replaces replies, half of the time."""

    def disturb(reply: bytes) -> list[Piece]:
        if rng.random() >= often:
            return clean(reply)
        kind = rng.randrange(9)
        at = rng.randrange(len(reply))
        if kind == 0:
            return [Piece(0.0, reply[:at])]
        if kind == 1:
            flipped = bytearray(reply)
            for _ in range(rng.randint(1, FLIPS)):
                flipped[rng.randrange(len(reply))] ^= 1 << rng.randrange(8)
            return [Piece(0.0, bytes(flipped))]
        if kind == 2:
            return [Piece(0.0, reply), Piece(rng.choice((0.0, 0.02, 0.3, 0.9)), reply)]
        if kind == 3:
            return [Piece(rng.choice((0.1, 0.55, 0.7, 1.5, 4.0)), reply)]
        if kind == 4:
            return []
        if kind == 5:
            return [Piece(0.0, rng.randbytes(rng.randint(1, 6)) + reply)]
        if kind == 6:
            return [Piece(0.0, rng.randbytes(len(reply)))]
        if kind == 7:
            return [Piece(0.0, reply[:at]), Piece(rng.choice((0.01, 0.2)), reply[at:])]
        return [Piece(0.0, reply[:at] + reply[at + 1 :])]

    return disturb
