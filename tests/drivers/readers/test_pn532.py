"""A PN532 as a reader, over a serial line of memory: set up, cards, lost and back, and 0 wrong numbers."""

from __future__ import annotations

import random

import pytest

from drivers.devices import DeviceFailure
from drivers.readers.id_tags import IdFormat
from drivers.readers.pn532 import LOST_AFTER, Pn532
from drivers.readers.pn532_uart import Pn532Uart
from drivers.readers.polled_reader import PolledReader
from tests.drivers.ports.wire import Piece, Wire, clean, disturber
from tests.drivers.readers.pn532_model import Pn532Model

UID = bytes.fromhex("04a2b9c1d2e3f4")


class Stand:
    """A PN532 at 115200 baud and its driver."""

    def __init__(self, format_: IdFormat = IdFormat()) -> None:  # noqa: B008 frozen
        self.chip = Pn532Model()
        self.wire = Wire(self.chip.answer, 115200)
        self.reader = PolledReader(Pn532(Pn532Uart(self.wire, self.wire.monotonic), self.wire.monotonic), format_)
        self.begun = self.wire.now

    def polls(self, times: int) -> None:
        for _ in range(times):
            pause_s = self.reader.poll()
            self.wire.now += pause_s

    def read(self) -> str | DeviceFailure | None:
        return self.reader.read(self.wire.now)


@pytest.fixture
def stand() -> Stand:
    return Stand()


def test_it_is_set_up_once(stand: Stand) -> None:
    """Its version, normal mode, few retries, and then it searches."""
    stand.polls(3)
    assert [command.hex() for command in stand.chip.commands] == [
        *("02", "14011401", "3205ff0102"),
        *("4a0100", "4a0100", "4a0100"),
    ]
    assert stand.read() is None


def test_a_card_within_150_ms(stand: Stand) -> None:
    """Read twice, told once for as long as it stays."""
    stand.polls(2)
    presented = stand.wire.now
    stand.chip.present(UID)
    while (card := stand.read()) is None:
        stand.polls(1)
    assert card == "04A2B9C1D2E3F4"
    assert stand.wire.now - presented < 0.15
    stand.polls(40)
    assert stand.read() is None
    stand.chip.present(None)
    stand.polls(40)
    stand.chip.present(UID, bytes.fromhex("0578807002"))
    stand.polls(4)
    taken = stand.reader.take(stand.wire.now)
    assert taken == ("04A2B9C1D2E3F4", "04A2B9C1D2E3F4")
    assert stand.reader.wake_at > stand.wire.now


def test_lost_and_back(stand: Stand) -> None:
    """Its power goes: lost after a few searches, named with its remedy; back by itself, set up anew."""
    stand.polls(2)
    stand.chip.powered = False
    stand.polls(LOST_AFTER - 1)
    assert stand.read() is None
    stand.polls(1)
    failure = stand.read()
    assert isinstance(failure, DeviceFailure)
    assert (failure.device, failure.cause) == ("PN532 at /dev/wire", "no answer")
    stand.polls(3)
    assert isinstance(stand.read(), DeviceFailure)
    stand.chip.powered, stand.chip.awake = True, False
    stand.chip.commands.clear()
    stand.polls(2)
    assert stand.read() is None
    assert stand.chip.commands[0] == b"\x02"


@pytest.mark.parametrize("at", range(12))
def test_unplugged_at_any_moment(stand: Stand, at: int) -> None:
    """The port's failure, and back."""
    answers = 0

    def answer(data: bytes) -> bytes | None:
        nonlocal answers
        answers += 1
        if answers == at:
            stand.wire.plugged = False
        return stand.chip.answer(data)

    stand.wire.answer = answer
    stand.wire.plugged = at > 0
    stand.polls(12)
    failure = stand.read()
    assert isinstance(failure, DeviceFailure)
    assert failure.cause == "the device is gone"
    stand.wire.plugged, stand.wire.answer = True, stand.chip.answer
    stand.polls(3)
    assert stand.read() is None


def test_another_chip(stand: Stand) -> None:
    """A wrong device says so."""
    stand.chip.version = bytes.fromhex("d50307010607")
    stand.polls(1)
    failure = stand.read()
    assert isinstance(failure, DeviceFailure)
    assert failure.cause == "it is no PN532 (03 07 01 06 07)"


def test_settings_that_are_not_taken(stand: Stand) -> None:
    """Every answer is checked."""
    stand.wire.answer = lambda data: None if b"\xd4\x14" in data else stand.chip.answer(data)
    stand.polls(1)
    failure = stand.read()
    assert isinstance(failure, DeviceFailure)
    assert failure.cause == "it does not take its settings"


def test_a_line_that_always_speaks(stand: Stand) -> None:
    """Something else is at this port."""
    stand.wire.put(0.0, b"GPS " * 2000)
    stand.polls(1)
    failure = stand.read()
    assert isinstance(failure, DeviceFailure)
    assert failure.cause == "the line never falls silent"


def test_late_answers_are_dropped(stand: Stand) -> None:
    """The card of an earlier search is not the next one's."""
    stand.polls(2)
    stand.chip.present(UID)
    stand.wire.disturb = lambda reply: [Piece(0.0, reply[:6]), Piece(0.35, reply[6:])]
    stand.reader.poll()
    stand.wire.disturb = clean
    stand.chip.present(None)
    stand.wire.now += 0.2
    stand.polls(5)
    assert stand.read() is None


def disturbed(seed: int, exchanges: int) -> tuple[int, int]:
    """Cards told, rightly and wrongly; half of all replies are disturbed, cards come and go."""
    rng = random.Random(seed)
    stand = Stand()
    stand.wire.disturb = disturber(rng, 0.3)
    lately: list[str] = []
    right = wrong = 0
    while len(stand.wire.requests) < exchanges:
        uid = rng.randbytes(rng.choice((4, 7, 10)))
        stand.chip.present(uid, rng.choice((b"", b"\x05\x78\x80\x70\x02")))
        lately = [*lately[-2:], uid.hex().upper()]
        stand.polls(rng.randint(2, 8))
        stand.chip.present(None)
        stand.polls(rng.randint(0, 3))
        while isinstance(card := stand.read(), str):
            right += card in lately
            wrong += card not in lately
    return right, wrong


def test_no_wrong_number_in_2_000_disturbed_exchanges() -> None:
    """A number is right or there is none."""
    right, wrong = disturbed(3, 2000)
    assert wrong == 0
    assert right > 50
