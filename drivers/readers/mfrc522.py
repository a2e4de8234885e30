"""An MFRC522 as a card reader: whole UIDs of 4, 7 and 10 bytes over all cascade levels (ISO 14443-3)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from drivers.devices import DeviceFailure
from drivers.ports.spi_device import SpiDevice
from drivers.readers.card_mailbox import CardMailbox
from drivers.readers.mfrc522_chip import Mfrc522Chip

WAKE_UP: Final = b"\x52"
HALT: Final = b"\x50\x00"
SELECT: Final = (0x93, 0x95, 0x97)
"""By cascade level."""
CASCADE_TAG: Final = 0x88
MORE: Final = 0x04
"""Bit of the answer to a selection: the UID goes on with the next level."""
PERIOD_S: Final = 0.06
RETRY_S: Final = 1.0
WIRING: Final = "check its wiring (SDA, SCK, MOSI, MISO, RST) and its supply of 3.3 V"


def crc_a(data: bytes) -> bytes:
    """CRC_A of ISO 14443-3, low byte first."""
    value = 0x6363
    for byte in data:
        byte ^= value & 0xFF
        byte = (byte ^ byte << 4) & 0xFF
        value = value >> 8 ^ byte << 8 ^ byte << 3 ^ byte >> 4
    return bytes((value & 0xFF, value >> 8))


class Mfrc522:
    """A `CardChip`."""

    def __init__(
        self,
        spi: SpiDevice,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.device = f"MFRC522 at {spi.device}"
        self._chip = Mfrc522Chip(spi, sleep)
        self._monotonic = monotonic
        self._ready = False

    def search(self, mailbox: CardMailbox) -> float:
        """One search for a card; at once another one where a number has to be proved."""
        failure = self._settle()
        uid = failure or self._uid()
        now = self._monotonic()
        if isinstance(uid, DeviceFailure):
            self._ready = False
            mailbox.failed(now, uid)
            return RETRY_S
        if uid is None:
            mailbox.works(now)
            return PERIOD_S
        return 0.0 if mailbox.saw(now, uid.hex()) else PERIOD_S

    def _settle(self) -> DeviceFailure | None:
        """Set it up where it is not."""
        for _ in range(2):
            ready = self._chip.is_set_up() if self._ready else False
            if isinstance(ready, DeviceFailure):
                return ready
            if ready:
                return None
            failure = self._chip.set_up()
            if failure is not None:
                return failure
            self._ready = True
        return None if self._chip.is_set_up() is True else DeviceFailure(self.device, "no answer", WIRING)

    def _uid(self) -> bytes | DeviceFailure | None:
        """Of the card in the field; None: there is none, or it was not read whole."""
        answer = self._chip.exchange(WAKE_UP, last_bits=7)
        if not isinstance(answer, bytes) or len(answer) != 2:
            return answer if isinstance(answer, DeviceFailure) else None
        uid = b""
        for level in SELECT:
            part = self._level(level)
            if not isinstance(part, tuple) or isinstance(part, DeviceFailure):
                return part
            number, more = part
            if more != (number[0] == CASCADE_TAG):
                return None
            uid += number[1:] if more else number
            if not more:
                self._chip.exchange(HALT + crc_a(HALT))  # a card that was told to halt answers to the next wake-up
                return uid
        return None

    def _level(self, select: int) -> tuple[bytes, bool] | DeviceFailure | None:
        """Four bytes of one cascade level, and whether there is another."""
        number = self._chip.exchange(bytes((select, 0x20)))
        if not isinstance(number, bytes):
            return number
        if len(number) != 5 or number[0] ^ number[1] ^ number[2] ^ number[3] != number[4]:
            return None
        chosen = bytes((select, 0x70)) + number
        answer = self._chip.exchange(chosen + crc_a(chosen))
        if not isinstance(answer, bytes):
            return answer
        if len(answer) != 3 or crc_a(answer[:1]) != answer[1:]:
            return None
        return number[:4], bool(answer[0] & MORE)
