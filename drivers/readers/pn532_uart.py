"""A PN532 at a serial port (high-speed UART, 115200 baud)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from drivers.devices import DeviceFailure
from drivers.ports.serial_port import ByteLine
from drivers.readers.pn532_frames import find, frame

WAKE_UP: Final = b"\x55\x55" + bytes(14)
ACK_IN_S: Final = 0.05
QUIET_S: Final = 0.02
READS: Final = 50
"""A line that still speaks then is no PN532's."""


class Pn532Uart:
    """A `Pn532Link`."""

    def __init__(self, port: ByteLine, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._port = port
        self._monotonic = monotonic
        self._stream = b""

    @property
    def device(self) -> str:
        return self._port.device

    def wake(self) -> DeviceFailure | None:
        """Out of its sleep, and until the line is quiet."""
        failure = self._port.write(WAKE_UP)
        return failure or self._drop(QUIET_S)

    def command(self, data: bytes, within_s: float) -> bytes | DeviceFailure | None:
        failure = self._drop(0.0) or self._port.write(frame(data))
        if failure is not None:
            return failure
        acknowledged = self._next(ACK_IN_S)
        if acknowledged != b"":
            return acknowledged if isinstance(acknowledged, DeviceFailure) else None
        answer = self._next(within_s)
        return answer or None

    def _drop(self, quiet_s: float) -> DeviceFailure | None:
        """Whatever has come: an answer that is late is never the next one's."""
        self._stream = b""
        for _ in range(READS):
            more = self._port.read(64, quiet_s)
            if isinstance(more, DeviceFailure):
                return more
            if not more:
                return None
        return DeviceFailure(self.device, "the line never falls silent", "check that a PN532 is at this port")

    def _next(self, within_s: float) -> bytes | DeviceFailure | None:
        """What stands in the next frame; empty: an ACK; None: none came in time."""
        ends_at = self._monotonic() + within_s
        while True:
            data, self._stream = find(self._stream)
            if data is not None:
                return data
            left_s = ends_at - self._monotonic()
            if left_s <= 0:
                return None
            more = self._port.read(1, left_s)
            if isinstance(more, DeviceFailure):
                return more
            rest = self._port.read(64, 0.0) if more else b""
            if isinstance(rest, DeviceFailure):
                return rest
            self._stream += more + rest
