"""Payloads: JSON to and from message Structs, and the CALLERROR code for a payload that is not valid (J 4.2.3).

msgspec decodes and validates first, in C.  Only a payload that it refuses is examined a second time, slowly: what may
be corrected is corrected, else the code of J 4.2.3 is found and the field named.  Requests are validated strictly; a
confirmation may hold unknown properties and numbers as texts, for a strictly refused BootNotification.conf would keep
the station offline.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from typing import Any

import msgspec

from ocpp16.messages import core, firmware, local_list, remote_trigger, reservation, security, smart_charging
from ocpp16.messages.call_error import MAX_DESCRIPTION, ErrorCode, Refusal
from ocpp16.messages.types import AuthorizationStatus, Message

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


def decode_confirmation(action: str, payload: msgspec.Raw | bytes | str, notes: list[str] | None = None) -> Any:
    """The confirmation of our request: its Struct, or a Refusal.  Each correction appends a line to `notes`."""
    notes = [] if notes is None else notes
    kind = OUTGOING[action][1]
    answer = decode(kind, payload, notes)
    if isinstance(answer, Refusal) and kind in (core.StartTransactionConf, core.StopTransactionConf):
        return _without_id_tag_info(kind, payload, answer, notes)
    return answer


def _without_id_tag_info(
    kind: type[Message], payload: msgspec.Raw | bytes | str, refusal: Refusal, notes: list[str]
) -> Any:
    """StartTransaction.conf or StopTransaction.conf whose idTagInfo is invalid: the message is not sent again for that.

    An unreadable status counts as Invalid (Start); an unreadable idTagInfo is left out (Stop).
    """
    try:
        value = msgspec.json.decode(payload, type=dict[str, Any])
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return refusal
    kept: dict[str, Any] = {}
    if kind is core.StartTransactionConf:
        info = value.get("idTagInfo")
        status = info.get("status") if type(info) is dict else None
        known = type(status) is str and status in AuthorizationStatus._value2member_map_
        kept["transactionId"] = value.get("transactionId")
        kept["idTagInfo"] = {"status": status if known else str(AuthorizationStatus.INVALID)}
    answer = decode(kind, msgspec.json.encode(kept), notes)
    if isinstance(answer, Refusal):
        return refusal
    notes.append(f"{refusal.description}; taken for {msgspec.json.encode(kept).decode()}")
    return answer


def decode(kind: type[Message], payload: msgspec.Raw | bytes | str, notes: list[str] | None = None) -> Any:
    """A Struct of type `kind`, or a Refusal.  Strict; with a list for `notes` what may be corrected is corrected.

    Of repeated keys the last one counts; `frames.parse` has refused such payloads before.
    """
    try:
        return _decoder(kind).decode(payload)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _examine(kind, payload, notes)


@cache
def _decoder(kind: type[Message]) -> msgspec.json.Decoder[Message]:
    return msgspec.json.Decoder(kind)


# --- second examination -----------------------------------------------------------------------------------------------

# Compiled when first needed, to keep the start fast.
_MOMENT = r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(?::(\d\d))?(?:[.,](\d+))?([Zz]|[+-]\d\d(?::?\d\d)?)?"
_INTEGER = r"[+-]?\d{1,18}"


class _Wrong(Exception):
    def __init__(self, code: ErrorCode, where: str, what: str) -> None:
        self.refusal = Refusal(code, f"{where}: {what}"[:MAX_DESCRIPTION])


def _examine(kind: type[Message], payload: msgspec.Raw | bytes | str, notes: list[str] | None) -> Any:
    try:
        value = msgspec.json.decode(payload)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        return Refusal("FormationViolation", str(error)[:MAX_DESCRIPTION])
    if value is None:  # J 4.2.1: null is an empty payload
        value = {}
    if type(value) is not dict:
        return Refusal("FormationViolation", "payload is no object")
    try:
        return msgspec.convert(_corrected(value, _shape(kind), "", notes), kind)
    except _Wrong as wrong:
        return wrong.refusal
    except (msgspec.ValidationError, OverflowError) as error:
        return Refusal("TypeConstraintViolation", str(error)[:MAX_DESCRIPTION])


@cache
def _shape(kind: type[Message]) -> msgspec.inspect.Type:
    return msgspec.inspect.type_info(kind)


def _corrected(value: Any, kind: msgspec.inspect.Type, where: str, notes: list[str] | None) -> Any:
    """The value corrected for `kind`.  Raises _Wrong where a special code fits; wrong types are left to msgspec."""
    match kind:
        case msgspec.inspect.UnionType():  # the only unions are optional fields
            return value if value is None else _corrected(value, kind.types[0], where, notes)
        case msgspec.inspect.StructType() if type(value) is dict:
            return _corrected_struct(value, kind, where, notes)
        case msgspec.inspect.VarTupleType() if type(value) is list:
            if kind.min_length is not None and len(value) < kind.min_length:
                raise _Wrong("OccurenceConstraintViolation", where, f"fewer than {kind.min_length} items")
            return [_corrected(item, kind.item_type, f"{where}[{index}]", notes) for index, item in enumerate(value)]
        case msgspec.inspect.EnumType() if type(value) is str and value not in kind.cls._value2member_map_:
            raise _Wrong("PropertyConstraintViolation", where, f"{value[:50]!r} is no {kind.cls.__name__}")
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
        if notes is None:
            raise _Wrong("FormationViolation", f"{prefix}{name[:50]}", "unknown property")
        notes.append(f"{prefix}{name[:50]}: unknown property, left out")
    for name, field in fields.items():
        if field.required and name not in value:
            raise _Wrong("ProtocolError", f"{prefix}{name}", "missing")
    return {
        name: _corrected(value[name], field.type, f"{prefix}{name}", notes)
        for name, field in fields.items()
        if name in value
    }


def _corrected_integer(value: Any, kind: msgspec.inspect.IntType, where: str, notes: list[str] | None) -> Any:
    if notes is not None and (type(value) is float or (type(value) is str and re.fullmatch(_INTEGER, value, re.ASCII))):
        notes.append(f"{where}: {value!r} taken for an integer")
        value = int(value)
    if type(value) is int and kind.ge is not None and kind.le is not None and not kind.ge <= value <= kind.le:
        raise _Wrong("PropertyConstraintViolation", where, "integer out of range")
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
