"""Register tables of energy meters as data: where a quantity stands, how it is coded, which blocks are read."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from math import isfinite
from typing import Final, Literal, NamedTuple

Code = Literal["u16", "s16", "u32", "s32", "u64", "f32"]
FORMATS: Final[Mapping[Code, str]] = {
    "u16": ">H",
    "s16": ">h",
    "u32": ">I",
    "s32": ">i",
    "u64": ">Q",
    "f32": ">f",
}
NO_VALUE: Final[Mapping[Code, int]] = {
    "u16": 0xFFFF,
    "s16": 0x7FFF,
    "u32": 0xFFFFFFFF,
    "s32": 0x7FFFFFFF,
    "u64": 0xFFFFFFFFFFFFFFFF,
}
"""What meters show where they have nothing to show, or too much."""


class Quantity(NamedTuple):
    """One quantity: the number that is coded, times `times`, divided by `over`, is in V, A, W, Wh or Hz."""

    register: int
    code: Code
    over: int = 1
    times: int = 1


class Block(NamedTuple):
    """Registers that are read together."""

    register: int
    length: int


class SerialNumber(NamedTuple):
    """Where the meter's own number stands: a number (`u32`), or text of two letters a register."""

    function: int
    block: Block
    text: bool = False


class MeterTable(NamedTuple):
    """One kind of meter.

    Blocks of one device have different lengths, and the probe another one, so that no late reply fits (`ModbusMaster`);
    where they cannot, frequency, volts, amperes and watts must agree (`alike`).
    """

    name: str
    model: str
    """Maker and kind, at most 25 characters: the meterType of BootNotification."""
    function: int
    """3: holding registers, 4: input registers."""
    blocks: tuple[Block, ...]
    probe: Block
    """Read after every failure; its value is not used, but for `high_word_first_ids`."""
    wh: Quantity
    volts: tuple[Quantity, ...] = ()
    amps: tuple[Quantity, ...] = ()
    watts: tuple[Quantity, ...] = ()
    hertz: Quantity | None = None
    serial: SerialNumber | None = None
    low_word_first: bool = False
    high_word_first_ids: frozenset[int] = frozenset()
    """Values of the probe that tell a variant with the high word first."""
    alike: bool = False
    """Blocks have the same length."""
    ends_at_wh: int = 0
    """The register begins anew there; 0: it never ends."""


Registers = dict[int, int]


def number_of(registers: Registers, quantity: Quantity, low_word_first: bool) -> float | int | None:
    """The quantity in its unit, whole where it is coded so and divides; None: the meter shows no value."""
    length = struct.calcsize(FORMATS[quantity.code]) // 2
    words = [registers[quantity.register + at] for at in range(length)]
    if low_word_first:
        words.reverse()
    coded: int | float
    (coded,) = struct.unpack(FORMATS[quantity.code], struct.pack(f">{length}H", *words))
    if coded == NO_VALUE.get(quantity.code) or not isfinite(coded):
        return None
    scaled = coded * quantity.times
    return scaled if quantity.over == 1 else scaled / quantity.over


def text_of(words: tuple[int, ...]) -> str:
    """Two letters a register, up to the first that is none."""
    return struct.pack(f">{len(words)}H", *words).split(b"\0")[0].decode("ascii", "replace").strip()
