"""A keyboard with a library of memory: grabbed, pressed keys in order, failures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from drivers.devices import DeviceFailure
from drivers.ports.key_events import KeyEvents


class Event(NamedTuple):
    type: int
    code: int
    value: int


class FakeKeyboard:
    def __init__(self) -> None:
        self.fd, self._end = os.pipe()
        self.events: list[Event] = []
        self.grabbed = self.closed = 0
        self.error: Exception | None = None
        self.grab_error: Exception | None = None

    def grab(self) -> None:
        if self.grab_error:
            raise self.grab_error
        self.grabbed += 1

    def press(self, *codes: int) -> None:
        for code in codes:
            self.events += [
                Event(4, 4, 0x70004),
                Event(1, code, 1),
                Event(0, 0, 0),
                Event(1, code, 2),
                Event(1, code, 0),
            ]
        os.write(self._end, b"x")

    def read(self) -> list[Event]:
        if self.error:
            raise self.error
        os.read(self.fd, 100)
        events, self.events = self.events, []
        return events

    def close(self) -> None:
        self.closed += 1

    def end(self) -> None:
        os.close(self.fd)
        os.close(self._end)


@pytest.fixture
def fake() -> Iterator[FakeKeyboard]:
    keyboard = FakeKeyboard()
    yield keyboard
    keyboard.end()


@pytest.fixture
def keys(fake: FakeKeyboard) -> KeyEvents:
    return KeyEvents("/dev/input/reader", lambda _: fake)


def test_only_what_is_pressed_counts(keys: KeyEvents, fake: FakeKeyboard) -> None:
    """Repeats, releases and other events are no keys; the keyboard is grabbed."""
    assert keys.pressed(0.0) == []
    fake.press(2, 3, 28)
    assert keys.pressed(5.0) == [2, 3, 28]
    assert (fake.grabbed, keys.device) == (1, "/dev/input/reader")


def test_unplugged_and_plugged_again(keys: KeyEvents, fake: FakeKeyboard) -> None:
    """It is grabbed anew."""
    fake.press(2)
    fake.error = OSError(19, "x")
    failure = keys.pressed(5.0)
    assert failure == DeviceFailure("/dev/input/reader", "the device is gone", "check its plug")
    fake.error = None
    assert keys.pressed(5.0) == [2]
    assert (fake.grabbed, fake.closed) == (2, 1)
    keys.close()
    assert fake.closed == 2


def test_a_keyboard_that_another_program_has(keys: KeyEvents, fake: FakeKeyboard) -> None:
    """What cannot be grabbed is not listened to."""
    fake.grab_error = OSError(16, "x")
    failure = keys.pressed(0.0)
    assert isinstance(failure, DeviceFailure)
    assert (failure.cause, fake.closed) == ("another program has grabbed it", 1)


def test_without_the_keyboard() -> None:
    """The library or the device is missing: what to check."""
    failure = KeyEvents("/dev/input/nowhere").pressed(0.0)
    assert isinstance(failure, DeviceFailure)
    assert failure.remedy
