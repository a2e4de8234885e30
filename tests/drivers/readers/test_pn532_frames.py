"""Frames of the PN532: as its manual has them, found between garbage, and UIDs that are taken whole or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.readers.pn532_frames import ACK, Found, find, frame, uid_of
from tests.drivers.readers.pn532_model import listed, wrapped


def test_commands_as_the_manual_has_them() -> None:
    """GetFirmwareVersion and SAMConfiguration, byte for byte."""
    assert frame(b"\x02") == bytes.fromhex("0000ff02fed4022a00")
    assert frame(b"\x14\x01\x14\x01") == bytes.fromhex("0000ff05fbd4140114010200")


@given(st.binary(min_size=1, max_size=60), st.binary(max_size=10).filter(lambda noise: b"\xff" not in noise))
def test_a_frame_is_found_in_a_stream(data: bytes, noise: bytes) -> None:
    """Whatever stands before it; what follows is left; cut anywhere it is waited for."""
    whole = wrapped(b"\xd5" + data)
    assert find(noise + whole + b"rest") == Found(data, b"\x00rest")
    for at in range(len(whole) - 1):
        found = find(noise + whole[:at])
        assert found.data is None
        assert find(found.rest + whole[at:]).data == data


def test_what_is_no_frame_is_skipped() -> None:
    """Wrong length, wrong check sum, our own direction, an empty one; the ACK before the answer."""
    good = wrapped(b"\xd5\x4b\x00")
    damaged = bytearray(wrapped(b"\xd5\x4b\x01"))
    damaged[-2] ^= 1
    length = bytearray(good)
    length[4] ^= 1
    for before in (bytes(damaged), bytes(length), wrapped(b"\xd4\x4a\x01\x00"), b"\x00\x00\xff\x00\x00"):
        assert find(before + good).data == b"\x4b\x00"
    assert find(ACK + good) == Found(b"", b"\x00" + good)
    assert find(b"\x00\x00") == Found(None, b"\x00\x00")


@pytest.mark.parametrize("uid", ["04a2b9c1", "04a2b9c1d2e3f4", "0102030405060708090a"])
@pytest.mark.parametrize("ats", ["", "0578807002", "01"])
def test_whole_uids(uid: str, ats: str) -> None:
    """4, 7 and 10 bytes, and what an ISO 14443-4 card adds does not belong to them."""
    answer = listed(bytes.fromhex(uid), bytes.fromhex(ats))[1:]
    assert uid_of(answer) == bytes.fromhex(uid)
    assert uid_of(answer[:-1]) is None
    assert uid_of(answer + b"\x00") is None


def test_no_card_and_no_answer() -> None:
    """None in the field is an answer; two cards, another code or another length are none that can be used."""
    assert uid_of(b"\x4b\x00") == b""
    for answer in (b"\x4b", b"\x4d\x00", b"\x4b\x02\x01\x00\x04\x08\x04abcd", listed(b"12345")[1:], b"\x4b\x00\x00"):
        assert uid_of(answer) is None
