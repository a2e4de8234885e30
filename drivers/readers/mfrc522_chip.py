"""The chip MFRC522 behind SPI: its registers, and one exchange with a card in the field."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from drivers.devices import DeviceFailure
from drivers.ports.spi_device import SpiDevice

COMMAND, COM_IRQ, ERROR, FIFO_DATA, FIFO_LEVEL = 0x01, 0x04, 0x06, 0x09, 0x0A
CONTROL, BIT_FRAMING, COLLISION, MODE, TX_CONTROL, TX_ASK = 0x0C, 0x0D, 0x0E, 0x11, 0x14, 0x15
TIMER_MODE, TIMER_PRESCALER, RELOAD_HIGH, RELOAD_LOW, VERSION = 0x2A, 0x2B, 0x2C, 0x2D, 0x37

IDLE, TRANSCEIVE, SOFT_RESET = 0x00, 0x0C, 0x0F
RECEIVED_OR_IDLE, TIMED_OUT = 0x30, 0x01
ANY_ERROR: Final = 0x1B
"""Buffer, collision, parity, protocol."""
SETTINGS: Final = (
    *((TIMER_MODE, 0x80), (TIMER_PRESCALER, 0xA9), (RELOAD_HIGH, 0x03), (RELOAD_LOW, 0xE8)),
    *((TX_ASK, 0x40), (MODE, 0x3D), (COLLISION, 0x80)),
)
"""A timer of 25 ms that starts with the end of sending, 100 % ASK, the CRC preset of ISO 14443, whole UIDs."""
LOOKS: Final = 40
LOOK_S: Final = 0.001
ABSENT: Final = (0x00, 0xFF)
"""What is read where there is no chip."""


class Mfrc522Chip:
    """Registers by number; each call answers a failure of the SPI device as a value."""

    def __init__(self, spi: SpiDevice, sleep: Callable[[float], object] = time.sleep) -> None:
        self._spi = spi
        self._sleep = sleep

    def read(self, register: int) -> int | DeviceFailure:
        got = self._spi.transfer(bytes((register << 1 | 0x80, 0)))
        return got if isinstance(got, DeviceFailure) else got[1]

    def write(self, *pairs: tuple[int, int]) -> DeviceFailure | None:
        for register, value in pairs:
            got = self._spi.transfer(bytes((register << 1, value)))
            if isinstance(got, DeviceFailure):
                return got
        return None

    def set_up(self) -> DeviceFailure | None:
        """Reset, settings, antenna on."""
        failure = self.write((COMMAND, SOFT_RESET))
        self._sleep(0.05)
        return failure or self.write(*SETTINGS, (TX_CONTROL, 0x83))

    def is_set_up(self) -> bool | DeviceFailure:
        """Whether it is there and still has its settings: a dip of its supply takes them away."""
        for register, wanted in ((VERSION, None), (RELOAD_LOW, 0xE8), (TX_CONTROL, 0x83)):
            got = self.read(register)
            if isinstance(got, DeviceFailure):
                return got
            if got in ABSENT or (wanted is not None and got != wanted):
                return False
        return True

    def exchange(self, data: bytes, last_bits: int = 0) -> bytes | DeviceFailure | None:
        """What the card answers; None: nothing, or nothing that is whole.  `last_bits` of the last byte are sent."""
        failure = self.write(
            (COMMAND, IDLE),
            (COM_IRQ, 0x7F),
            (FIFO_LEVEL, 0x80),
            *((FIFO_DATA, byte) for byte in data),
            (COMMAND, TRANSCEIVE),
            (BIT_FRAMING, 0x80 | last_bits),
        )
        if failure is not None:
            return failure
        for _ in range(LOOKS):
            irq = self.read(COM_IRQ)
            if isinstance(irq, DeviceFailure):
                return irq
            if irq & RECEIVED_OR_IDLE:
                return self._received()
            if irq & TIMED_OUT:
                return None
            self._sleep(LOOK_S)
        return None

    def _received(self) -> bytes | DeviceFailure | None:
        seen = []
        for register in (ERROR, FIFO_LEVEL, CONTROL):
            got = self.read(register)
            if isinstance(got, DeviceFailure):
                return got
            seen.append(got)
        error, length, control = seen
        if error & ANY_ERROR or control & 0x07 or not 0 < length <= 64:
            return None
        data = bytearray()
        for _ in range(length):
            got = self.read(FIFO_DATA)
            if isinstance(got, DeviceFailure):
                return got
            data.append(got)
        return bytes(data)
