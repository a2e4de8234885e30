"""The door to pyserial: a serial line that is opened by one program alone and reopens by itself."""

from __future__ import annotations

import errno
import select
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, Protocol

from drivers.devices import DeviceFailure
from drivers.driver_table import SerialSettings
from drivers.ports.handle import Handle, Remedy

Direction = Literal["adapter", "kernel", "rts", "rts-inverted"]
"""Who switches an RS-485 driver between sending and receiving: the adapter itself, the kernel, or we by the RTS line
(`rts`: RTS is on while we send)."""

IN_USE: Final = Remedy("another program uses it", "end that program; a login console: systemctl disable serial-getty@…")
REMEDIES: Final[Mapping[int, Remedy]] = {
    errno.ENOENT: Remedy("there is no such device", "check its plug; ls /dev/serial/by-id shows those that are there"),
    errno.EACCES: Remedy("no right to open it", "evsed-board must be in the group dialout: evsed-board --print-dropin"),
    errno.EAGAIN: IN_USE,
    errno.EBUSY: IN_USE,
    errno.ENOTTY: Remedy("it is not a serial line", "check the port in the board file"),
    errno.EINVAL: Remedy("it does not know these settings", "check baud, parity and stop_bits in the board file"),
    errno.EIO: Remedy("the device is gone", "check its plug"),
    0: Remedy("", "check its plug"),
}


class ByteLine(Protocol):
    """What a protocol on a serial line needs; in tests it is made of memory."""

    @property
    def device(self) -> str: ...
    @property
    def baud(self) -> int: ...
    def write(self, data: bytes) -> DeviceFailure | None: ...
    def read(self, most: int, within_s: float) -> bytes | DeviceFailure: ...
    def close(self) -> None: ...


class SerialPort:
    """A `ByteLine` at a path, 8 data bits.

    path       e.g. /dev/serial/by-id/…
    direction  see `Direction`
    open_      makes an object like pyserial's Serial from path and settings
    """

    __slots__ = ("_direction", "_handle", "_open_line", "_path", "settings")

    def __init__(
        self,
        path: str,
        settings: SerialSettings = SerialSettings(),  # noqa: B008 frozen
        direction: Direction = "adapter",
        open_: Callable[[str, SerialSettings], Any] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._direction = direction
        self._open_line = open_ or _open_serial
        self.settings = settings
        self._handle: Handle[Any] = Handle(path, self._open, lambda port: port.close(), REMEDIES, monotonic=monotonic)

    @property
    def device(self) -> str:
        return self._path

    @property
    def baud(self) -> int:
        return self.settings.baud

    def write(self, data: bytes) -> DeviceFailure | None:
        """Returns when all has left the line (with direction control) or is with the kernel."""
        return self._handle.use(lambda port: self._write(port, data))

    def read(self, most: int, within_s: float) -> bytes | DeviceFailure:
        """As soon as `most` bytes are there, or what has come within `within_s`; empty: silence."""
        return self._handle.use(lambda port: _read(port, most, within_s))

    def close(self) -> None:
        """It is opened again by the next read or write."""
        self._handle.close()

    def _open(self) -> Any:
        port = self._open_line(self._path, self.settings)
        if self._direction == "kernel":
            from serial import rs485

            port.rs485_mode = rs485.RS485Settings()
        elif self._direction != "adapter":
            port.rts = self._direction == "rts-inverted"
        return port

    def _write(self, port: Any, data: bytes) -> None:
        if self._direction in ("adapter", "kernel"):
            port.write(data)
            return
        port.rts = self._direction == "rts"
        try:
            port.write(data)
            port.flush()  # tcdrain: the last bit has left
        finally:
            port.rts = self._direction == "rts-inverted"


def _open_serial(path: str, settings: SerialSettings) -> Any:
    import serial  # late: only boards with a serial line pay for it

    baud, parity, stop_bits = settings
    return serial.Serial(path, baud, parity=parity, stopbits=stop_bits, timeout=0, write_timeout=1.0, exclusive=True)


def _read(port: Any, most: int, within_s: float) -> bytes:
    """Waits in the kernel; pyserial's own time-out would set up the line anew at each change."""
    data = bytearray()
    poll = select.poll()
    poll.register(port.fileno(), select.POLLIN)
    ends_at = time.monotonic() + within_s
    while len(data) < most:
        if not poll.poll(max(0.0, ends_at - time.monotonic()) * 1000.0):
            break
        data += port.read(most - len(data))
    return bytes(data)
