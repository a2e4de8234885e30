"""Card readers: the table of their drivers."""

from __future__ import annotations

from typing import Any, Final

from drivers.driver_table import Driver, Parameter, PortKind, SerialSettings
from drivers.readers.id_tags import IdFormat
from drivers.readers.polled_reader import PolledReader

FORMAT: Final = {
    "order": Parameter("choice", "as-read", choices=("as-read", "reversed"), says="the order of the bytes of a UID"),
    "prefix": Parameter("text", "", high=12, says="what is put in front of the digits"),
    "strip": Parameter("text", "", high=12, says="a leading text that is taken away first"),
}
DIGITS: Final = Parameter(
    "choice", "as-typed", choices=("as-typed", "decimal", "wiegand-26"), says="what the reader types"
)
I2C_ADDRESS: Final = Parameter("whole", 0x24, low=0x03, high=0x77, says="I2C address")


def _pn532_uart(port: Any, order: Any, prefix: str, strip: str) -> Any:
    from drivers.readers.pn532 import Pn532  # late: a board has one kind of reader
    from drivers.readers.pn532_uart import Pn532Uart

    return PolledReader(Pn532(Pn532Uart(port)), IdFormat(order, prefix, strip))


def _pn532_i2c(bus: Any, address: int, order: Any, prefix: str, strip: str) -> Any:
    from drivers.readers.pn532 import Pn532
    from drivers.readers.pn532_i2c import Pn532I2c

    return PolledReader(Pn532(Pn532I2c(bus, address)), IdFormat(order, prefix, strip))


def _mfrc522(port: Any, order: Any, prefix: str, strip: str) -> Any:
    from drivers.readers.mfrc522 import Mfrc522

    return PolledReader(Mfrc522(port), IdFormat(order, prefix, strip))


def _rdm6300(port: Any, order: Any, prefix: str, strip: str) -> Any:
    from drivers.readers.rdm6300 import Rdm6300

    return PolledReader(Rdm6300(port), IdFormat(order, prefix, strip))


def _usb_keyboard(port: Any, digits: Any, order: Any, prefix: str, strip: str) -> Any:
    from drivers.readers.usb_keyboard import UsbKeyboardReader

    chip = UsbKeyboardReader(port, digits)
    return PolledReader(chip, IdFormat(order, prefix, strip), sightings=1)  # USB has check sums of its own


def _at_port(make: Any, kind: PortKind, says: str, serial: SerialSettings | None = None, **more: Parameter) -> Driver:
    return Driver(make, {"port": kind}, {**FORMAT, **more}, serial=serial, says=says)


DRIVERS: Final = {
    "pn532-uart": _at_port(_pn532_uart, "serial", "PN532 at a serial port", SerialSettings(115200)),
    "pn532-i2c": Driver(_pn532_i2c, {"bus": "i2c"}, {"address": I2C_ADDRESS, **FORMAT}, says="PN532 at an I2C bus"),
    "mfrc522": _at_port(_mfrc522, "spi", "MFRC522 at an SPI bus"),
    "rdm6300": _at_port(_rdm6300, "serial", "RDM6300, 125 kHz, at a serial port", SerialSettings(9600)),
    "usb-keyboard": _at_port(_usb_keyboard, "keyboard", "a USB reader that types like a keyboard", digits=DIGITS),
}
