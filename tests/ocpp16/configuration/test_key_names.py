"""The constants and the key table name the same keys."""

from __future__ import annotations

import pytest

from ocpp16.configuration.key_names import Key
from ocpp16.configuration.keys import core_keys
from ocpp16.product import Product


def test_every_constant_has_a_row_and_every_row_a_constant() -> None:
    """§9: no key is known by a name that the table does not have."""
    assert {row.name for row in core_keys(Product()).values()} == set(Key)


@pytest.mark.parametrize("key", list(Key))
def test_a_constant_is_spelled_as_its_key(key: Key) -> None:
    """The constant's name is the key's own spelling."""
    assert key.name == key.value
