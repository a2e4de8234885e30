"""Orno 514 and 515 (one phase), 516 and 517 (three phases): holding registers."""

from __future__ import annotations

from typing import Final

from drivers.meters.registers import Block, MeterTable, Quantity


def _single_phase(name: str, model: str) -> MeterTable:
    """Registers between the documented ones may not be read, so three blocks have the same length."""
    return MeterTable(
        name,
        model,
        function=3,
        blocks=(Block(0x0130, 2), Block(0x0139, 2), Block(0x0140, 2), Block(0xA000, 4)),
        probe=Block(0x0130, 1),
        wh=Quantity(0xA000, "u32", times=10),
        volts=(Quantity(0x0131, "u16", over=100),),
        amps=(Quantity(0x0139, "u32", over=1000),),
        watts=(Quantity(0x0140, "s32"),),
        hertz=Quantity(0x0130, "u16", over=100),
        alike=True,
        ends_at_wh=1_000_000_000,
    )


def _floats(*registers: int, times: int = 1) -> tuple[Quantity, ...]:
    return tuple(Quantity(register, "f32", times=times) for register in registers)


def _three_phases(name: str, model: str) -> MeterTable:
    return MeterTable(
        name,
        model,
        function=3,
        blocks=(Block(0x000E, 22), Block(0x0108, 2)),
        probe=Block(0x0014, 4),
        wh=Quantity(0x0108, "f32", times=1000),
        volts=_floats(0x000E, 0x0010, 0x0012),
        amps=_floats(0x0016, 0x0018, 0x001A),
        watts=_floats(0x001E, 0x0020, 0x0022, times=1000),
        hertz=Quantity(0x0014, "f32"),
    )


WE514: Final = _single_phase("orno-514", "Orno OR-WE-514")
WE515: Final = _single_phase("orno-515", "Orno OR-WE-515")
WE516: Final = _three_phases("orno-516", "Orno OR-WE-516")
WE517: Final = _three_phases("orno-517", "Orno OR-WE-517")
