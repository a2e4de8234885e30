"""A PN532 at an I2C bus, address 0x24: each read begins with a byte that says whether there is anything to read."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from drivers.devices import DeviceFailure
from drivers.ports.i2c_bus import I2cBus
from drivers.readers.pn532_frames import ACK, find, frame

READY: Final = 0x01
LONGEST: Final = 64
"""A UID of ten bytes and a long ATS fit."""
ACK_IN_S: Final = 0.05
LOOKS_EVERY_S: Final = 0.005


class Pn532I2c:
    """A `Pn532Link`."""

    def __init__(
        self,
        bus: I2cBus,
        address: int = 0x24,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._bus = bus
        self._address = address
        self._monotonic = monotonic
        self._sleep = sleep

    @property
    def device(self) -> str:
        return f"address {self._address:#04x} at {self._bus.device}"

    def wake(self) -> DeviceFailure | None:
        """An ACK from our side ends whatever is under way; the first transfer after a sleep may be lost."""
        if self._bus.write(self._address, ACK) is None:
            return None
        self._sleep(LOOKS_EVERY_S)
        return self._bus.write(self._address, ACK)

    def command(self, data: bytes, within_s: float) -> bytes | DeviceFailure | None:
        failure = self._bus.write(self._address, frame(data))
        if failure is not None:
            return failure
        acknowledged = self._next(len(ACK), ACK_IN_S)
        if acknowledged != b"":
            return acknowledged if isinstance(acknowledged, DeviceFailure) else None
        answer = self._next(LONGEST, within_s)
        return answer or None

    def _next(self, length: int, within_s: float) -> bytes | DeviceFailure | None:
        """What stands in the next frame; empty: an ACK; None: none that can be trusted came in time."""
        ends_at = self._monotonic() + within_s
        while True:
            ready = self._bus.read(self._address, 1)
            if isinstance(ready, DeviceFailure):
                return ready
            if ready[0] == READY:
                break
            if self._monotonic() >= ends_at:
                return None
            self._sleep(LOOKS_EVERY_S)
        got = self._bus.read(self._address, 1 + length)
        return got if isinstance(got, DeviceFailure) else find(got[1:]).data
