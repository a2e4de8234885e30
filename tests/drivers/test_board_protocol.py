"""The codec of the board socket lets in known fields within their ranges, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.board_protocol import (
    FROM_BOARD,
    MAX_BYTES,
    MAX_LEASE_S,
    TO_BOARD,
    ProtocolError,
    check,
    decode,
    encode,
    told,
)

OFFER = {
    "type": "offer",
    "connector": 1,
    "amps": 16.0,
    "locked": True,
    "in_service": True,
    "lamp": "charging",
    "lease_s": 20.0,
    "transaction": True,
    "seq": 7,
}
METER = {"type": "meter", "connector": 1, "at": 5.0, "wh": 120.5, "volts": [230.0], "amps": [16.0], "watts": [3680.0]}


def test_there_and_back() -> None:
    """What one side encodes the other one decodes."""
    assert decode(encode(OFFER), "to_board") == OFFER


def test_absent_fields_get_their_defaults() -> None:
    """A reader needs no second look; null is the same as absent."""
    assert decode(encode(METER), "from_board") == {**METER, "soc": None, "temperature": None}
    bare = {"type": "offer", "connector": 1, "amps": 16, "lease_s": 20, "seq": 7, "lamp": None}
    filled = check(bare, "to_board")
    assert (filled["locked"], filled["in_service"], filled["lamp"], filled["amps"]) == (False, True, "off", 16.0)
    first = check({"type": "do", "what": "selftest", "seq": 1}, "to_board")
    first["words"].append("x")
    assert check({"type": "do", "what": "selftest", "seq": 1}, "to_board")["words"] == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"amps": 81}, "offer.amps must be a number from 0 to 80"),
        ({"amps": -0.1}, "offer.amps must be a number from 0 to 80"),
        ({"amps": True}, "offer.amps must be a number from 0 to 80"),
        ({"amps": "16"}, "offer.amps must be a number from 0 to 80"),
        ({"amps": None}, "offer.amps is missing"),
        ({"connector": 0}, "offer.connector must be a whole number from 1 to 16"),
        ({"connector": 1.0}, "offer.connector must be a whole number from 1 to 16"),
        ({"locked": 1}, "offer.locked must be true or false"),
        ({"lamp": "disco"}, "offer.lamp must be one of off, available"),
        ({"lamp": 5}, "offer.lamp must be one of off, available"),
        ({"lease_s": MAX_LEASE_S + 1}, "offer.lease_s must be a number from 0 to 120"),
        ({"colour": "red"}, "offer: unknown field 'colour'"),
        ({"type": "bogus"}, "unknown type 'bogus'"),
        ({"type": ["offer"]}, "unknown type ['offer']"),
        ({"type": "meter"}, "unknown type 'meter'"),
    ],
)
def test_what_does_not_fit_is_named(change: dict[str, Any], reason: str) -> None:
    """Type, field and what is allowed stand in the reason."""
    with pytest.raises(ProtocolError) as refused:
        check({**OFFER, **change}, "to_board")
    assert str(refused.value).startswith(reason)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"volts": [230.0] * 4}, "meter.volts must be a list of at most 3"),
        ({"volts": 230.0}, "meter.volts must be a list of at most 3"),
        ({"volts": ["230"]}, "meter.volts must be a number from -1000 to 1000"),
        ({"soc": 101}, "meter.soc must be a number from 0 to 100"),
    ],
)
def test_lists_and_ranges(change: dict[str, Any], reason: str) -> None:
    """Lists are bounded and each item is checked."""
    with pytest.raises(ProtocolError, match=reason):
        check({**METER, **change}, "from_board")


@pytest.mark.parametrize("id_tag", ["", "x" * 21])
def test_a_card_has_one_to_twenty_characters(id_tag: str) -> None:
    """Any text of that length."""
    with pytest.raises(ProtocolError, match="a text of 1 to 20 characters"):
        check({"type": "card", "id_tag": id_tag, "at": 1.0}, "from_board")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff\xfe",
        b'{"type":"offer","type":"offer"}',
        b'{"type":"hello","version":NaN}',
        b'{"type":"hello","version":Infinity}',
        b"[" * 1024,
        b'{"type":"hello","version":1}' + b" " * MAX_BYTES,
        "é".encode(),
    ],
)
def test_malformed_packets_are_refused(data: bytes) -> None:
    """No JSON, no object, a field twice, no number, too long, not ASCII: a reason each, never another exception."""
    with pytest.raises(ProtocolError):
        decode(data, "to_board")


def test_what_cannot_be_a_packet_is_not_sent() -> None:
    """Longer than 1 KiB, not finite, or no JSON at all."""
    for message in ({"detail": "x" * 1024}, {"at": float("inf")}, {"at": object()}):
        with pytest.raises(ProtocolError):
            encode(message)


def test_a_card_of_twenty_faces_fits() -> None:
    """Even escaped to ASCII the longest card number leaves room."""
    card = {"type": "card", "connector": None, "id_tag": "\U0001f600" * 20, "at": 1.0}
    assert decode(encode(card), "from_board") == card


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=300)
@given(st.data())
def test_nothing_gets_through_unchecked(data: st.DataObject) -> None:
    """Whatever stands in the fields of a known message: checked values come out, or a ProtocolError."""
    direction = data.draw(st.sampled_from(["from_board", "to_board"]))
    table = FROM_BOARD if direction == "from_board" else TO_BOARD
    kind = data.draw(st.sampled_from(sorted(table)))
    message = {"type": kind} | {name: data.draw(JSON) for name in table[kind]}
    try:
        checked = check(message, direction)  # type: ignore[arg-type]
    except ProtocolError:
        return
    assert set(checked) == {"type", *table[kind]}
    assert check(json.loads(json.dumps(checked)), direction) == checked  # type: ignore[arg-type]


def test_12_older_versions_are_not_told_of_what_they_do_not_know() -> None:
    """Types of version 3 are left out, fields of version 2 too for version 1."""
    shape = {"type": "connector", "connector": 1, "offer": "kept", "offer_at": 1.0}
    said = [{"type": "meter-identity", "connector": 1}, {"type": "switchings", "connector": 1}, shape]
    assert told(said, 3) == said
    assert told(said, 2) == [shape]
    assert told(said, 1) == [{"type": "connector", "connector": 1}]
    for serial in ("\u00e4", "a\n", "9" * 26):
        with pytest.raises(ProtocolError, match="printable ASCII, at most 25"):
            check({"type": "meter-identity", "connector": 1, "serial": serial}, "from_board")
