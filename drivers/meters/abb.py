"""ABB B21 (one phase) and B23 (three): holding registers, energy in hundredths of a kWh, all ones: no value."""

from __future__ import annotations

from typing import Final

from drivers.meters.registers import Block, MeterTable, Quantity, SerialNumber


def _table(name: str, model: str, phases: int, *watts: int) -> MeterTable:
    return MeterTable(
        name,
        model,
        function=3,
        blocks=(Block(0x5B00, 45), Block(0x5000, 4)),
        probe=Block(0x5B2C, 1),
        wh=Quantity(0x5000, "u64", times=10),
        volts=tuple(Quantity(0x5B00 + 2 * phase, "u32", over=10) for phase in range(phases)),
        amps=tuple(Quantity(0x5B0C + 2 * phase, "u32", over=100) for phase in range(phases)),
        watts=tuple(Quantity(register, "s32", over=100) for register in watts),
        hertz=Quantity(0x5B2C, "u16", over=100),
        serial=SerialNumber(3, Block(0x8900, 2)),
    )


B21: Final = _table("abb-b21", "ABB B21", 1, 0x5B14)
"""It has its power in the total only."""
B23: Final = _table("abb-b23", "ABB B23", 3, 0x5B16, 0x5B18, 0x5B1A)
