"""How meters are told apart on a bus: registers that only one make has, with values that only such a one shows."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final, NamedTuple

from drivers.meters.registers import text_of
from drivers.ports.modbus import ModbusMaster
from drivers.ports.modbus_frames import BusFailure

Words = tuple[int, ...]
EASTRON: Final = {0x0020: "sdm120", 0x002B: "sdm230", 0x0070: "sdm630", 0x0084: "sdm72", 0x0089: "sdm72v2"}
"""Meter code at holding register FC02."""


class Identified(NamedTuple):
    """A device that answered."""

    driver: str | None
    """None: nobody knows it."""
    because: str
    """What spoke for it."""


def identify(bus: ModbusMaster, address: int) -> Identified:
    """Who it is that answers at an address; reads only."""

    def read(function: int, register: int, length: int) -> Words | None:
        words = bus.read(address, function, register, length)
        return None if isinstance(words, BusFailure) else words

    for signature in SIGNATURES:
        found = signature(read)
        if found is not None:
            return found
    return Identified(None, "it answers, and is no meter that is known")


Read = Callable[[int, int, int], Words | None]


def _abb(read: Read) -> Identified | None:
    words = read(3, 0x8960, 6)
    text = text_of(words) if words else ""
    for name in ("B21", "B23", "B24"):
        if text.startswith(name):
            return Identified("abb-b21" if name == "B21" else "abb-b23", f"register 8960 says {text}")
    return None


def _carlo_gavazzi(read: Read) -> Identified | None:
    words = read(4, 0x000B, 1)
    code = words[0] if words else 0
    driver = "em111" if 100 <= code <= 121 else "em340" if 330 <= code <= 349 else None
    return Identified(driver, f"register 000B says {code}") if driver else None


def _eastron(read: Read) -> Identified | None:
    words = read(4, 0x0000, 2)
    if not words or not 80 <= _float(words) <= 300:
        return _sdm72(read)
    code = read(3, 0xFC02, 1)
    if code and code[0] in EASTRON:
        return Identified(EASTRON[code[0]], f"register FC02 says {code[0]:04X}")
    three = read(4, 0x0000, 6)
    second = _float(three[2:4]) if three else 0.0
    return Identified(
        "sdm630" if 80 <= second <= 300 else "sdm120",
        f"register 0000 says {_float(words):.1f} V, 0002 says {second:.1f}",
    )


def _sdm72(read: Read) -> Identified | None:
    code = read(3, 0xFC02, 1)
    return Identified("sdm72", "register FC02 says 0084") if code == (0x0084,) else None


def _pzem(read: Read) -> Identified | None:
    words = read(4, 0x0000, 10)
    if not words or not (800 <= words[0] <= 2700 and 450 <= words[7] <= 650 and words[8] <= 100):
        return None
    return Identified("pzem-004t", f"registers 0000 and 0007 say {words[0] / 10:.1f} V and {words[7] / 10:.1f} Hz")


def _orno_single(read: Read) -> Identified | None:
    words = read(3, 0x0130, 2)
    if not words or not (4500 <= words[0] <= 6500 and 8000 <= words[1] <= 30000):
        return None
    return Identified("orno-514", f"registers 0130 and 0131 say {words[0] / 100:.2f} Hz and {words[1] / 100:.2f} V")


def _orno_three(read: Read) -> Identified | None:
    words = read(3, 0x000E, 8)
    if not words or not (80 <= _float(words[:2]) <= 300 and 45 <= _float(words[6:]) <= 65):
        return None
    return Identified("orno-516", f"registers 000E and 0014 say {_float(words):.1f} V and {_float(words[6:]):.2f} Hz")


def _evse_din(read: Read) -> Identified | None:
    words = read(3, 1000, 6)
    if not words or not (words[0] <= 80 and 1 <= words[2] <= 5):
        return None
    return Identified("evse-din", f"registers 1000 and 1002 say {words[0]} A and state {words[2]}")


def _float(words: Words) -> float:
    (number,) = struct.unpack(">f", struct.pack(">2H", *words[:2]))
    return float(number)


SIGNATURES: Final[tuple[Callable[[Read], Identified | None], ...]] = (
    *(_abb, _pzem, _eastron, _carlo_gavazzi, _orno_three, _orno_single, _evse_din),
)
"""The surest first."""
