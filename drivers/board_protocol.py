"""The packets of the board socket: field tables for both directions, encoding and checking.  No socket, no meaning.

A message is a flat dict with its `type`.  `decode` accepts known fields of the right type within their ranges and
nothing else; an absent optional field gets its default.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal, NamedTuple

VERSION: Final = 3
UNDERSTOOD: Final = (1, 2, 3)
"""Versions that this side can speak: its own and those before."""
MAX_BYTES: Final = 1024

Direction = Literal["from_board", "to_board"]
Packet = dict[str, Any]

MAX_LEASE_S: Final = 120.0
"""Seconds; no offer may be valid for longer without being renewed.  Boards may grant less (`lease_s` of hello)."""

LAMPS: Final = (
    *("off", "available", "preparing", "charging", "suspended"),
    *("finishing", "reserved", "unavailable", "faulted"),
)
MEASURANDS: Final = (
    *(f"Energy.{kind}.{way}.{what}" for what in ("Register", "Interval") for kind in ("Active", "Reactive")
      for way in ("Export", "Import")),
    *(f"Power.{kind}" for kind in ("Active.Export", "Active.Import", "Offered", "Reactive.Export", "Reactive.Import")),
    *("Power.Factor", "Current.Import", "Current.Export", "Current.Offered"),
    *("Voltage", "Frequency", "Temperature", "SoC", "RPM"),
)  # fmt: skip
"""The words of OCPP (§7.31)."""
OFFERS: Final = ("kept", "lapsed", "withdrawn")
ORDERS: Final = ("selftest", "unlock", "meter-read", "clear-latched", "sim")


class ProtocolError(ValueError):
    """A message that must not be acted upon; the text is the reason, for the log and for the peer."""


class Field(NamedTuple):
    """One field: `check` returns the accepted value, or raises ValueError saying what is allowed."""

    check: Callable[[Any], Any]
    required: bool = True
    default: Any = None


def _whole(low: int, high: int) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return value

    return check


def _number(low: float, high: float) -> Callable[[Any], float]:
    def check(value: Any) -> float:
        if type(value) not in (int, float) or not low <= value <= high:  # NaN fails every comparison
            raise ValueError(f"a number from {low:g} to {high:g}")
        return float(value)

    return check


def _flag(value: Any) -> bool:
    if type(value) is not bool:
        raise ValueError("true or false")
    return value


_HALF: Final = re.compile("[\ud800-\udfff]")  # half a surrogate pair: UTF-8 cannot encode it


def _text(low: int, high: int) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if type(value) is not str or not low <= len(value) <= high or _HALF.search(value):
            raise ValueError(f"a text of {low} to {high} characters")
        return value

    return check


def _printable(high: int) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if type(value) is not str or len(value) > high or not (value.isascii() and value.isprintable()):
            raise ValueError(f"printable ASCII, at most {high} characters")
        return value

    return check


def _one_of(*allowed: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if type(value) is not str or value not in allowed:
            raise ValueError("one of " + ", ".join(allowed))
        return value

    return check


def _list(most: int, item: Callable[[Any], Any]) -> Callable[[Any], list[Any]]:
    def check(value: Any) -> list[Any]:
        if type(value) is not list or len(value) > most:
            raise ValueError(f"a list of at most {most}")
        return [item(one) for one in value]

    return check


_CONNECTOR = Field(_whole(1, 16))
_STATION_OR_CONNECTOR = Field(_whole(1, 16), required=False)
_AT = Field(_number(0, 1e10))
_SEQ = Field(_whole(0, 2**53))
_CODE = Field(_text(1, 32))
_AMPS = _number(0, 80)
_PHASES = 3


def _optional(check: Callable[[Any], Any], default: Any = None) -> Field:
    return Field(check, required=False, default=default)


FROM_BOARD: Final[Mapping[str, Mapping[str, Field]]] = {
    "hello": {
        "version": Field(_whole(1, 1000)),
        "boot_id": Field(_text(1, 64)),
        "session_id": Field(_text(1, 64)),
        "board": Field(_text(1, 64)),
        "connectors": Field(_whole(1, 16)),
        "layers": _optional(_list(8, _text(1, 64)), []),
        "lease_s": _optional(_number(1, MAX_LEASE_S)),
    },
    "connector": {
        "connector": _CONNECTOR,
        "min_amps": Field(_AMPS),
        "max_amps": Field(_AMPS),
        "phases": Field(_whole(1, _PHASES)),
        "outlet": Field(_one_of("socket", "cable")),
        "lock": Field(_flag),
        "meter": Field(_flag),
        "measurands": _optional(_list(24, _one_of(*MEASURANDS)), []),
        "offer": _optional(_one_of(*OFFERS)),
        "offer_at": _optional(_number(0, 1e10)),
    },
    "ack": {"seq": _SEQ, "connector": _STATION_OR_CONNECTOR, "amps": Field(_AMPS), "why": _optional(_text(0, 200), "")},
    "pilot": {"connector": _CONNECTOR, "state": Field(_one_of(*"ABCDEF")), "at": _AT},
    "cable": {
        "connector": _CONNECTOR,
        "present": Field(_flag),
        "max_amps": Field(_AMPS),
        "locked": Field(_flag),
        "at": _AT,
    },
    "contactor": {"connector": _CONNECTOR, "closed": Field(_flag), "confirmed": Field(_flag), "at": _AT},
    "meter": {
        "connector": _CONNECTOR,
        "at": _AT,
        "wh": Field(_number(-1e9, 1e12)),
        "volts": _optional(_list(_PHASES, _number(-1000, 1000)), []),
        "amps": _optional(_list(_PHASES, _number(-1000, 1000)), []),
        "watts": _optional(_list(_PHASES, _number(-1e6, 1e6)), []),
        "soc": _optional(_number(0, 100)),
        "temperature": _optional(_number(-100, 200)),
    },
    "meter-identity": {
        "connector": _CONNECTOR,
        "serial": _optional(_printable(25), ""),
        "model": _optional(_printable(25), ""),
    },
    "switchings": {"connector": _CONNECTOR, "loaded": _SEQ, "unloaded": _SEQ},
    "card": {"connector": _STATION_OR_CONNECTOR, "id_tag": Field(_text(1, 20)), "at": _AT},
    "fault": {
        "connector": _STATION_OR_CONNECTOR,
        "code": _CODE,
        "on": Field(_flag),
        "latched": _optional(_flag, False),
        "detail": _optional(_text(0, 200), ""),
        "at": _AT,
    },
    "done": {"seq": _SEQ, "ok": Field(_flag), "detail": _optional(_text(0, 400), "")},
    "refused": {"reason": Field(_text(0, 200))},  # then the board closes the connection
}

TO_BOARD: Final[Mapping[str, Mapping[str, Field]]] = {
    "hello": {"version": Field(_whole(1, 1000))},
    "latched": {"connector": _STATION_OR_CONNECTOR, "code": _CODE},
    "offer": {
        "connector": _CONNECTOR,
        "amps": Field(_AMPS),
        "locked": _optional(_flag, False),
        "in_service": _optional(_flag, True),
        "lamp": _optional(_one_of(*LAMPS), "off"),
        "lease_s": Field(_number(0, MAX_LEASE_S)),
        "transaction": _optional(_flag),
        "seq": _SEQ,
    },
    "do": {
        "what": Field(_one_of(*ORDERS)),
        "words": _optional(_list(8, _text(0, 64)), []),
        "connector": _STATION_OR_CONNECTOR,
        "seq": _SEQ,
    },
    "refused": {"reason": Field(_text(0, 200))},  # to version 2 and later; then the client closes the connection
}

SINCE_3: Final = ("meter-identity", "switchings")
"""Types that versions 1 and 2 do not know: they are not told."""
SINCE_2: Final = {"connector": ("offer", "offer_at"), "offer": ("transaction",)}
"""Fields that version 1 does not know, by type."""

_TABLES: Final[Mapping[Direction, Mapping[str, Mapping[str, Field]]]] = {"from_board": FROM_BOARD, "to_board": TO_BOARD}


def told(messages: Iterable[Packet], version: int) -> list[Packet]:
    """The messages as that version knows them, without those whose type it does not know."""
    return [spoken(message, version) for message in messages if version >= 3 or message["type"] not in SINCE_3]


def spoken(message: Packet, version: int) -> Packet:
    """The message as that version knows it."""
    if version >= VERSION:
        return message
    new = SINCE_2.get(message["type"], ()) if version < 2 else ()
    older = {name: value for name, value in message.items() if name not in new}
    return older | {"version": version} if message["type"] == "hello" else older


def encode(message: Mapping[str, Any]) -> bytes:
    """One packet: ASCII JSON of at most 1 KiB.  ProtocolError where it would be longer or is no JSON."""
    try:
        data = json.dumps(message, separators=(",", ":"), allow_nan=False).encode("ascii")
    except (TypeError, ValueError) as error:
        raise ProtocolError(f"not JSON: {error}") from error
    if len(data) > MAX_BYTES:
        raise ProtocolError(f"{len(data)} bytes, at most {MAX_BYTES}")
    return data


def decode(data: bytes, direction: Direction) -> Packet:
    """The message in a packet of this direction, checked field by field; ProtocolError with the reason otherwise."""
    if len(data) > MAX_BYTES:
        raise ProtocolError(f"longer than {MAX_BYTES} bytes")
    try:
        message = json.loads(data.decode("ascii"), object_pairs_hook=_once_each, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"not JSON: {str(error)[:100]}") from error
    return check(message, direction)


def check(message: Any, direction: Direction) -> Packet:
    """The same message with optional fields filled in, or ProtocolError naming type, field and what is allowed."""
    if type(message) is not dict:
        raise ProtocolError("not an object")
    kind = message.get("type")
    fields = _TABLES[direction].get(kind) if isinstance(kind, str) else None
    if fields is None:
        raise ProtocolError(f"unknown type {kind!r:.40}")
    for name in message:
        if name != "type" and name not in fields:
            raise ProtocolError(f"{kind}: unknown field {name!r:.40}")
    checked: Packet = {"type": kind}
    for name, field in fields.items():
        checked[name] = _value(f"{kind}.{name}", field, message.get(name))
    return checked


def _value(where: str, field: Field, value: Any) -> Any:
    if value is None:
        if field.required:
            raise ProtocolError(f"{where} is missing")
        return list(field.default) if isinstance(field.default, list) else field.default
    try:
        return field.check(value)
    except ValueError as error:
        raise ProtocolError(f"{where} must be {error}") from None


def _once_each(pairs: list[tuple[str, Any]]) -> Packet:
    message = dict(pairs)
    if len(message) != len(pairs):
        raise ValueError("a field occurs twice")
    return message


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")
