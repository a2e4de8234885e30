"""The door to smbus2: one I2C bus; each transfer names the address at which it failed."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from drivers.devices import DeviceFailure
from drivers.ports.handle import Handle, Remedy

R = TypeVar("R")

SILENT: Final = Remedy("no answer at this address", "check its wiring and its address; i2cdetect shows who is there")
REMEDIES: Final[Mapping[int, Remedy]] = {
    errno.ENOENT: Remedy("there is no such bus", "switch it on: dtparam=i2c_arm=on in /boot/firmware/config.txt"),
    errno.EACCES: Remedy("no right to open it", "evsed-board must be in the group i2c: evsed-board --print-dropin"),
    errno.EREMOTEIO: SILENT,
    errno.ENXIO: SILENT,
    errno.EIO: SILENT,
    errno.ETIMEDOUT: Remedy("the bus is stuck", "a device holds its lines: check the wiring, take the power away once"),
    errno.EBUSY: Remedy("a kernel driver uses this address", "take its dtoverlay out of /boot/firmware/config.txt"),
    errno.EOPNOTSUPP: Remedy("the bus cannot do this transfer", "use another bus"),
}


def _open_smbus(device: str) -> Any:
    from smbus2 import SMBus  # late: only boards with an I2C bus pay for it

    return SMBus(device)


class I2cBus:
    """One bus, e.g. at /dev/i2c-1; addresses 0x03 to 0x77.  Threads may share it: a transfer is never interrupted.

    open_  makes an object with the methods of smbus2's SMBus from the path
    """

    __slots__ = ("_handle", "device")

    def __init__(
        self,
        device: str,
        open_: Callable[[str], Any] = _open_smbus,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.device = device
        self._handle: Handle[Any] = Handle(
            device, lambda: open_(device), lambda bus: bus.close(), REMEDIES, monotonic=monotonic
        )

    def read_word(self, address: int, register: int) -> int | DeviceFailure:
        """16 bits, the first byte on the wire being the high one (as ADS1115 and LM75 send, other than SMBus says)."""
        return self._use(address, lambda bus: _swapped(int(bus.read_word_data(address, register))))

    def write_word(self, address: int, register: int, value: int) -> DeviceFailure | None:
        """16 bits, the high byte first."""
        return self._use(address, lambda bus: _none(bus.write_word_data(address, register, _swapped(value))))

    def read_byte(self, address: int, register: int) -> int | DeviceFailure:
        return self._use(address, lambda bus: int(bus.read_byte_data(address, register)))

    def write_byte(self, address: int, register: int, value: int) -> DeviceFailure | None:
        return self._use(address, lambda bus: _none(bus.write_byte_data(address, register, value)))

    def read(self, address: int, length: int) -> bytes | DeviceFailure:
        """A plain transfer, without a register."""

        def read(bus: Any) -> bytes:
            from smbus2 import i2c_msg

            message = i2c_msg.read(address, length)
            bus.i2c_rdwr(message)
            return bytes(message)

        return self._use(address, read)

    def write(self, address: int, data: bytes) -> DeviceFailure | None:
        """A plain transfer, without a register."""

        def write(bus: Any) -> None:
            from smbus2 import i2c_msg

            bus.i2c_rdwr(i2c_msg.write(address, data))

        return self._use(address, write)

    def close(self) -> None:
        """It is opened again by the next transfer."""
        self._handle.close()

    def _use(self, address: int, action: Callable[[Any], R]) -> R | DeviceFailure:
        return self._handle.use(action, f"address {address:#04x} at {self.device}")


def _swapped(word: int) -> int:
    return (word & 0xFF) << 8 | word >> 8


def _none(_: object) -> None:
    """A transfer that answers nothing."""
