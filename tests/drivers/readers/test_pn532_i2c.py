"""The PN532's I2C link on a bus of memory: the ready byte, waiting, failures, whole readings through the driver."""

from __future__ import annotations

import random
from typing import Any

import pytest

from drivers.devices import DeviceFailure
from drivers.ports.i2c_bus import I2cBus
from drivers.readers.id_tags import IdFormat
from drivers.readers.pn532 import Pn532
from drivers.readers.pn532_i2c import Pn532I2c
from drivers.readers.polled_reader import PolledReader
from tests.drivers.readers.pn532_model import ACK, Pn532Model


class I2cModel:
    """smbus2's plain transfers with a PN532 behind them; not ready for the first `slow` looks at each frame."""

    def __init__(self) -> None:
        self.chip = Pn532Model()
        self.chip.awake = True
        self.frames: list[bytes] = []
        self.slow = self.looks = 0
        self.error: int | None = None
        self.nacks = 0
        self.flips: random.Random | None = None
        self.transfers = 0

    def i2c_rdwr(self, message: Any) -> None:
        self.transfers += 1
        if self.error or self.nacks:
            self.nacks = max(0, self.nacks - 1)
            raise OSError(self.error or 121, "x")
        assert message.addr == 0x24
        if not message.flags:
            reply = self.chip.answer(bytes(message))
            self.frames = [] if reply is None else [reply[: len(ACK)], reply[len(ACK) :]]
            self.looks = 0
            return
        ready = bool(self.frames) and self.looks >= self.slow
        self.looks += 1
        data = bytearray(message.len)
        if ready:
            data[0] = 1
            if message.len > 1:
                body = self.frames.pop(0)[: message.len - 1]
                data[1 : 1 + len(body)] = body
                self.looks = 0
        if self.flips and self.flips.random() < 0.3:
            data[self.flips.randrange(message.len)] ^= 1 << self.flips.randrange(8)
        for at, byte in enumerate(data):
            message.buf[at] = byte

    def close(self) -> None: ...


class Stand:
    def __init__(self) -> None:
        self.model = I2cModel()
        self.now = 0.0
        self.link = Pn532I2c(I2cBus("/dev/i2c-1", lambda _: self.model, self.time), 0x24, self.time, self.sleep)
        self.reader = PolledReader(Pn532(self.link, self.time), IdFormat())

    def time(self) -> float:
        return self.now

    def sleep(self, pause_s: float) -> None:
        self.now += pause_s

    def polls(self, times: int) -> None:
        for _ in range(times):
            self.now += self.reader.poll() + 0.001


@pytest.fixture
def stand() -> Stand:
    return Stand()


def test_it_is_waited_for_until_it_is_ready(stand: Stand) -> None:
    """Each frame after some looks."""
    stand.model.slow = 3
    assert stand.link.wake() is None
    assert stand.link.command(b"\x02", 0.1) == bytes.fromhex("0332010607")
    assert stand.now == pytest.approx(0.03)
    stand.model.slow = 1000
    assert stand.link.command(b"\x02", 0.1) is None


def test_a_sleeping_chip_loses_its_first_transfer(stand: Stand) -> None:
    """The second one wakes it."""
    stand.model.nacks = 1
    assert stand.link.wake() is None
    stand.model.nacks = 2
    assert isinstance(stand.link.wake(), DeviceFailure)


def test_cards_and_a_lost_reader(stand: Stand) -> None:
    """Through the whole driver: a card, no answer at the address, and back."""
    stand.model.chip.present(bytes.fromhex("0102030405060708090a"), b"\x05\x78\x80\x70\x02")
    stand.polls(3)
    assert stand.reader.read(stand.now) == "0102030405060708090A"
    stand.model.error = 121
    stand.polls(2)
    failure = stand.reader.read(stand.now)
    assert isinstance(failure, DeviceFailure)
    assert (failure.device, failure.cause) == ("address 0x24 at /dev/i2c-1", "no answer at this address")
    stand.model.error = None
    stand.polls(3)
    assert stand.reader.read(stand.now) == "0102030405060708090A"


@pytest.mark.parametrize("at", range(1, 9))
def test_every_transfer_may_fail(stand: Stand, at: int) -> None:
    """With a value, at each step of a command."""
    stand.link.wake()
    answered = stand.model.i2c_rdwr
    done = 0

    def failing(message: Any) -> None:
        nonlocal done
        done += 1
        if done == at:
            raise OSError(121, "x")
        answered(message)

    stand.model.i2c_rdwr = failing  # type: ignore[method-assign]
    result = stand.link.command(b"\x02", 0.1)
    assert isinstance(result, DeviceFailure) or at > 5


def disturbed(seed: int, exchanges: int) -> tuple[int, int]:
    """Cards told, rightly and wrongly, with bits that flip in three of ten transfers."""
    rng = random.Random(seed)
    stand = Stand()
    stand.model.flips = rng
    right = wrong = 0
    lately: list[str] = []
    while stand.model.transfers < exchanges:
        uid = rng.randbytes(rng.choice((4, 7, 10)))
        stand.model.chip.present(uid)
        lately = [*lately[-2:], uid.hex().upper()]
        stand.polls(rng.randint(2, 12))
        while isinstance(card := stand.reader.read(stand.now), str):
            right, wrong = right + (card in lately), wrong + (card not in lately)
    return right, wrong


def test_no_wrong_number_in_4_000_disturbed_transfers() -> None:
    """A number is right or there is none."""
    right, wrong = disturbed(5, 4000)
    assert wrong == 0
    assert right > 40
