"""An RDM6300 (125 kHz): a serial port at which a card's number comes again and again while it is present."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from drivers.devices import DeviceFailure
from drivers.ports.serial_port import ByteLine
from drivers.readers.card_mailbox import CardMailbox

BEGIN, END = 0x02, 0x03
LENGTH: Final = 14
"""Begin, ten digits, two of the check sum, end."""
DIGITS: Final = b"0123456789ABCDEFabcdef"
LISTENS_S: Final = 0.5
RETRY_S: Final = 1.0


def number_of(frame: bytes) -> str:
    """The ten digits of a frame of 14 bytes, version first; empty where it is none: form or check sum are wrong."""
    digits = frame[1:13]
    if len(frame) != LENGTH or frame[0] != BEGIN or frame[-1] != END or not all(digit in DIGITS for digit in digits):
        return ""
    check = 0
    for byte in bytes.fromhex(digits.decode()):
        check ^= byte  # of all six: the check sum makes it zero
    return "" if check else digits[:10].decode().upper()


class Rdm6300:
    """A `CardChip`.  Whether the module is there shows only when it reads a card."""

    def __init__(self, port: ByteLine, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.device = f"RDM6300 at {port.device}"
        self._port = port
        self._monotonic = monotonic
        self._stream = b""

    def search(self, mailbox: CardMailbox) -> float:
        """Listen for half a second, or until there is something."""
        got = self._port.read(1, LISTENS_S)
        rest = self._port.read(64, 0.0) if isinstance(got, bytes) and got else b""
        now = self._monotonic()
        for part in (got, rest):
            if isinstance(part, DeviceFailure):
                self._stream = b""
                mailbox.failed(now, part)
                return RETRY_S
            self._stream += part
        mailbox.works(now)
        self._find(mailbox, now)
        return 0.0

    def _find(self, mailbox: CardMailbox, now: float) -> None:
        """Every whole frame of the stream; what cannot be the begin of one is dropped."""
        while (at := self._stream.find(BEGIN)) >= 0:
            self._stream = self._stream[at:]
            if len(self._stream) < LENGTH:
                return
            number = number_of(self._stream[:LENGTH])
            if number:
                mailbox.saw(now, number)
            self._stream = self._stream[LENGTH if number else 1 :]
        self._stream = b""
