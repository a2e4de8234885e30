"""Payloads made from the message types themselves: every action, every field, at and beyond each bound.

What is made with `wild` 0 is valid; with more, now and then a value is one that the type does not allow.
"""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any

from msgspec import inspect

from ocpp16.messages.types import Message
from ocpp16.rpc.payload import INCOMING, OUTGOING
from tests.fuzz import mutate

LETTERS = "aZ0-_.,:/ é{}\"'\\"
WHOLE = (0, 1, 2, -1, 60, 3600, 86_400, 2**31 - 1, 2**31, -(2**31), 2**63 - 1, -(2**63))
BROKEN = (0.0, 0.1, 6.0, 16.0, 8.05, -1.0, 1e9, 1e-9)
TIMES = (
    "2030-01-01T00:00:00Z",
    "2029-12-31T23:00:00Z",
    "1970-01-01T00:00:00Z",
    "2030-01-01T00:00:00.123456Z",
    "2030-06-30T23:59:60Z",
    "2030-01-01T12:00:00+14:00",
    "9999-12-31T23:59:59Z",
)
KNOWN = {
    "id_tag": ("CARD", "A", "B", "x" * 20),
    "connector_id": (0, 1, 1, 1, 2),
    "transaction_id": (1, 2, 7),
    "reservation_id": (1, 2),
    "charging_profile_id": (1, 2, 3),
    "stack_level": (0, 1, 10),
    "limit": (0.0, 6.0, 16.0, 32.0),
    "start_period": (0, 60, 3600),
    "key": (
        *("HeartbeatInterval", "AuthorizationKey", "SecurityProfile", "MeterValuesSampledData", "CpoName"),
        *("ConnectorPhaseRotation", "LocalPreAuthorize", "WebSocketPingInterval", "NumberOfConnectors"),
    ),
    "value": ("1", "0", "true", "300", "-1", "00112233445566778899aabbccddeeff", "0.RST,1.RST", "Voltage"),
    "location": ("http://files.example/x.bin", "ftp://u:p@files.example/", "https://files.example"),
    "remote_location": ("https://files.example/logs/", "http://files.example/a.gz"),
    "list_version": (0, 1, 2, 3),
}
"""Values that lead further in than chance would: names, numbers and texts that mean something, by field."""


@cache
def type_of(kind: type[Message]) -> inspect.Type:
    return inspect.type_info(kind)


def payload(random: Random, kind: type[Message], wild: float = 0.0) -> dict[str, Any]:
    """A payload of that message."""
    found = type_of(kind)
    assert isinstance(found, inspect.StructType)
    return _object(random, found, wild)


def request(random: Random, wild: float = 0.0) -> tuple[str, dict[str, Any]]:
    """An action that a Central System may ask for, and a payload for it."""
    action = random.choice(list(INCOMING))
    return action, payload(random, INCOMING[action][0], wild)


def confirmation(random: Random, action: str, wild: float = 0.0) -> dict[str, Any]:
    """An answer to a request of ours."""
    return payload(random, OUTGOING[action][1], wild)


def value(random: Random, kind: inspect.Type, wild: float, name: str = "") -> Any:
    if wild and random.random() < wild:
        return random.choice(mutate.ODD)
    match kind:
        case inspect.StructType():
            return _object(random, kind, wild)
        case inspect.ListType() | inspect.VarTupleType():
            return _array(random, kind, wild, name)
        case inspect.EnumType():
            return random.choice(list(kind.cls)).value
        case inspect.UnionType():
            some = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
            return value(random, random.choice(some), wild, name)
        case inspect.BoolType():
            return random.random() < 0.5
        case inspect.DateTimeType():
            return random.choice(TIMES)
    if name in KNOWN and random.random() < 0.8:
        return random.choice(KNOWN[name])
    match kind:
        case inspect.StrType():
            return _text(random, kind, wild)
        case inspect.IntType():
            return random.choice(WHOLE)
        case inspect.FloatType():
            return random.choice(BROKEN)
    raise AssertionError(f"no value is made of {kind}: teach it here")


def _object(random: Random, kind: inspect.StructType, wild: float) -> dict[str, Any]:
    made = {
        field.encode_name: value(random, field.type, wild, field.name)
        for field in kind.fields
        if field.required or random.random() < 0.6
    }
    if wild and made and random.random() < wild:
        del made[random.choice(list(made))]
    if wild and random.random() < wild:
        made[random.choice(("x", "é", "connectorId"))] = random.choice(mutate.ODD)
    return made


def _array(random: Random, kind: inspect.ListType | inspect.VarTupleType, wild: float, name: str) -> list[Any]:
    least = max(kind.min_length or 0, 0 if random.random() < 0.1 else 1)
    size = random.choice((least, least, 2, 3, 101 if wild and random.random() < wild else 1))
    size = min(max(size, kind.min_length or 0), kind.max_length or size)
    return [value(random, kind.item_type, wild, name) for _ in range(size)]


def _text(random: Random, kind: inspect.StrType, wild: float) -> str:
    longest = kind.max_length or 30
    beyond = bool(wild) and random.random() < wild
    size = random.choice((0, 1, 5, 12, longest)) if not beyond else longest + 1
    size = size if beyond else max(kind.min_length or 0, min(size, longest))
    text = "".join(random.choice(LETTERS) for _ in range(min(size, 40)))
    return (text * (size // max(len(text), 1) + 1))[:size]
