"""The door to spidev: one device at an SPI bus, full-duplex transfers."""

from __future__ import annotations

import errno
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from drivers.devices import DeviceFailure
from drivers.ports.handle import Handle, Remedy

REMEDIES: Final[Mapping[int, Remedy]] = {
    errno.ENOENT: Remedy("there is no such SPI device", "switch it on: dtparam=spi=on in /boot/firmware/config.txt"),
    errno.EACCES: Remedy("no right to open it", "evsed-board must be in the group spi: evsed-board --print-dropin"),
    0: Remedy("", "check the path, e.g. /dev/spidev0.0, and that python3-spidev is installed"),
}
_PATH: Final = re.compile(r"/dev/spidev([0-9]+)\.([0-9]+)")


def _open_spidev(path: str) -> Any:
    found = _PATH.fullmatch(path)
    if found is None:
        raise OSError(f"{path} is no SPI device")
    import spidev  # late: only boards with an SPI device pay for it

    device = spidev.SpiDev()
    device.open(int(found[1]), int(found[2]))
    return device


class SpiDevice:
    """A device at e.g. /dev/spidev0.0.

    open_  makes an object with `xfer2`, `close`, `max_speed_hz` and `mode` from the path
    """

    __slots__ = ("_handle", "_hz", "_mode", "_open_device", "device")

    def __init__(
        self,
        path: str,
        hz: int = 1_000_000,
        mode: int = 0,
        open_: Callable[[str], Any] = _open_spidev,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.device = path
        self._hz = hz
        self._mode = mode
        self._open_device = open_
        self._handle: Handle[Any] = Handle(
            path, self._open, lambda device: device.close(), REMEDIES, monotonic=monotonic
        )

    def transfer(self, data: bytes) -> bytes | DeviceFailure:
        """Send, and what came back meanwhile: as many bytes."""
        return self._handle.use(lambda device: bytes(device.xfer2(list(data))))

    def close(self) -> None:
        """It is opened again by the next transfer."""
        self._handle.close()

    def _open(self) -> Any:
        device = self._open_device(self.device)
        device.max_speed_hz = self._hz
        device.mode = self._mode
        return device
