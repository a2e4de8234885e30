"""The MFRC522 on a register model: whole UIDs over all cascade levels, lost and back, and 0 wrong numbers."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.devices import DeviceFailure
from drivers.ports.spi_device import SpiDevice
from drivers.readers.id_tags import IdFormat
from drivers.readers.mfrc522 import Mfrc522, crc_a
from drivers.readers.polled_reader import PolledReader
from tests.drivers.readers import mfrc522_model
from tests.drivers.readers.mfrc522_model import CardModel, Mfrc522Model


class Stand:
    def __init__(self) -> None:
        self.chip = Mfrc522Model()
        self.now = 0.0
        spi = SpiDevice("/dev/spidev0.0", open_=lambda _: self.chip, monotonic=self.time)
        self.reader = PolledReader(Mfrc522(spi, self.time, self.sleep), IdFormat())

    def time(self) -> float:
        return self.now

    def sleep(self, pause_s: float) -> None:
        self.now += pause_s

    def polls(self, times: int) -> None:
        for _ in range(times):
            pause_s = self.reader.poll()
            self.now += pause_s + 0.002

    def present(self, uid: bytes | None) -> None:
        self.chip.card = None if uid is None else CardModel(uid)

    def read(self) -> str | DeviceFailure | None:
        return self.reader.read(self.now)


@pytest.fixture
def stand() -> Stand:
    return Stand()


@given(st.binary(max_size=20))
def test_the_check_sum_of_cards(data: bytes) -> None:
    """As the standard has it."""
    assert crc_a(data) == mfrc522_model.crc_a(data)


def test_the_check_sum_of_the_standard() -> None:
    """The example of ISO 14443-3, annex B: 12 34 gives 26 CF."""
    assert crc_a(b"\x12\x34") == b"\x26\xcf"


@pytest.mark.parametrize("uid", ["04a2b9c1", "04a2b9c1d2e3f4", "0102030405060708090a"])
def test_whole_uids(stand: Stand, uid: str) -> None:
    """4, 7 and 10 bytes: the cascade tag 88 is no part of them."""
    stand.polls(2)
    presented = stand.now
    stand.present(bytes.fromhex(uid))
    while (card := stand.read()) is None:
        stand.polls(1)
    assert card == uid.upper()
    assert stand.now - presented < 0.15
    stand.polls(30)
    assert stand.read() is None
    stand.present(None)
    stand.polls(20)
    stand.present(bytes.fromhex(uid))
    stand.polls(3)
    assert stand.reader.take(stand.now) == (uid.upper(), uid.upper())
    assert stand.reader.wake_at > stand.now


def test_lost_and_back(stand: Stand) -> None:
    """Nothing there reads as FF or 00; after its return it is set up anew."""
    stand.polls(2)
    stand.chip.powered = False
    stand.polls(1)
    failure = stand.read()
    assert isinstance(failure, DeviceFailure)
    assert (failure.device, failure.cause) == ("MFRC522 at /dev/spidev0.0", "no answer")
    stand.chip.powered = True
    stand.chip.reset()
    stand.present(b"\x04\xa2\xb9\xc1")
    stand.polls(4)
    assert stand.read() == "04A2B9C1"


def test_a_dip_of_its_supply_is_noticed(stand: Stand) -> None:
    """Its settings are gone, though it answers: it is set up again at the next search."""
    stand.polls(2)
    stand.chip.reset()
    stand.present(b"\x04\xa2\xb9\xc1")
    stand.polls(3)
    assert stand.read() == "04A2B9C1"


@pytest.mark.parametrize("at", range(1, 120))
def test_every_transfer_may_fail(stand: Stand, at: int) -> None:
    """With a value, and back by itself."""
    stand.present(bytes.fromhex("04a2b9c1d2e3f4"))
    stand.chip.fails_at = at
    stand.polls(1)
    lost = stand.read()
    assert lost is None or isinstance(lost, DeviceFailure)
    stand.now += 1.0
    stand.polls(4)
    assert stand.read() == "04A2B9C1D2E3F4"


def test_a_card_that_answers_nonsense(stand: Stand) -> None:
    """Wrong lengths, a wrong cascade tag, an endless cascade: no number."""
    stand.polls(1)

    class Endless(CardModel):
        def answer(self, data: bytes, bits: int) -> bytes | None:
            if data == b"\x52":
                return b"\x44\x00"
            if data[1:] == b"\x20":
                return b"\x88\x01\x02\x03\x88"
            return b"\x04" + crc_a(b"\x04")

    class Short(Endless):
        def answer(self, data: bytes, bits: int) -> bytes | None:
            return b"\x44"

    class Mute(Endless):
        def answer(self, data: bytes, bits: int) -> bytes | None:
            return b"\x44\x00" if data == b"\x52" else None

    class Tagged(Endless):
        def answer(self, data: bytes, bits: int) -> bytes | None:
            if len(data) == 9:
                return b"\x08" + crc_a(b"\x08")
            return super().answer(data, bits)

    for card in (Endless(b"1234"), Short(b"1234"), Mute(b"1234"), Tagged(b"1234")):
        stand.chip.card = card
        stand.polls(3)
        assert stand.read() is None


def disturbed(seed: int, exchanges: int) -> tuple[int, int]:
    """Cards told, rightly and wrongly; a fifth of what cards answer is damaged."""
    rng = random.Random(seed)
    stand = Stand()
    stand.chip.noise = rng
    right = wrong = 0
    lately: list[str] = []
    while stand.chip.transfers < 40 * exchanges:  # of registers; so many to an exchange with a card
        uid = rng.randbytes(rng.choice((4, 7, 10)))
        if uid[0] == 0x88 or (len(uid) > 7 and uid[3] == 0x88):
            continue  # no card begins so
        stand.present(uid)
        lately = [*lately[-2:], uid.hex().upper()]
        stand.polls(rng.randint(2, 8))
        while isinstance(card := stand.read(), str):
            right, wrong = right + (card in lately), wrong + (card not in lately)
    return right, wrong


def test_no_wrong_number_in_2_000_disturbed_exchanges() -> None:
    """A number is right or there is none."""
    right, wrong = disturbed(13, 2000)
    assert wrong == 0
    assert right > 50
