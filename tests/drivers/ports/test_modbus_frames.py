"""Frames of Modbus RTU: the check sum against published frames, and what a bad reply says about the line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.ports.modbus_frames import BusFault, crc, is_sound, noisy, not_a_reply, refused
from tests.drivers.ports.wire import check_sum

REQUEST = bytes.fromhex("01 04 00 00 00 02 71 CB")

PUBLISHED = [
    "01 04 00 00 00 02 71 CB",  # Eastron SDM: read voltage
    "01 04 04 43 66 33 34 1B 38",  # … and its reply, 230.2 V
    "01 03 00 0C 00 02 04 08",  # Eastron SDM: read the pulse width
    "01 03 04 42 C8 00 00 6F B5",  # … and its reply, 100 ms
]


@pytest.mark.parametrize("frame", PUBLISHED)
def test_published_frames_are_sound(frame: str) -> None:
    """Frames that vendors print in their manuals end in the check sum that we compute."""
    data = bytes.fromhex(frame)
    assert crc(data[:-2]) == data[-2:]
    assert is_sound(data)


@given(st.binary(max_size=260))
def test_the_check_sum_is_the_one_of_the_specification(data: bytes) -> None:
    """By table as bit by bit."""
    assert crc(data) == check_sum(data)


@given(st.binary(min_size=3, max_size=40), st.integers(0, 39), st.integers(0, 7))
def test_a_flipped_bit_is_never_sound(data: bytes, at: int, bit: int) -> None:
    """One wrong bit anywhere is always found."""
    frame = bytearray(data + crc(data))
    frame[at % len(frame)] ^= 1 << bit
    assert not is_sound(bytes(frame))


def test_short_frames_are_not_sound() -> None:
    """Two bytes that happen to be a check sum are no frame."""
    assert not is_sound(b"")
    assert not is_sound(b"\x01\x04" + crc(b"\x01\x04"))


@pytest.mark.parametrize(
    ("reply", "echo", "fault", "says", "advice"),
    [
        (b"", False, BusFault.SILENT, "no answer", "A and B"),
        (b"", True, BusFault.SILENT, "only our own echo", "supply"),
        (b"\x00\x00\x00", False, BusFault.GARBLED, "a damaged answer (3 bytes: 00 00 00)", "A and B are swapped"),
        (b"\xff" * 9, False, BusFault.GARBLED, "9 bytes: ff ff ff ff ff ff …", "A and B are swapped"),
        (b"\x01\x83\x02", False, BusFault.GARBLED, "damaged", "baud and parity"),
        (b"\x07\x04\x00" + crc(b"\x07\x04\x00"), False, BusFault.GARBLED, "address 7 answered", "two masters"),
        (b"\x01\x03\x00" + crc(b"\x01\x03\x00"), False, BusFault.GARBLED, "something else", "late reply"),
    ],
)
def test_a_bad_reply_says_what_to_check(reply: bytes, echo: bool, fault: BusFault, says: str, advice: str) -> None:
    """Silence, echo, breaks, damage, another device and another reply are told apart."""
    failure = not_a_reply("address 1 at /dev/wire", REQUEST, reply, echo)
    assert failure.fault is fault
    assert failure.failure.device == "address 1 at /dev/wire"
    assert says in failure.failure.cause
    assert advice in failure.failure.remedy


def test_a_refusal_is_explained() -> None:
    """By the codes of the specification; others by number."""
    assert refused("d", 2).failure.cause == "refused: it does not have these registers"
    assert refused("d", 99).failure.cause == "refused: code 99"
    assert refused("d", 99).code == 99


def test_noise_without_end() -> None:
    """A line that idles at the wrong level reads as breaks."""
    assert "A and B are swapped" in noisy("d", bytes(200)).failure.remedy
    assert "baud" in noisy("d", b"\x12\x34").failure.remedy
