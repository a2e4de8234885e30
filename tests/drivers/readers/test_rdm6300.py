"""The RDM6300: frames as the module sends them, cut, damaged, mixed with garbage; lost and back."""

from __future__ import annotations

import random

import pytest

from drivers.devices import DeviceFailure
from drivers.readers.id_tags import IdFormat
from drivers.readers.polled_reader import PolledReader
from drivers.readers.rdm6300 import Rdm6300, number_of
from tests.drivers.ports.wire import Wire

FRAME = b"\x0201026F6C3A3A\x03"
"""The card that is printed 0040856634: 01 ^ 02 ^ 6F ^ 6C ^ 3A = 3A."""


def framed(number: bytes) -> bytes:
    check = 0
    for byte in number:
        check ^= byte
    return b"\x02" + number.hex().upper().encode() + f"{check:02X}".encode() + b"\x03"


class Stand:
    def __init__(self, format_: IdFormat = IdFormat()) -> None:  # noqa: B008 frozen
        self.wire = Wire(lambda _: None)
        self.reader = PolledReader(Rdm6300(self.wire, self.wire.monotonic), format_)

    def polls(self, seconds: float) -> None:
        ends_at = self.wire.now + seconds
        while self.wire.now < ends_at:
            pause_s = self.reader.poll()
            self.wire.now += pause_s

    def read(self) -> str | DeviceFailure | None:
        return self.reader.read(self.wire.now)


@pytest.fixture
def stand() -> Stand:
    return Stand()


def test_the_frame_of_a_known_card() -> None:
    """All ten digits, the version first; form and check sum count."""
    assert number_of(FRAME) == "01026F6C3A"
    assert framed(bytes.fromhex("01026f6c3a")) == FRAME
    assert number_of(FRAME.lower()) == "01026F6C3A"
    for frame in (
        FRAME[:-1],
        FRAME + b"\x03",
        b"\x03" + FRAME[1:],
        FRAME[:-1] + b"\x02",
        FRAME.replace(b"6F", b"6E"),
        FRAME.replace(b"6F", b"6G"),
    ):
        assert number_of(frame) == ""


def test_a_card_is_told_once_for_as_long_as_it_stays(stand: Stand) -> None:
    """It comes again every 65 ms; two equal frames prove it."""
    stand.polls(0.6)
    presented = stand.wire.now
    for again in range(40):
        stand.wire.put(again * 0.065, FRAME)
    while (card := stand.read()) is None:
        stand.polls(0.001)
    assert card == "01026F6C3A"
    assert stand.wire.now - presented < 0.15
    stand.polls(4.0)
    assert stand.read() is None
    stand.wire.put(0.0, FRAME + FRAME)
    stand.polls(0.6)
    assert stand.reader.take(stand.wire.now) == ("01026F6C3A", "01026F6C3A")
    assert stand.reader.wake_at > stand.wire.now


def test_frames_in_pieces_and_between_garbage(stand: Stand) -> None:
    """Cut anywhere, with garbage and half frames before."""
    stand.wire.put(0.0, b"\x00\xff\x02\x02" + FRAME[:9])
    stand.wire.put(0.1, FRAME)
    stand.wire.put(0.2, FRAME[:5])
    stand.wire.put(0.3, FRAME[5:])
    stand.polls(1.0)
    assert stand.read() == "01026F6C3A"


def test_one_frame_alone_proves_nothing(stand: Stand) -> None:
    """The check sum has only eight bits."""
    stand.wire.put(0.0, FRAME)
    stand.polls(1.0)
    assert stand.read() is None


def test_lost_and_back(stand: Stand) -> None:
    """The port's failure; half a frame of before is forgotten."""
    stand.wire.put(0.0, FRAME[:6])
    stand.polls(0.1)
    stand.wire.plugged = False
    stand.polls(1.0)
    failure = stand.read()
    assert isinstance(failure, DeviceFailure)
    assert failure.cause == "the device is gone"
    stand.wire.plugged = True
    stand.wire.put(1.2, FRAME + FRAME)
    stand.polls(2.0)
    assert stand.read() == "01026F6C3A"


def test_it_dies_between_two_reads(stand: Stand) -> None:
    """The first byte came, the rest did not."""
    stand.wire.put(0.0, FRAME)
    read = stand.wire.read

    def dying(most: int, within_s: float) -> bytes | DeviceFailure:
        got = read(most, within_s)
        stand.wire.plugged = False
        return got

    stand.wire.read = dying  # type: ignore[method-assign]
    stand.polls(0.5)
    assert isinstance(stand.read(), DeviceFailure)


def disturbed(seed: int, exchanges: int) -> tuple[int, int]:
    """Cards told, rightly and wrongly; half of all frames are damaged."""
    rng = random.Random(seed)
    stand = Stand()
    right = wrong = done = 0
    while done < exchanges:
        number = rng.randbytes(5)
        for again in range(rng.randint(1, 8)):
            frame = bytearray(framed(number))
            kind = rng.randrange(6)
            if kind == 0:
                frame[rng.randrange(14)] ^= 1 << rng.randrange(8)
            elif kind == 1:
                for at in rng.sample(range(14), 3):
                    frame[at] = rng.choice(b"0123456789ABCDEF")
            elif kind == 2:
                del frame[rng.randrange(14) :]
            stand.wire.put(again * 0.065, bytes(frame))
            done += 1
        stand.polls(0.6)
        while isinstance(card := stand.read(), str):
            well = card == number.hex().upper()
            right, wrong = right + well, wrong + (not well)
        stand.polls(0.6)
    return right, wrong


def test_no_wrong_number_in_3_000_disturbed_frames() -> None:
    """A number is right or there is none."""
    right, wrong = disturbed(11, 3000)
    assert wrong == 0
    assert right > 200
