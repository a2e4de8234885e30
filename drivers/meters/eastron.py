"""Eastron SDM120, SDM230, SDM630, SDM72 and SDM72 V2: input registers of 32-bit floats, energy in kWh."""

from __future__ import annotations

from typing import Final

from drivers.meters.registers import Block, MeterTable, Quantity, SerialNumber

_SERIAL: Final = SerialNumber(3, Block(0xFC00, 2))
"""Not every firmware has it."""
_WH: Final = Quantity(0x0048, "f32", times=1000)
_HERTZ: Final = Quantity(0x0046, "f32")


def _floats(*registers: int) -> tuple[Quantity, ...]:
    return tuple(Quantity(register, "f32") for register in registers)


def _single_phase(name: str, model: str) -> MeterTable:
    return MeterTable(
        name,
        model,
        function=4,
        blocks=(Block(0x0000, 14), Block(0x0046, 4)),
        probe=Block(0x0046, 2),
        wh=_WH,
        volts=_floats(0x0000),
        amps=_floats(0x0006),
        watts=_floats(0x000C),
        hertz=_HERTZ,
        serial=_SERIAL,
    )


def _three_phases(name: str, model: str, *blocks: Block) -> MeterTable:
    return MeterTable(
        name,
        model,
        function=4,
        blocks=(*blocks, Block(0x0046, 4)),
        probe=Block(0x0046, 2),
        wh=_WH,
        volts=_floats(0x0000, 0x0002, 0x0004),
        amps=_floats(0x0006, 0x0008, 0x000A),
        watts=_floats(0x000C, 0x000E, 0x0010),
        hertz=_HERTZ,
        serial=_SERIAL,
    )


SDM120: Final = _single_phase("sdm120", "Eastron SDM120")
SDM230: Final = _single_phase("sdm230", "Eastron SDM230")
SDM630: Final = _three_phases("sdm630", "Eastron SDM630", Block(0x0000, 18))
SDM72_V2: Final = _three_phases("sdm72v2", "Eastron SDM72 V2", Block(0x0000, 10), Block(0x000A, 8))
"""Some give no more than ten registers at once."""
SDM72: Final = MeterTable(
    "sdm72",
    "Eastron SDM72",
    function=4,
    blocks=(Block(0x0034, 2), Block(0x0048, 4)),
    probe=Block(0x0034, 2),
    wh=_WH,
    watts=_floats(0x0034),
    serial=_SERIAL,
)
"""The first SDM72: energy and the power of all phases, nothing else."""
