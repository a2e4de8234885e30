"""What a driver's parameters may be: the words in which each family's table `DRIVERS` is written.  Reads no file.

A table of `board.toml` names a driver; its other keys are the parameters of that driver.  A plain one is handed over as
it stands, with the type that is said here; one with a `role` names something of the machine, which is opened first and
handed over in its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import Enum
from math import isfinite
from typing import Any, Final, NamedTuple


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
    OUTPUT = "output"
    """One line that this board drives."""
    OUTPUTS = "outputs"
    """A list of such lines."""
    INPUT = "input"
    """One line that this board reads."""
    SERIAL_PORT = "serial port"
    """A serial port that this device has for itself."""
    PWM_DEVICE = "PWM device"
    """A PWM chip by the name of its device."""
    SPI_DEVICE = "SPI device"
    """A path like /dev/spidev0.0."""
    INPUT_DEVICE = "input device"
    """A path of an input device (/dev/input/by-id/...)."""


class _Required:
    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED: Final = _Required()
"""The default of a parameter that has none."""


class Parameter(NamedTuple):
    """One key of a table: its default, what fits, that as a text, and what it names."""

    first: Any
    """Where it is not given; `REQUIRED`: it must be given.  None: the driver does without."""
    fits: Callable[[Any], bool]
    allowed: str
    role: Role = Role.VALUE
    fields: Mapping[str, Parameter] = {}
    """Of a table."""
    choices: tuple[str, ...] = ()
    """The words that are allowed, where they can be listed."""


class Driver(NamedTuple):
    """One driver of a family."""

    make: Callable[..., Any]
    """Called with each parameter by its name; returns a device of `drivers.devices`, or raises nothing."""
    parameters: Mapping[str, Parameter] = {}
    bauds: tuple[int, ...] = ()
    """What this device speaks on a serial line; empty: it says nothing about that."""
    bus: str = ""
    """The kind of bus it stands on: "serial" or "i2c"; empty: none."""


# --- the plain ones ---------------------------------------------------------------------------------------------------


def whole(low: int, high: int, first: Any = REQUIRED, role: Role = Role.VALUE) -> Parameter:
    """An integer, both ends included."""
    return Parameter(
        first, lambda value: type(value) is int and low <= value <= high, f"a whole number from {low} to {high}", role
    )


def number(low: float, high: float, first: Any = REQUIRED) -> Parameter:
    """An integer or a float, both ends included; never infinite."""
    return Parameter(
        first,
        lambda value: type(value) in (int, float) and isfinite(value) and low <= value <= high,
        f"a number from {low:g} to {high:g}",
    )


def flag(first: Any = REQUIRED) -> Parameter:
    return Parameter(first, lambda value: type(value) is bool, "true or false")


def word(choices: tuple[str, ...], first: Any = REQUIRED) -> Parameter:
    """One of these words."""
    allowed = ", ".join(f'"{choice}"' for choice in choices)
    return Parameter(first, lambda value: type(value) is str and value in choices, f"one of {allowed}", choices=choices)


def one_of(choices: tuple[int, ...], first: Any = REQUIRED) -> Parameter:
    """One of these numbers."""
    allowed = ", ".join(map(str, choices))
    return Parameter(first, lambda value: type(value) is int and value in choices, f"one of {allowed}")


def text(longest: int, first: Any = REQUIRED, pattern: str = "", said: str = "") -> Parameter:
    """Printable ASCII, at most so long; where there is a `pattern`, all of it must match (`said` tells people so)."""

    def fits(value: Any) -> bool:
        if type(value) is not str or len(value) > longest or not value.isascii():
            return False
        return all(c.isprintable() for c in value) and (not pattern or re.fullmatch(pattern, value) is not None)

    return Parameter(first, fits, said or f"a text of at most {longest} printable ASCII characters")


def path(first: Any = REQUIRED, role: Role = Role.VALUE) -> Parameter:
    return Parameter(
        first,
        lambda value: type(value) is str and value.startswith("/") and "\0" not in value,
        "an absolute path",
        role,
    )


def numbers(count: int, low: float, high: float, first: Any = REQUIRED) -> Parameter:
    """A list of exactly so many numbers."""

    def fits(value: Any) -> bool:
        return (
            type(value) is list
            and len(value) == count
            and all(type(one) in (int, float) and low <= one <= high for one in value)
        )

    return Parameter(first, fits, f"a list of {count} numbers from {low:g} to {high:g}")


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


def output(first: Any = REQUIRED) -> Parameter:
    return Parameter(first, is_line, LINE_ALLOWED, Role.OUTPUT)


def outputs(most: int, first: Any = REQUIRED) -> Parameter:
    """One to so many different lines."""
    return Parameter(
        first,
        lambda value: (
            type(value) is list
            and 1 <= len(value) <= most
            and all(is_line(one) for one in value)
            and len(set(map(str, value))) == len(value)
        ),
        f"a list of 1 to {most} different lines, each {LINE_ALLOWED}",
        Role.OUTPUTS,
    )


def input_line(first: Any = REQUIRED) -> Parameter:
    return Parameter(first, is_line, LINE_ALLOWED, Role.INPUT)


def bus() -> Parameter:
    return Parameter(
        REQUIRED,
        lambda value: type(value) is str and re.fullmatch(r"[A-Za-z0-9_-]{1,32}", value) is not None,
        "the name of a table [bus.NAME]",
        Role.BUS,
    )


def address(low: int = 1, high: int = 247, first: Any = REQUIRED) -> Parameter:
    return whole(low, high, first, Role.ADDRESS)


def table(fields: Mapping[str, Parameter], first: Any = REQUIRED) -> Parameter:
    """A table of its own, written in one line or as a section."""
    shape = ", ".join(fields)
    return Parameter(first, lambda value: type(value) is dict, f"a table with {shape}", Role.TABLE, fields)
