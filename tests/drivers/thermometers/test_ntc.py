"""The thermistor's formula against a published table, and its two ways to fail."""

from __future__ import annotations

import pytest

from drivers.thermometers.ntc import Ntc


@pytest.mark.parametrize(("ohms", "celsius"), [(10_000, 25.0), (32_650, 0.0), (3603, 50.0), (1480, 75.0)])
def test_known_resistances(ohms: float, celsius: float) -> None:
    """10 k at 25 degrees, beta 3950 (by the beta formula within two degrees of the maker's table)."""
    share = ohms / (ohms + 10_000)
    found = Ntc().celsius(share)
    assert isinstance(found, float)
    assert found == pytest.approx(celsius, abs=2.0)


def test_open_and_short() -> None:
    """Neither is a temperature."""
    assert Ntc().celsius(1.0) == "the thermistor is not connected"
    assert Ntc().celsius(0.0) == "the thermistor is short-circuited"
