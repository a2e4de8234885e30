"""PZEM-004T version 3: input registers 0 to 9, the low word first, energy in Wh.  No meter for billing."""

from __future__ import annotations

from typing import Final

from drivers.meters.registers import Block, MeterTable, Quantity

PZEM_004T: Final = MeterTable(
    "pzem-004t",
    "PZEM-004T V3",
    function=4,
    blocks=(Block(0x0000, 10),),
    probe=Block(0x0007, 1),
    wh=Quantity(0x0005, "u32"),
    volts=(Quantity(0x0000, "u16", over=10),),
    amps=(Quantity(0x0001, "u32", over=1000),),
    watts=(Quantity(0x0003, "u32", over=10),),
    hertz=Quantity(0x0007, "u16", over=10),
    low_word_first=True,
    ends_at_wh=10_000_000,
)
