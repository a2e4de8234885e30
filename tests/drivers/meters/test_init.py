"""The table of meters: every name of the board file, and lengths that no late reply fits."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from drivers.meters import DRIVERS
from drivers.meters.register_meter import RegisterMeter
from tests.drivers.meters.exchanges import EXCHANGES
from tests.drivers.meters.stand import Stand

NAMES = (
    *("sdm120", "sdm230", "sdm630", "sdm72", "sdm72v2", "abb-b21", "abb-b23", "em111", "em340"),
    *("orno-514", "orno-515", "orno-516", "orno-517", "pzem-004t"),
)


def test_every_meter_of_the_board_file() -> None:
    """Each has frames that prove it; only a PZEM-004T has an address above 247."""
    assert set(DRIVERS) == set(NAMES) == set(EXCHANGES)
    for name, driver in DRIVERS.items():
        assert driver.parameters["address"].high == (248 if name == "pzem-004t" else 247)
        assert driver.ports == {"bus": "modbus"}
        assert driver.says


@pytest.mark.parametrize("name", NAMES)
def test_different_registers_are_read_with_different_lengths(name: str) -> None:
    """The second guard against late replies; where it cannot be, the values must agree with each other."""
    table = Stand(name).meter.table
    reads: list[tuple[int, Any]] = [(table.function, block) for block in (*table.blocks, table.probe)]
    if table.serial:
        reads.append((table.serial.function, table.serial.block))
    for (function, one), (its_function, other) in combinations(reads, 2):
        alike = function == its_function and one.length == other.length and one.register != other.register
        assert not alike or table.alike, (one, other)
    assert not table.alike or (table.volts and table.amps and table.watts and table.hertz)


@pytest.mark.parametrize("name", NAMES)
def test_every_quantity_lies_in_a_block(name: str) -> None:
    """Nothing is decoded that was not read."""
    stand = Stand(name)
    assert isinstance(stand.meter, RegisterMeter)
    table = stand.meter.table
    read = {number for block in table.blocks for number in range(block.register, block.register + block.length)}
    for quantity in (table.wh, *table.volts, *table.amps, *table.watts, *filter(None, [table.hertz])):
        assert quantity.register in read
