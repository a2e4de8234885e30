"""Frames of Modbus RTU: their check sum, and what a reply that cannot be used says about the line."""

from __future__ import annotations

import struct
from enum import Enum
from typing import Final, NamedTuple

from drivers.devices import DeviceFailure

BITS: Final = 11
"""Of a character at most: start, 8 data, parity, stop."""
SHORTEST: Final = 5
"""Address, function, code, check sum: the reply of a device that refuses."""


class BusFault(Enum):
    """Why there is no reply that can be used."""

    PORT = "the serial line failed"
    SILENT = "no answer"
    GARBLED = "an answer that cannot be trusted"
    REFUSED = "the device refuses the request"


class BusFailure(NamedTuple):
    """A failed exchange."""

    fault: BusFault
    failure: DeviceFailure
    code: int = 0
    """Exception code of REFUSED: 1 function, 2 register, 3 value, 4 device, …"""


def _crc_of(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0xA001 if byte & 1 else 0)
    return byte


_CRC: Final = tuple(map(_crc_of, range(256)))


def crc(data: bytes) -> bytes:
    """CRC-16 of Modbus, as the two bytes that end a frame."""
    value = 0xFFFF
    for byte in data:
        value = value >> 8 ^ _CRC[(value ^ byte) & 0xFF]
    return struct.pack("<H", value)


def is_sound(frame: bytes) -> bool:
    """Whether it ends in its check sum."""
    return len(frame) >= SHORTEST and crc(frame[:-2]) == frame[-2:]


REFUSALS: Final = {
    1: "it does not know the function",
    2: "it does not have these registers",
    3: "it does not take this value or length",
    4: "it reports an internal failure",
    5: "it needs longer",
    6: "it is busy",
}
ASK: Final = (
    "check address, baud, parity, its supply, and whether A and B are swapped; evsectl meter scan shows who answers"
)


def refused(device: str, code: int) -> BusFailure:
    """A sound reply that says no."""
    cause = f"refused: {REFUSALS.get(code, f'code {code}')}"
    return BusFailure(BusFault.REFUSED, DeviceFailure(device, cause, "check that the driver fits the device"), code)


def noisy(device: str, seen: bytes) -> BusFailure:
    """The line never fell silent."""
    return BusFailure(BusFault.GARBLED, DeviceFailure(device, "the line never falls silent", _remedy_of_noise(seen)))


def not_a_reply(device: str, request: bytes, reply: bytes, echo: bool) -> BusFailure:
    """What `reply` shows, which is not the reply to `request`; `echo`: our own bytes came back before it."""
    if not reply:
        cause = "no answer, only our own echo" if echo else "no answer"
        return BusFailure(BusFault.SILENT, DeviceFailure(device, cause, ASK))
    if not is_sound(reply):
        return BusFailure(BusFault.GARBLED, DeviceFailure(device, _damage(reply), _remedy_of_noise(reply)))
    if reply[0] != request[0]:
        cause = f"address {reply[0]} answered instead"
        remedy = "a late reply, two masters on the bus, or a device of the other address"
    else:
        cause, remedy = (
            "a reply to something else",
            "a late reply, or two masters on the bus; two devices of one address",
        )
    return BusFailure(BusFault.GARBLED, DeviceFailure(device, cause, remedy))


def _damage(reply: bytes) -> str:
    return f"a damaged answer ({len(reply)} bytes: {reply[:6].hex(' ')}{' …' if len(reply) > 6 else ''})"


def _remedy_of_noise(seen: bytes) -> str:
    """Swapped wires idle at the wrong level, which reads as breaks."""
    if not seen.strip(b"\x00") or not seen.strip(b"\xff"):
        return "A and B are swapped, or the line floats: swap them, check bias and termination"
    return "check baud and parity, termination, bias and shield; two devices of one address answer together"
