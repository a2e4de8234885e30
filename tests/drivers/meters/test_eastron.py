"""Eastron meters: the register table against frames as the data sheet codes them."""

from __future__ import annotations

import pytest

from tests.drivers.meters.stand import proves_the_table


@pytest.mark.parametrize("name", "sdm120 sdm230 sdm630 sdm72 sdm72v2".split())
def test_the_table(name: str) -> None:
    """Requests, replies, values and the meter's own number."""
    proves_the_table(name)
