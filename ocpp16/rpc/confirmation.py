"""Answers to our own requests: what decides is read, the rest is left out with a note (JE 3.3).

What decides, by .conf:

    BootNotification                           status
    Authorize                                  idTagInfo.status
    StartTransaction                           transactionId and idTagInfo.status
    DataTransfer, SignCertificate              status
    Heartbeat, MeterValues, StopTransaction,
    StatusNotification, other notifications    nothing: answered is delivered

Where that is missing or unreadable the CALL counts as not processed.  A strictly refused BootNotification.conf would
keep the station offline, and a refused StartTransaction.conf would open the same transaction again.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from ocpp16.messages.call_error import Refusal
from ocpp16.messages.core import BootNotificationConf, HeartbeatConf, StartTransactionConf
from ocpp16.messages.types import AuthorizationStatus, IdTagInfo, Message
from ocpp16.rpc.payload import OUTGOING, Wrong, corrected, decoder, shape

_UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError, OverflowError)
_EMPTY: tuple[Any, ...] = (None, [], {})
"""In place of an object they all say nothing."""


class Undecided(NamedTuple):
    """An answer without what decides."""

    refusal: Refusal
    """What is missing or unreadable."""
    id_tag_info: IdTagInfo | None
    """The verdict about a card, where it has one all the same."""


def decode_confirmation(action: str, payload: msgspec.Raw | bytes | str, notes: list[str] | None = None) -> Any:
    """The confirmation of our request: its Struct, or Undecided.  Each thing left out appends a line to `notes`."""
    notes = [] if notes is None else notes
    kind = OUTGOING[action][1]
    try:
        message = decoder(kind).decode(payload)
    except _UNREADABLE:
        value = _object(payload, notes)
        try:
            return _salvaged(value, kind, "", notes)
        except Wrong as wrong:
            return Undecided(wrong.refusal, _verdict(value))
    _note_missing(message, notes)
    return message


def _object(payload: msgspec.Raw | bytes | str, notes: list[str]) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(payload)
    except _UNREADABLE as error:
        value = str(error)
    if type(value) is dict:
        return value
    if value is not None:  # J 4.2.1: null is an empty payload; [] is what PHP writes for one
        notes.append("[] in place of an object" if value == [] else "payload is no object")
    return {}


def _salvaged(value: dict[str, Any], kind: type[msgspec.Struct], where: str, notes: list[str]) -> Any:
    """A Struct of what can be read.  Raises Wrong where a required field is missing or unreadable."""
    types = {field.encode_name: field.type for field in shape(kind).fields}
    notes += [f"{where}{name[:50]}: unknown property, left out" for name in value if name not in types]
    found: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        path, given = where + field.encode_name, value.get(field.encode_name)
        inner = _struct_of(types[field.encode_name])
        if given is None or (inner is not None and given in _EMPTY):
            if field.required:
                raise Wrong("ProtocolError", path, "missing")
            continue
        try:
            found[field.name] = _read(given, field.type, types[field.encode_name], path, notes)
        except Wrong as wrong:
            if field.required:
                raise
            notes.append(f"{wrong.refusal.description}; left out")
            if kind is StartTransactionConf:  # a verdict that cannot be read is not the one known before
                found[field.name] = IdTagInfo(AuthorizationStatus.INVALID)
    message = kind(**found)
    _note_missing(message, notes)
    return message


def _read(given: Any, annotation: Any, kind: msgspec.inspect.Type, path: str, notes: list[str]) -> Any:
    inner = _struct_of(kind)
    if inner is not None and type(given) is dict:
        return _salvaged(given, inner, f"{path}.", notes)
    try:
        return msgspec.convert(corrected(given, kind, path, notes), annotation)
    except (msgspec.ValidationError, OverflowError) as error:
        raise Wrong("TypeConstraintViolation", path, str(error)) from None


def _struct_of(kind: msgspec.inspect.Type) -> type[msgspec.Struct] | None:
    """The Struct that a field holds, optional or not; None: it holds a plain value."""
    kind = kind.types[0] if isinstance(kind, msgspec.inspect.UnionType) else kind
    return kind.cls if isinstance(kind, msgspec.inspect.StructType) else None


def _verdict(value: dict[str, Any]) -> IdTagInfo | None:
    info = value.get("idTagInfo")
    try:
        return _salvaged(info, IdTagInfo, "", []) if type(info) is dict else None
    except Wrong:
        return None


WANTED: dict[type[Message], dict[str, str]] = {
    BootNotificationConf: {"current_time": "currentTime", "interval": "interval"},
    HeartbeatConf: {"current_time": "currentTime"},
    StartTransactionConf: {"id_tag_info": "idTagInfo"},
}
"""Fields that an answer should have and that do not decide, with their names on the wire."""


def _note_missing(message: Any, notes: list[str]) -> None:
    for name, wire in WANTED.get(type(message), {}).items():
        if getattr(message, name) is None and not any(note.startswith(wire) for note in notes):
            notes.append(f"{wire}: missing")
