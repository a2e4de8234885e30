"""Frames of the PN532: built, found in a stream of bytes, and the UID in the answer to InListPassiveTarget.  Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

START: Final = b"\x00\x00\xff"
ACK: Final = b"\x00\x00\xff\x00\xff\x00"
TO_CHIP: Final = 0xD4
FROM_CHIP: Final = 0xD5
UID_LENGTHS: Final = (4, 7, 10)


def frame(data: bytes) -> bytes:
    """A normal information frame around a command (1 to 254 bytes, its code first)."""
    body = bytes((TO_CHIP,)) + data
    head = bytes((len(body), -len(body) & 0xFF))
    return START + head + body + bytes((-sum(body) & 0xFF, 0))


class Found(NamedTuple):
    """The first whole frame of a stream."""

    data: bytes | None
    """What stands in it, without its direction; empty: an ACK; None: there is no whole frame yet."""
    rest: bytes
    """What follows it, or may yet become a frame."""


def find(stream: bytes) -> Found:
    """Skips whatever is no frame: a wrong length, a wrong check sum, another direction."""
    while (at := stream.find(START)) >= 0:
        stream = stream[at:]
        if len(stream) < 5:
            return Found(None, stream)
        length, check = stream[3], stream[4]
        if (length, check) == (0, 0xFF):
            return Found(b"", stream[5:])
        if length and (length + check) & 0xFF == 0:
            if len(stream) < 5 + length + 1:
                return Found(None, stream)
            body = stream[5 : 5 + length]
            if (sum(body) + stream[5 + length]) & 0xFF == 0 and body[0] == FROM_CHIP:
                return Found(body[1:], stream[5 + length + 1 :])
        stream = stream[1:]
    return Found(None, stream[-2:])


def uid_of(answer: bytes) -> bytes | None:
    """Of an answer to InListPassiveTarget (its code first): the whole UID; empty: no card; None: it is none.

    A card of ISO 14443-4 adds its ATS: exactly as many bytes as are announced belong to the UID.
    """
    if answer == b"\x4b\x00":
        return b""
    if len(answer) < 7 or answer[:3] != b"\x4b\x01\x01":
        return None
    select, length = answer[5], answer[6]
    uid, ats = answer[7 : 7 + length], answer[7 + length :]
    if length not in UID_LENGTHS or len(uid) != length:
        return None
    has_ats = bool(select & 0x20)
    if has_ats != bool(ats) or (ats and ats[0] != len(ats)):
        return None
    return uid
