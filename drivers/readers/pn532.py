"""A PN532 as a card reader, on any link: set up, asked for a card again and again, set up anew after failures."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Protocol

from drivers.devices import DeviceFailure
from drivers.readers.card_mailbox import CardMailbox
from drivers.readers.pn532_frames import uid_of

GET_FIRMWARE: Final = b"\x02"
SAM_CONFIGURATION: Final = b"\x14\x01\x14\x01"
"""Normal mode, no secure access module."""
FEW_RETRIES: Final = b"\x32\x05\xff\x01\x02"
"""RFConfiguration: a search that finds no card ends, so that each search proves that the chip is there."""
LIST_ONE: Final = b"\x4a\x01\x00"
"""InListPassiveTarget: one card, 106 kbit/s type A."""
CHIP: Final = 0x32
LOST_AFTER: Final = 3
"""Searches without an answer."""
PERIOD_S: Final = 0.05
RETRY_S: Final = 1.0
ANSWERS_IN_S: Final = 0.3
WIRING: Final = "check its wiring, its supply and its interface switches"


class Pn532Link(Protocol):
    """How the chip is reached."""

    @property
    def device(self) -> str: ...
    def wake(self) -> DeviceFailure | None:
        """Before the first command, and after a failure: whatever was under way is over."""

    def command(self, data: bytes, within_s: float) -> bytes | DeviceFailure | None:
        """The answer, its code first; None: there is none that can be trusted."""


class Pn532:
    """A `CardChip`."""

    def __init__(
        self,
        link: Pn532Link,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.device = f"PN532 at {link.device}"
        self._link = link
        self._monotonic = monotonic
        self._ready = False
        self._misses = 0

    def search(self, mailbox: CardMailbox) -> float:
        """One search for a card; at once another one where a number has to be proved."""
        if not self._ready:
            failure = self._set_up()
            if failure is not None:
                mailbox.failed(self._monotonic(), failure)
                return RETRY_S
            self._ready, self._misses = True, 0
        answer = self._link.command(LIST_ONE, ANSWERS_IN_S)
        if isinstance(answer, DeviceFailure):
            return self._lost(mailbox, answer)
        uid = None if answer is None else uid_of(answer)
        if uid is None:
            self._misses += 1
            lost = self._misses >= LOST_AFTER
            return self._lost(mailbox, DeviceFailure(self.device, "no answer", WIRING)) if lost else 0.0
        self._misses = 0
        if not uid:
            mailbox.works(self._monotonic())
            return PERIOD_S
        return 0.0 if mailbox.saw(self._monotonic(), uid.hex()) else PERIOD_S

    def _lost(self, mailbox: CardMailbox, failure: DeviceFailure) -> float:
        self._ready = False
        mailbox.failed(self._monotonic(), failure)
        return RETRY_S

    def _set_up(self) -> DeviceFailure | None:
        failure = self._link.wake()
        if failure is not None:
            return failure
        version = self._link.command(GET_FIRMWARE, ANSWERS_IN_S)
        if isinstance(version, DeviceFailure):
            return version
        if version is None:
            return DeviceFailure(self.device, "no answer", WIRING)
        if len(version) != 5 or version[0] != GET_FIRMWARE[0] + 1 or version[1] != CHIP:
            return DeviceFailure(self.device, f"it is no PN532 ({version.hex(' ')})", "check the driver of the reader")
        for command in (SAM_CONFIGURATION, FEW_RETRIES):
            answer = self._link.command(command, ANSWERS_IN_S)
            if isinstance(answer, DeviceFailure):
                return answer
            if answer != bytes((command[0] + 1,)):
                return DeviceFailure(self.device, "it does not take its settings", WIRING)
        return None
