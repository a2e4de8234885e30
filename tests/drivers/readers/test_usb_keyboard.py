"""USB readers that type: lines ended by Enter, pauses, unknown keys, lost and back."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.devices import DeviceFailure
from drivers.readers.id_tags import IdFormat
from drivers.readers.polled_reader import PolledReader
from drivers.readers.usb_keyboard import KEYS, UsbKeyboardReader

CODES = {letter: code for code, letter in reversed(KEYS.items())}


class Keys:
    """`KeyEvents` of memory."""

    device = "/dev/input/by-id/reader"

    def __init__(self) -> None:
        self.coming: list[list[int] | DeviceFailure] = []

    def pressed(self, within_s: float) -> list[int] | DeviceFailure:
        return self.coming.pop(0) if self.coming else []


class Stand:
    def __init__(self, digits: Any = "as-typed") -> None:
        self.keys, self.now = Keys(), 0.0
        self.reader = PolledReader(
            UsbKeyboardReader(self.keys, digits, lambda: self.now),  # type: ignore[arg-type]
            IdFormat(),
            sightings=1,
        )

    def type(self, *texts: str | DeviceFailure) -> Any:
        for text in texts:
            self.keys.coming.append(
                text if isinstance(text, DeviceFailure) else [28 if c == "\n" else CODES.get(c, 57) for c in text]
            )
            self.reader.poll()
        return self.reader.read(self.now)


@pytest.fixture
def stand() -> Stand:
    return Stand()


def test_a_line_is_a_card(stand: Stand) -> None:
    """Leading zeros belong to it; keys may come in several pieces; an empty line is none."""
    assert stand.type("00408", "56634", "\n") == "0040856634"
    assert stand.type("\n") is None
    assert stand.reader.wake_at > 0


def test_decimal_digits_become_bytes() -> None:
    """As the other readers have it."""
    assert Stand("decimal").type("0040856634\n") == "026F6C3A"
    taken = Stand("wiegand-26")
    taken.type("11127706")
    taken.keys.coming.append([96])
    taken.reader.poll()
    assert taken.reader.take(0.0) == ("6F6C3A", "6F6C3A")


def test_half_a_number_does_not_begin_the_next(stand: Stand) -> None:
    """After a pause it is forgotten."""
    stand.type("0040")
    stand.now = 1.1
    assert stand.type("856634", "\n") == "856634"


def test_other_keys_spoil_the_number(stand: Stand) -> None:
    """Except for Shift."""
    stand.keys.coming.append([42, CODES["A"], 54, CODES["1"], 28])
    stand.reader.poll()
    assert stand.reader.read(0.0) == "A1"
    assert stand.type("12 34\n") is None


def test_lost_and_back(stand: Stand) -> None:
    """What was typed before is forgotten."""
    lost = DeviceFailure("/dev/input/by-id/reader", "the device is gone", "check its plug")
    assert stand.type("004", lost) == lost
    assert stand.type("0856634\n") == "0856634"


def test_a_line_is_bounded(stand: Stand) -> None:
    """A book on the keyboard."""
    assert stand.type("1" * 5000 + "\n") is None
