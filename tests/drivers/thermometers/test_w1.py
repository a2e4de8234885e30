"""A DS18B20 on files shaped like the kernel's."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.devices import DeviceFailure
from drivers.ports.sysfs_file import SysfsFile
from drivers.thermometers.w1 import w1_thermometer


@pytest.mark.parametrize(("text", "celsius"), [("21437\n", 21.437), ("-4000\n", -4.0), ("0\n", 0.0)])
def test_thousandths_of_a_degree(tmp_path: Path, text: str, celsius: float) -> None:
    """As the kernel shows them."""
    (tmp_path / "temperature").write_text(text)
    thermometer = w1_thermometer(SysfsFile(str(tmp_path / "temperature")), lambda: 0.0)
    thermometer.poll()
    assert thermometer.celsius(0.0) == celsius


@pytest.mark.parametrize(
    ("text", "says"), [("85000\n", "lost its supply"), ("", "it shows ''"), ("x", "it shows 'x'"), ("127000", None)]
)
def test_what_is_no_temperature(tmp_path: Path, text: str, says: str | None) -> None:
    """The value after power-up, no value, garbage."""
    (tmp_path / "temperature").write_text(text)
    thermometer = w1_thermometer(SysfsFile(str(tmp_path / "temperature")), lambda: 0.0)
    thermometer.poll()
    shown = thermometer.celsius(0.0)
    if says is None:
        assert shown == 127.0
    else:
        assert isinstance(shown, DeviceFailure)
        assert says in shown.cause


def test_unplugged(tmp_path: Path) -> None:
    """The failure of the file."""
    thermometer = w1_thermometer(SysfsFile(f"{tmp_path}/28-*/temperature"), lambda: 0.0)
    thermometer.poll()
    assert isinstance(thermometer.celsius(0.0), DeviceFailure)
