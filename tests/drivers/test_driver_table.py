"""The shape of the tables of drivers: what a family that is listed must say."""

from __future__ import annotations

from drivers.driver_table import ACTIVE, PULL, Driver, Parameter, SerialSettings


def test_defaults_are_those_of_the_trade() -> None:
    """9600 8N1, active high, no pull; a driver without settings of its own leaves the serial line to the bus."""
    assert SerialSettings() == (9600, "N", 1)
    assert (ACTIVE.default, PULL.default) == ("high", "off")
    driver = Driver(dict, {}, {"n": Parameter("whole", 1, low=1, high=5)})
    assert (driver.serial, driver.bauds) == (None, ())
