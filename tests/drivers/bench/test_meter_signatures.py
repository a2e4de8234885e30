"""How each make of meter is recognised, and that none is taken for another."""

from __future__ import annotations

import struct

import pytest

from drivers.bench.meter_signatures import identify
from drivers.ports.modbus import ModbusMaster
from tests.drivers.ports.wire import Slave, Wire


def floats(*numbers: float) -> list[int]:
    return [word for number in numbers for word in struct.unpack(">2H", struct.pack(">f", number))]


def text(letters: str) -> list[int]:
    return list(struct.unpack(f">{len(letters) // 2}H", letters.encode()))


VOLTS = floats(230.1, 231.2, 229.3)
DEVICES = [
    ("abb-b21", {3: {0x8960: text("B21 112-100 ")}}),
    ("abb-b23", {3: {0x8960: text("B23 112-100 ")}}),
    ("pzem-004t", {4: {0: [2301, 0, 0, 0, 0, 0, 0, 500, 100, 0]}}),
    ("sdm120", {4: {0: floats(230.1, 0, 0)}}),
    ("sdm230", {4: {0: VOLTS}, 3: {0xFC02: [0x002B]}}),
    ("sdm630", {4: {0: VOLTS}, 3: {0xFC02: [0x0070]}}),
    ("sdm630", {4: {0: VOLTS}}),
    ("sdm72v2", {4: {0: VOLTS}, 3: {0xFC02: [0x0089]}}),
    ("sdm72", {3: {0xFC02: [0x0084]}}),
    ("em111", {4: {0x000B: [111]}}),
    ("em340", {4: {0x000B: [340]}}),
    ("orno-516", {3: {0x000E: [*VOLTS, *floats(50.0)]}}),
    ("orno-514", {3: {0x0130: [5001, 23010]}}),
    ("evse-din", {3: {1000: [16, 16, 2, 0, 0, 17]}}),
    (None, {3: {0: [1, 2]}}),
    (None, {3: {0x8960: text("C11 110-100 ")}, 4: {0: floats(1e9, 2, 3, 4, 5), 0x000B: [7]}}),
]


@pytest.mark.parametrize(("driver", "blocks"), DEVICES)
def test_each_make(driver: str | None, blocks: dict[int, dict[int, list[int]]]) -> None:
    """By registers that only it has; what spoke for it is said."""
    listed = {
        function: {first + at: word for first, words in block.items() for at, word in enumerate(words)}
        for function, block in blocks.items()
    }
    wire = Wire(Slave(7, listed))
    found = identify(ModbusMaster(wire, quiet_s=0.1, monotonic=wire.monotonic), 7)
    assert found.driver == driver
    assert found.because
