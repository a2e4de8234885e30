"""Disturbed exchanges by the million: `python -m tests.drivers.disturbed [FAMILY]... [--exchanges N] [--seed N]`.

Each family of drivers that reads over a line is given replies that are cut, flipped (up to three bits, which a CRC-16
always finds), doubled, late, lost, prefixed or replaced; every value that it accepts is compared with what the device
showed.  Exit code 1 where one was wrong.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from drivers.meters import DRIVERS as METERS
from tests.drivers.meters import test_register_meter
from tests.drivers.ports import test_modbus
from tests.drivers.readers import test_mfrc522, test_pn532, test_pn532_i2c, test_rdm6300

Part = tuple[str, Callable[[int, int], tuple[int, int]]]


def _meter(name: str) -> Callable[[int, int], tuple[int, int]]:
    return lambda seed, exchanges: test_register_meter.disturbed(name, seed, exchanges)


FAMILIES: dict[str, list[Part]] = {
    "modbus": [
        ("modbus", test_modbus.disturbed),
        ("modbus with echo", lambda seed, exchanges: test_modbus.disturbed(seed, exchanges, True)),
    ],
    "meters": [(name, _meter(name)) for name in METERS],
    "readers": [
        ("pn532-uart", test_pn532.disturbed),
        ("pn532-i2c", test_pn532_i2c.disturbed),
        ("mfrc522", test_mfrc522.disturbed),
        ("rdm6300", test_rdm6300.disturbed),
    ],
}
"""Each part: accepted values, right and wrong, of a seed and a number of exchanges."""


def campaign(family: str, seed: int, exchanges: int) -> int:
    """Wrong values of a family, its exchanges shared by its parts; prints a line a part."""
    parts = FAMILIES[family]
    share = -(-exchanges // len(parts))
    total = 0
    for name, disturbed in parts:
        began = time.monotonic()
        right, wrong = disturbed(seed, share)
        total += wrong
        took_s = time.monotonic() - began
        print(f"{family:8} {name:18} {share:9} exchanges  {right:8} right  {wrong} wrong  {took_s:6.0f} s", flush=True)
    return total


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser("tests.drivers.disturbed", description=__doc__)
    parser.add_argument("family", nargs="*", choices=[*FAMILIES, []], default=list(FAMILIES))
    parser.add_argument("--exchanges", type=int, default=1_000_000, help="of each family")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    wrong = sum(campaign(family, options.seed, options.exchanges) for family in options.family)
    print(f"{wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
