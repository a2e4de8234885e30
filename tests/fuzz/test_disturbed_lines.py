"""100,000 disturbed exchanges of each family of drivers: no value is accepted that the device did not show."""

from __future__ import annotations

import pytest

from tests.drivers.disturbed import FAMILIES

EXCHANGES = 100_000
"""Of each family, shared by its parts."""
PARTS = [
    pytest.param(disturbed, -(-EXCHANGES // len(parts)), id=f"{family} {name}")
    for family, parts in FAMILIES.items()
    for name, disturbed in parts
]


@pytest.mark.parametrize(("disturbed", "exchanges"), PARTS)
def test_no_wrong_value(disturbed: object, exchanges: int) -> None:
    """Cut, flipped, doubled, late, lost, prefixed, replaced: a value is right or there is none."""
    assert callable(disturbed)
    right, wrong = disturbed(7, exchanges)
    assert wrong == 0
    assert right > exchanges / 100
