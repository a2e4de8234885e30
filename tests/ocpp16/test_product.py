"""The product profile: the answers of the certificate are the defaults."""

from __future__ import annotations

import msgspec
import pytest

from ocpp16.product import Identity, Product


def test_defaults_are_the_certificate() -> None:
    """HFS, C, AQ and ORS answers of the reference product."""
    seed = Product()
    assert (seed.fixed_cable, seed.phases, seed.connectors) == (True, 1, 1)
    assert (seed.stops_before_power_loss, seed.get_configuration_max_keys, seed.stop_max_meter_values) == (False, 1, 10)
    assert (seed.aligned_data_max_length, seed.sampled_data_max_length, seed.ping_interval_s) == (20, 10, 10)
    assert len(seed.measurands) == 6


def test_unknown_answer() -> None:
    """A profile that answers an unknown question is refused."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"conectors": 2}, Product)


def test_identity() -> None:
    """§6.3: what is not known of a unit is not told."""
    assert Identity().serial is None
