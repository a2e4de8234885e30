"""Payloads: JSON to and from message Structs, and the CALLERROR code for a payload that is not valid (J 4.2.3).

msgspec decodes and validates first, in C.  Only a payload that it refuses is examined a second time, slowly: what may
be corrected is corrected, else the code of J 4.2.3 is found and the field named.  All this is strict; how the answers
to our own requests are read is in `confirmation.py`.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from typing import Any

import msgspec

from ocpp16.messages import core, firmware, local_list, remote_trigger, reservation, security, smart_charging
from ocpp16.messages.call_error import MAX_DESCRIPTION, ErrorCode, Refusal
from ocpp16.messages.types import Message

Rows = dict[str, tuple[type[Message], type[Message]]]

PROFILES: dict[str, tuple[Rows, Rows]] = {
    "Core": (core.INCOMING, core.OUTGOING),
    "FirmwareManagement": (firmware.INCOMING, firmware.OUTGOING),
    "LocalAuthListManagement": (local_list.INCOMING, local_list.OUTGOING),
    "Reservation": (reservation.INCOMING, reservation.OUTGOING),
    "SmartCharging": (smart_charging.INCOMING, smart_charging.OUTGOING),
    "RemoteTrigger": (remote_trigger.INCOMING, remote_trigger.OUTGOING),
    "Security": (security.INCOMING, security.OUTGOING),
}
"""Per profile (`Security` is the whitepaper's): received and sent messages, action -> types of its .req and .conf."""
INCOMING: Rows = {action: row for incoming, _ in PROFILES.values() for action, row in incoming.items()}
OUTGOING: Rows = {action: row for _, outgoing in PROFILES.values() for action, row in outgoing.items()}


# --- received ---------------------------------------------------------------------------------------------------------


def decode_request(action: str, payload: msgspec.Raw | bytes | str) -> Any:
    """The request that the Central System sent: its Struct, or a Refusal."""
    row = INCOMING.get(action)
    if row is not None:
        return decode(row[0], payload)
    if action in OUTGOING:
        return Refusal("NotSupported", f"{action} is sent by Charge Points")
    return Refusal("NotImplemented", f"unknown action {action[:50]}")


def decode(kind: type[Message], payload: msgspec.Raw | bytes | str) -> Any:
    """A Struct of type `kind`, or a Refusal.

    Of repeated keys the last one counts; `frames.parse` has refused such payloads before.
    """
    try:
        return decoder(kind).decode(payload)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _examine(kind, payload)


@cache
def decoder(kind: type[Message]) -> msgspec.json.Decoder[Message]:
    """Strict, and fast; one a type."""
    return msgspec.json.Decoder(kind)


# --- second examination -----------------------------------------------------------------------------------------------

# Compiled when first needed, to keep the start fast.
_MOMENT = r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(?::(\d\d))?(?:[.,](\d+))?([Zz]|[+-]\d\d(?::?\d\d)?)?"
_INTEGER = r"[+-]?\d{1,18}"


class Wrong(Exception):
    """A value at `where` (a path in the payload) that does not fit; with the code of J 4.2.3."""

    def __init__(self, code: ErrorCode, where: str, what: str) -> None:
        self.refusal = Refusal(code, f"{where}: {what}"[:MAX_DESCRIPTION])


def _examine(kind: type[Message], payload: msgspec.Raw | bytes | str) -> Any:
    try:
        value = msgspec.json.decode(payload)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        return Refusal("FormationViolation", str(error)[:MAX_DESCRIPTION])
    if value is None or (value == [] and not any(field.required for field in shape(kind).fields)):
        value = {}  # J 4.2.1: null is an empty payload; [] is what PHP writes for one
    if type(value) is not dict:
        return Refusal("FormationViolation", "payload is no object")
    try:
        return msgspec.convert(corrected(value, shape(kind), "", None), kind)
    except Wrong as wrong:
        return wrong.refusal
    except (msgspec.ValidationError, OverflowError) as error:
        return Refusal("TypeConstraintViolation", str(error)[:MAX_DESCRIPTION])


@cache
def shape(kind: type[msgspec.Struct]) -> msgspec.inspect.StructType:
    """The fields of a Struct and their types."""
    found = msgspec.inspect.type_info(kind)
    assert isinstance(found, msgspec.inspect.StructType)
    return found


def corrected(value: Any, kind: msgspec.inspect.Type, where: str, notes: list[str] | None) -> Any:
    """The value corrected for `kind`.  Raises Wrong where a special code fits; wrong types are left to msgspec.

    With a list for `notes` integers may be written as text or as 7.0; each adds a line.
    """
    match kind:
        case msgspec.inspect.UnionType():  # the only unions are optional fields
            return value if value is None else corrected(value, kind.types[0], where, notes)
        case msgspec.inspect.StructType() if type(value) is dict:
            return _corrected_struct(value, kind, where, notes)
        case msgspec.inspect.VarTupleType() if type(value) is list:
            if kind.min_length is not None and len(value) < kind.min_length:
                raise Wrong("OccurenceConstraintViolation", where, f"fewer than {kind.min_length} items")
            return [corrected(item, kind.item_type, f"{where}[{index}]", notes) for index, item in enumerate(value)]
        case msgspec.inspect.EnumType() if type(value) is str and value not in kind.cls._value2member_map_:
            raise Wrong("PropertyConstraintViolation", where, f"{value[:50]!r} is no {kind.cls.__name__}")
        case msgspec.inspect.IntType():
            return _corrected_integer(value, kind, where, notes)
        case msgspec.inspect.DateTimeType() if type(value) is str:
            return _moment(value)
    return value


def _corrected_struct(
    value: dict[str, Any], kind: msgspec.inspect.StructType, where: str, notes: list[str] | None
) -> dict[str, Any]:
    prefix = f"{where}." if where else ""
    fields = {field.encode_name: field for field in kind.fields}
    for name in [name for name in value if name not in fields]:
        raise Wrong("FormationViolation", f"{prefix}{name[:50]}", "unknown property")
    for name, field in fields.items():
        if field.required and name not in value:
            raise Wrong("ProtocolError", f"{prefix}{name}", "missing")
    return {
        name: corrected(value[name], field.type, f"{prefix}{name}", notes)
        for name, field in fields.items()
        if name in value
    }


def _corrected_integer(value: Any, kind: msgspec.inspect.IntType, where: str, notes: list[str] | None) -> Any:
    whole = type(value) is float and value.is_integer()
    if notes is not None and (whole or (type(value) is str and re.fullmatch(_INTEGER, value, re.ASCII))):
        notes.append(f"{where}: {value!r} taken for an integer")
        value = int(value)
    if type(value) is int and kind.ge is not None and kind.le is not None and not kind.ge <= value <= kind.le:
        raise Wrong("PropertyConstraintViolation", where, "integer out of range")
    return value


def _moment(text: str) -> datetime | str:
    """A dateTime in any common form: no zone means UTC, second 60 means 59.  Else the text itself."""
    match = re.fullmatch(_MOMENT, text, re.ASCII)
    if match is None:
        return text
    date, minute, second, fraction, zone = match.groups()
    second = "59" if second == "60" else second or "00"
    try:
        return datetime.fromisoformat(f"{date}T{minute}:{second}.{(fraction or '0')[:6]}{(zone or 'Z').upper()}")
    except ValueError:
        return text


# --- sent -------------------------------------------------------------------------------------------------------------

_encoder = msgspec.json.Encoder()


def encode(message: msgspec.Struct) -> bytes:
    """The payload as JSON; fields that are None are left out."""
    return _encoder.encode(message)


def action_of(message: msgspec.Struct) -> str:
    """The action of a message: `Authorize` for AuthorizeReq and AuthorizeConf."""
    return type(message).__name__.removesuffix("Req").removesuffix("Conf")


def flaw(message: Message) -> Refusal | None:
    """Why a message of ours is not valid, None where it is (a Struct built in Python is not validated)."""
    decoded = decode(type(message), encode(message))
    return decoded if isinstance(decoded, Refusal) else None
