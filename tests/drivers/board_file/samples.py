"""Board files for tests, and families of drivers in which nothing has to exist."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drivers.board_file.check import Checked, checked
from drivers.board_file.machine_checks import Machine
from drivers.board_file.places import Places
from drivers.driver_table import ACTIVE, Driver, Parameter
from drivers.pilots import DRIVERS as PILOTS

LINE = Parameter("line", required=True)
OPTIONAL_LINE = Parameter("line")
ADDRESS = Parameter("whole", required=True, low=1, high=247)
METER = Driver(dict, {"bus": "modbus"}, {"address": ADDRESS}, bauds=(2400, 9600))
INPUT = Driver(dict, {"gpio": "gpio"}, {"line": LINE, "active": ACTIVE})
CONTACTOR = Driver(
    dict,
    {"gpio": "gpio"},
    {"lines": Parameter("lines", required=True, high=3), "feedback": OPTIONAL_LINE, "active": ACTIVE},
)
FAMILIES: Mapping[str, Mapping[str, Driver]] = {
    "pilot": PILOTS,
    "contactor": {"gpio": CONTACTOR, "gpio-pump": CONTACTOR},
    "meter": {"sdm120": METER, "fast": METER._replace(bauds=(19200,)), "any": METER._replace(bauds=())},
    "reader": {
        "serial": Driver(dict, {"port": "serial"}, {"prefix": Parameter("text", "", high=8)}),
        "i2c": Driver(dict, {"bus": "i2c"}, {"address": Parameter("whole", 0x24, low=3, high=0x77)}),
        "spi": Driver(dict, {"spi": "spi"}, {}),
        "keys": Driver(dict, {"port": "keyboard"}, {}),
    },
    "thermometer": {"file": Driver(dict, {"path": "file"}, {"offset": Parameter("number", 0.0, low=-5, high=5)})},
} | {
    family: {"gpio": INPUT}
    for family in ("lock", "proximity", "rcd", "ground", "button", "lamp", "emergency_stop", "tamper", "supply")
}

BOARD = """\
kind = "parts"
name = "acme-7k"
fail_safe = ["strict-gpiod"]

[bus.rs485]
port = "/dev/serial/by-id/usb-x"
baud = 9600

[bus.i2c]
device = "/dev/i2c-1"

[connector.1]
phases = 1
max_amps = 32

[connector.1.pilot]
driver = "pwm-ads1115"
pwm = { device = "fe20c000.pwm", channel = 0 }
adc = { bus = "i2c", address = 0x48, high = 0, low = 1 }
calibration = { high = [0.0, 0.0101], low = [0.0, 0.0101] }

[connector.1.contactor]
driver = "gpio"
lines = [17]
feedback = 27

[connector.1.meter]
driver = "sdm120"
bus = "rs485"
address = 1

[connector.1.rcd]
line = 22
"""


def table(family: str) -> Mapping[str, Driver]:
    return FAMILIES[family]


def check(text: str, root: Path | None = None) -> Checked:
    """The text as a board file, on a machine with nothing but what lies below `root`."""
    import tomllib

    content: dict[str, Any] = tomllib.loads(text)
    return checked(content, text, Machine(root or Path("/nowhere")), table)


def problems(text: str, root: Path | None = None) -> list[str]:
    return [problem.said("b") for problem in check(text, root).problems]


def warnings(text: str, root: Path | None = None) -> list[str]:
    return [warning.said("b") for warning in check(text, root).warnings]


def changed(*pairs: tuple[str, str], text: str = BOARD) -> str:
    """The board with each first text replaced by the second."""
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def line_of(text: str, part: str) -> int:
    """The line in which a text stands."""
    return text[: text.index(part)].count("\n") + 1


__all__ = ["BOARD", "FAMILIES", "Places", "changed", "check", "line_of", "problems", "table", "warnings"]
