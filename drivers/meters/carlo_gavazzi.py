"""Carlo Gavazzi EM111 and EM340: signed numbers of two registers, the low word first, energy in tenths of a kWh."""

from __future__ import annotations

from typing import Final

from drivers.meters.registers import Block, MeterTable, Quantity, SerialNumber

_SERIAL: Final = SerialNumber(4, Block(0x5000, 7), text=True)

EM111: Final = MeterTable(
    "em111",
    "Carlo Gavazzi EM111",
    function=4,
    blocks=(Block(0x0000, 6), Block(0x000F, 3)),
    probe=Block(0x000B, 1),
    wh=Quantity(0x0010, "s32", times=100),
    volts=(Quantity(0x0000, "s32", over=10),),
    amps=(Quantity(0x0002, "s32", over=1000),),
    watts=(Quantity(0x0004, "s32", over=10),),
    hertz=Quantity(0x000F, "s16", over=10),
    serial=_SERIAL,
    low_word_first=True,
    high_word_first_ids=frozenset({111}),
)
EM340: Final = MeterTable(
    "em340",
    "Carlo Gavazzi EM340",
    function=4,
    blocks=(Block(0x0000, 24), Block(0x0033, 3)),
    probe=Block(0x0033, 1),
    wh=Quantity(0x0034, "s32", times=100),
    volts=tuple(Quantity(register, "s32", over=10) for register in (0x0000, 0x0002, 0x0004)),
    amps=tuple(Quantity(register, "s32", over=1000) for register in (0x000C, 0x000E, 0x0010)),
    watts=tuple(Quantity(register, "s32", over=10) for register in (0x0012, 0x0014, 0x0016)),
    hertz=Quantity(0x0033, "s16", over=10),
    serial=_SERIAL,
    low_word_first=True,
)
