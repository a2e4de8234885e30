"""How a family of drivers says what it has: name -> how one is made, on which ports, with which parameters.

The reader of the board file turns a section into the arguments of `Driver.make`, which parses nothing; it is called as
`make(**ports, **values)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NamedTuple

PortKind = Literal["modbus", "i2c", "serial", "spi", "keyboard", "gpio", "file", "pwm", "ads1115", "mcp3008"]
"""What a port argument is given: the `ModbusMaster` or the `I2cBus` of the section [bus.NAME] that the key names, the
`SerialPort`, `SpiDevice` or `KeyEvents` at the path that the key gives (a serial port opened as `Driver.serial` says),
the one `Gpio` of the board (no key), the `SysfsFile` at the path that the key gives; of a pilot the `SysfsPwm` of
`{ device, channel }`, the `AdcInputs` of `{ bus, address, high, low }` or of `{ device, input }`."""

ValueKind = Literal["whole", "number", "flag", "choice", "text", "line", "lines", "calibration"]
"""`line`: BCM number 0 to 53 or the name of a line; `lines`: one or more of them, given as a tuple."""


class Parameter(NamedTuple):
    """One value of a section; without `required` an absent key gives `default`."""

    kind: ValueKind
    default: Any = None
    required: bool = False
    low: float = 0
    high: float = 0
    """Limits of a whole or any number, or of the length of a text, or of the number of lines."""
    choices: tuple[str, ...] = ()
    unit: str = ""
    says: str = ""
    """One sentence for the documentation."""


class SerialSettings(NamedTuple):
    """How a serial port is opened; a device with settings of its own needs these."""

    baud: int = 9600
    parity: str = "N"
    """N, E or O."""
    stop_bits: int = 1


class Driver(NamedTuple):
    """One driver of a family."""

    make: Callable[..., Any]
    ports: Mapping[str, PortKind]
    """By the name of the argument, which is the key of the board file too (`gpio` needs no key)."""
    parameters: Mapping[str, Parameter]
    serial: SerialSettings | None = None
    """Of a port of the kind `serial`."""
    bauds: tuple[int, ...] = ()
    """What the device can be set to; a bus with another speed never reaches it.  Empty: nothing is known."""
    says: str = ""
    """What it is, for the documentation."""
    own_contactor: bool = False
    """Of a pilot: it switches its contactor by itself."""


ACTIVE: Final = Parameter("choice", "high", choices=("high", "low"), says="the level at which the line is on")
PULL: Final = Parameter("choice", "off", choices=("off", "up", "down"), says="the pull resistor inside the Pi")
