"""What a key of the board file may be: its default, what fits, that as a text, and what of the machine it names.

The tables of the families of drivers (`drivers.driver_table`) are put into these terms by `understood`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import Enum
from math import isfinite
from typing import Any, Final, NamedTuple

from drivers import driver_table
from drivers.driver_table import Driver


class Role(Enum):
    """What a parameter names."""

    VALUE = "value"
    """Nothing of the machine: a number, a word, a list."""
    TABLE = "table"
    """A table with parameters of its own (`fields`)."""
    BUS = "bus"
    """A table `[bus.NAME]`."""
    ADDRESS = "address"
    """The place of this device on its bus: no two of one bus may have the same."""
    LINE = "line"
    """A GPIO line."""
    LINES = "lines"
    """A list of GPIO lines."""
    SERIAL_PORT = "serial port"
    """A serial port that this device has for itself."""
    SPI_DEVICE = "SPI device"
    """A path like /dev/spidev0.0."""
    INPUT_DEVICE = "input device"
    """A path of an input device (/dev/input/by-id/...)."""


class _Required:
    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED: Final = _Required()
"""The default of a parameter that has none."""


class FileKey(NamedTuple):
    """One key of a table: its default, what fits, that as a text, and what it names."""

    first: Any
    """Where it is not given; `REQUIRED`: it must be given.  None: the driver does without."""
    fits: Callable[[Any], bool]
    allowed: str
    role: Role = Role.VALUE
    fields: Mapping[str, FileKey] = {}
    """Of a table."""
    choices: tuple[str, ...] = ()
    """The words that are allowed, where they can be listed."""


# --- the plain ones ---------------------------------------------------------------------------------------------------


def whole(low: int, high: int, first: Any = REQUIRED, role: Role = Role.VALUE) -> FileKey:
    """An integer, both ends included."""
    return FileKey(
        first, lambda value: type(value) is int and low <= value <= high, f"a whole number from {low} to {high}", role
    )


def number(low: float, high: float, first: Any = REQUIRED) -> FileKey:
    """An integer or a float, both ends included; never infinite."""
    return FileKey(
        first,
        lambda value: type(value) in (int, float) and isfinite(value) and low <= value <= high,
        f"a number from {low:g} to {high:g}",
    )


def flag(first: Any = REQUIRED) -> FileKey:
    return FileKey(first, lambda value: type(value) is bool, "true or false")


def word(choices: tuple[str, ...], first: Any = REQUIRED) -> FileKey:
    """One of these words."""
    allowed = ", ".join(f'"{choice}"' for choice in choices)
    return FileKey(first, lambda value: type(value) is str and value in choices, f"one of {allowed}", choices=choices)


def one_of(choices: tuple[int, ...], first: Any = REQUIRED) -> FileKey:
    """One of these numbers."""
    allowed = ", ".join(map(str, choices))
    return FileKey(first, lambda value: type(value) is int and value in choices, f"one of {allowed}")


def text(longest: int, first: Any = REQUIRED, pattern: str = "", said: str = "") -> FileKey:
    """Printable ASCII, at most so long; where there is a `pattern`, all of it must match (`said` tells people so)."""

    def fits(value: Any) -> bool:
        if type(value) is not str or len(value) > longest or not value.isascii():
            return False
        return all(c.isprintable() for c in value) and (not pattern or re.fullmatch(pattern, value) is not None)

    return FileKey(first, fits, said or f"a text of at most {longest} printable ASCII characters")


def path(first: Any = REQUIRED, role: Role = Role.VALUE) -> FileKey:
    return FileKey(
        first,
        lambda value: type(value) is str and value.startswith("/") and "\0" not in value,
        "an absolute path",
        role,
    )


def numbers(count: int, low: float, high: float, first: Any = REQUIRED) -> FileKey:
    """A list of exactly so many numbers."""

    def fits(value: Any) -> bool:
        return (
            type(value) is list
            and len(value) == count
            and all(type(one) in (int, float) and low <= one <= high for one in value)
        )

    return FileKey(first, fits, f"a list of {count} numbers from {low:g} to {high:g}")


# --- those that name something of the machine -------------------------------------------------------------------------

HIGHEST_LINE: Final = 27
"""The 40-pin header has the lines 0 to 27 (BCM numbers)."""
LINE_NAME: Final = r"[A-Za-z][A-Za-z0-9_.-]{0,31}"
LINE_ALLOWED: Final = f"a BCM number from 0 to {HIGHEST_LINE} or the name of a line"


def is_line(value: Any) -> bool:
    """A BCM number or the name of a line."""
    if type(value) is int:
        return 0 <= value <= HIGHEST_LINE
    return type(value) is str and re.fullmatch(LINE_NAME, value) is not None


def line(first: Any = REQUIRED) -> FileKey:
    return FileKey(first, is_line, LINE_ALLOWED, Role.LINE)


def lines(most: int, first: Any = REQUIRED) -> FileKey:
    """One to so many different lines."""
    return FileKey(
        first,
        lambda value: (
            type(value) is list
            and 1 <= len(value) <= most
            and all(is_line(one) for one in value)
            and len(set(map(str, value))) == len(value)
        ),
        f"a list of 1 to {most} different lines, each {LINE_ALLOWED}",
        Role.LINES,
    )


def bus() -> FileKey:
    return FileKey(
        REQUIRED,
        lambda value: type(value) is str and re.fullmatch(r"[A-Za-z0-9_-]{1,32}", value) is not None,
        "the name of a table [bus.NAME]",
        Role.BUS,
    )


def address(low: int = 1, high: int = 247, first: Any = REQUIRED) -> FileKey:
    return whole(low, high, first, Role.ADDRESS)


def table(fields: Mapping[str, FileKey], first: Any = REQUIRED) -> FileKey:
    """A table of its own, written in one line or as a section."""
    shape = ", ".join(fields)
    return FileKey(first, lambda value: type(value) is dict, f"a table with {shape}", Role.TABLE, fields)


# --- the tables of the families ---------------------------------------------------------------------------------------

BUS_KINDS: Final = {"modbus": "serial", "i2c": "i2c"}
"""Port of a driver -> kind of the bus that its key names."""
_COUNTS: Final = numbers(2, -1e6, 1e6)._replace(allowed="two numbers [a, b]: volts = a + b × counts")
CALIBRATION: Final = table({"high": _COUNTS, "low": _COUNTS})
_PWM: Final = table(
    {
        "device": text(64, pattern=r"[\w.@:-]+", said="the name of the PWM's device, e.g. fe20c000.pwm"),
        "channel": whole(0, 3, 0),
        "pin": FileKey(None, lambda value: type(value) is int, "12, 13, 18 or 19, where the overlay lets it out"),
        "inverted": flag(False),
    }
)
_ADS1115: Final = table(
    {"bus": bus(), "address": address(0x48, 0x4B, 0x48), "high": whole(0, 3, 0), "low": whole(0, 3, 1)}
)
_MCP3008: Final = table({"device": path(role=Role.SPI_DEVICE), "input": whole(0, 7, 0)})
_PORTS: Final[dict[str, FileKey]] = {
    "modbus": bus(),
    "i2c": bus(),
    "serial": path(role=Role.SERIAL_PORT),
    "spi": path(role=Role.SPI_DEVICE),
    "keyboard": path(role=Role.INPUT_DEVICE),
    "file": path(),
    "pwm": _PWM,
    "ads1115": _ADS1115,
    "mcp3008": _MCP3008,
}
"""What the key of a port may be; `gpio` has no key."""
MOST_LINES: Final = 8


def understood(driver: Driver) -> dict[str, FileKey]:
    """The keys of a driver's table."""
    found = {name: _PORTS[kind] for name, kind in driver.ports.items() if kind != "gpio"}
    return found | {name: _value(name, value) for name, value in driver.parameters.items()}


def _value(name: str, value: driver_table.Parameter) -> FileKey:
    first = REQUIRED if value.required else value.default
    match value.kind:
        case "whole":
            role = Role.ADDRESS if name == "address" else Role.VALUE
            return whole(int(value.low), int(value.high), first, role)
        case "number":
            return number(value.low, value.high, first)
        case "flag":
            return flag(first)
        case "choice":
            return word(value.choices, first)
        case "text":
            return text(int(value.high) or 255, first)
        case "line":
            return line(first)
        case "lines":
            return lines(int(value.high) or MOST_LINES, first)
        case "calibration":
            return CALIBRATION._replace(first=first)
