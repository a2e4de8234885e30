"""A USB reader that types the card's number like a keyboard, ended by Enter."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from math import inf
from typing import Final

from drivers.devices import DeviceFailure
from drivers.ports.key_events import KeyEvents
from drivers.readers.card_mailbox import CardMailbox
from drivers.readers.id_tags import Digits, typed

KEYS: Final[Mapping[int, str]] = {
    **dict(zip(range(2, 12), "1234567890", strict=True)),
    **dict(zip(range(16, 26), "QWERTYUIOP", strict=True)),
    **dict(zip(range(30, 39), "ASDFGHJKL", strict=True)),
    **dict(zip(range(44, 51), "ZXCVBNM", strict=True)),
    **dict(zip((82, 79, 80, 81, 75, 76, 77, 71, 72, 73), "0123456789", strict=True)),
}
"""The kernel's codes of keys, those of the number pad too."""
ENTER: Final = (28, 96)
SHIFT: Final = (42, 54)
PAUSE_S: Final = 1.0
"""Keys after a longer pause belong to another card."""
LISTENS_S: Final = 0.5
RETRY_S: Final = 1.0
MOST: Final = 40


class UsbKeyboardReader:
    """A `CardChip`.

    digits  what it types
    """

    def __init__(
        self,
        keys: KeyEvents,
        digits: Digits = "as-typed",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.device = f"card reader at {keys.device}"
        self._keys = keys
        self._digits = digits
        self._monotonic = monotonic
        self._line = ""
        self._last_at = -inf

    def search(self, mailbox: CardMailbox) -> float:
        """Listen for half a second, or until a key is pressed."""
        pressed = self._keys.pressed(LISTENS_S)
        now = self._monotonic()
        if isinstance(pressed, DeviceFailure):
            self._line = ""
            mailbox.failed(now, pressed)
            return RETRY_S
        mailbox.works(now)
        if now - self._last_at > PAUSE_S:
            self._line = ""
        for key in pressed:
            self._last_at = now
            self._press(mailbox, now, key)
        return 0.0

    def _press(self, mailbox: CardMailbox, now: float, key: int) -> None:
        if key in ENTER:
            raw = typed(self._line, self._digits)
            self._line = ""
            if raw:
                mailbox.saw(now, raw)
        elif key not in SHIFT:
            self._line = (self._line + KEYS.get(key, "?"))[-MOST:]
