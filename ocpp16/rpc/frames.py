"""OCPP-J frames: texts of the wire to and from CALL, CALLRESULT, CALLERROR (J 4.2).  It knows no action and no payload.

Nothing that the other side can send raises: what cannot be used comes back as `Bad` (answer it) or `Ignored` (do not).
"""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from ocpp16.messages.call_error import MAX_DESCRIPTION, ErrorCode

MAX_ID = 36
"""Characters of a unique id (J 4.1.4)."""


class Call(msgspec.Struct, frozen=True):
    """A request; its payload is JSON without a double key, not looked at yet.  null stands for {} here."""

    id: str
    action: str
    payload: msgspec.Raw


class Result(msgspec.Struct, frozen=True):
    """A confirmation; its payload as in `Call`."""

    id: str
    payload: msgspec.Raw


class Error(msgspec.Struct, frozen=True):
    """A CALLERROR, or an answer so broken that it counts as one (GenericError).  The code is theirs, any text."""

    id: str
    code: str
    description: str
    details: msgspec.Raw


class Bad(msgspec.Struct, frozen=True):
    """Not a usable CALL, but its id is known: answer with this CALLERROR."""

    id: str
    code: ErrorCode
    description: str


class Ignored(msgspec.Struct, frozen=True):
    """Nothing that could be answered (J 4.1.3)."""

    reason: str


Frame = Call | Result | Error | Bad | Ignored

CALL, CALLRESULT, CALLERROR = 2, 3, 4
_EMPTY = msgspec.Raw(b"{}")
_elements = msgspec.json.Decoder(list[msgspec.Raw]).decode
_anything = msgspec.json.Decoder().decode
_HEAD = r'\s*\[\s*([234])\s*,\s*("(?:[^"\\]|\\.)*")'
"""Compiled when first needed: a start that meets nothing odd is not kept waiting."""
_UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)


# --- in -------------------------------------------------------------------------------------------------------------


def parse(text: str, max_bytes: int = 65536) -> Frame:
    """What the frame is.  `max_bytes` of UTF-8 are looked at at most; a byte order mark in front is passed over."""
    text = text.removeprefix("\ufeff")
    if len(text) > max_bytes:
        return _salvage(text[:max_bytes], f"longer than {max_bytes} bytes")
    try:
        data = text.encode()
        if len(data) > max_bytes:
            return _salvage(text, f"longer than {max_bytes} bytes")
        parts = _anything(data)
        if type(parts) is not list:
            return Ignored("not an array")
        if _same_key_twice(data, parts):
            return _salvage(text, "a key stands twice in an object")
        raw = _elements(data)
    except _UNREADABLE as error:
        if not _is_json(text):
            return Ignored("not JSON")
        return _salvage(text, str(error))
    return _sort(parts, raw)


def _sort(parts: list[Any], raw: list[msgspec.Raw]) -> Frame:
    kind = parts[0] if parts else None
    if kind not in (CALL, CALLRESULT, CALLERROR):  # J 4.1.3: unknown numbers are ignored
        return Ignored("no known message type")
    if len(parts) < 2 or type(parts[1]) is not str:
        return Ignored("no id")
    if kind == CALL:
        return _call(parts, raw)
    if kind == CALLERROR:
        return _error(parts, raw)
    if len(parts) != 3:
        return Error(parts[1], "GenericError", f"CALLRESULT of {len(parts)} elements", _EMPTY)
    return Result(parts[1], _EMPTY if parts[2] is None else raw[2])


def _call(parts: list[Any], raw: list[msgspec.Raw]) -> Frame:
    if len(parts[1]) > MAX_ID:  # J 4.2.3
        return Bad(parts[1], "FormationViolation", f"id longer than {MAX_ID} characters")
    if len(parts) != 4:
        return Bad(parts[1], "FormationViolation", f"CALL of {len(parts)} elements")
    if type(parts[2]) is not str:
        return Bad(parts[1], "FormationViolation", "action is no text")
    return Call(parts[1], parts[2], _EMPTY if parts[3] is None else raw[3])


def _error(parts: list[Any], raw: list[msgspec.Raw]) -> Frame:
    """Many leave out the last elements of a CALLERROR: what it means is clear without them."""
    code, description, details = (*parts[2:5], None, None, None)[:3]
    return Error(
        parts[1],
        code if type(code) is str else "GenericError",
        description[:MAX_DESCRIPTION] if type(description) is str else "",
        raw[4] if type(details) is dict else _EMPTY,
    )


def _same_key_twice(data: bytes, parts: list[Any]) -> bool:
    """Decoding drops all but the last of equal keys, and their quotation marks with them."""
    same = data.count(b'"') == msgspec.json.encode(parts).count(b'"')
    if same and b"\\u0022" not in data:  # such an escape becomes one mark more, and could hide a loss
        return False
    return _has_double(data)


def _has_double(data: bytes) -> bool:
    found = False

    def look(pairs: list[tuple[str, Any]]) -> None:
        nonlocal found
        found = found or len({key for key, _ in pairs}) != len(pairs)

    json.loads(data, object_pairs_hook=look, parse_int=len, parse_float=len)
    return found


def _is_json(text: str) -> bool:
    """In the widest sense: with NaN, numbers without end, halves of surrogate pairs, any depth."""
    try:
        json.loads(text, parse_int=len, parse_float=len)
    except RecursionError:
        return True
    except ValueError:
        return False
    return True


def _salvage(text: str, reason: str) -> Frame:
    """A frame that is not to be read: if at least its id is, the other side learns of it."""
    head = re.match(_HEAD, text, re.DOTALL)
    if head is None:
        return Ignored(reason)
    try:
        unique_id = msgspec.json.decode(head[2].encode(), type=str)
    except _UNREADABLE:
        return Ignored(reason)
    if head[1] == str(CALL):
        return Bad(unique_id, "FormationViolation", reason[:MAX_DESCRIPTION])
    return Error(unique_id, "GenericError", f"answer unreadable: {reason}"[:MAX_DESCRIPTION], _EMPTY)


# --- out ------------------------------------------------------------------------------------------------------------


def call(unique_id: str, action: str, payload: bytes | str) -> str:
    return f"[2,{_quoted(unique_id)},{_quoted(action)},{_text(payload)}]"


def result(unique_id: str, payload: bytes | str) -> str:
    return f"[3,{_quoted(unique_id)},{_text(payload)}]"


def error(unique_id: str, code: str, description: str = "") -> str:
    return f"[4,{_quoted(unique_id)},{_quoted(code)},{_quoted(description[:MAX_DESCRIPTION])},{{}}]"


def _text(payload: bytes | str) -> str:
    return payload if isinstance(payload, str) else payload.decode()


def _quoted(text: str) -> str:
    return msgspec.json.encode(text.encode(errors="replace").decode()).decode()
