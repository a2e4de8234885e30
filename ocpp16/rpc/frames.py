"""OCPP-J frames: parses and writes CALL, CALLRESULT, CALLERROR (J 4.2), whatever their action and payload.

No text makes `parse` raise: a frame that cannot be used is returned as `Bad` (to be answered) or `Ignored` (not so).
"""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from ocpp16.messages.call_error import MAX_DESCRIPTION, ErrorCode

MAX_ID = 36
"""Characters of a unique id (J 4.1.4)."""
MAX_DEPTH = 64
"""Nested arrays and objects; its messages need 6.  Counted here: each version of Python has another limit."""


class Call(msgspec.Struct, frozen=True):
    """A request.  Its payload is JSON without repeated keys, not validated yet; null is replaced by {}."""

    id: str
    action: str
    payload: msgspec.Raw


class Result(msgspec.Struct, frozen=True):
    """A confirmation (CALLRESULT); its payload as in `Call`."""

    id: str
    payload: msgspec.Raw


class Error(msgspec.Struct, frozen=True):
    """A CALLERROR, or an unreadable answer that counts as one (GenericError, JE 3.3).

    `code` is any text that the Central System sent, maybe none of J 4.2.3; `description` is cut at 255 characters.
    """

    id: str
    code: str
    description: str
    details: msgspec.Raw


class Bad(msgspec.Struct, frozen=True):
    """An unusable CALL whose id could be read: to be answered with this CALLERROR."""

    id: str
    code: ErrorCode
    description: str


class Ignored(msgspec.Struct, frozen=True):
    """A frame that cannot be answered (J 4.1.3)."""

    reason: str


Frame = Call | Result | Error | Bad | Ignored

CALL, CALLRESULT, CALLERROR = 2, 3, 4
_EMPTY = msgspec.Raw(b"{}")
_elements = msgspec.json.Decoder(list[msgspec.Raw]).decode
_anything = msgspec.json.Decoder().decode
_HEAD = r'\s*\[\s*([234])\s*,\s*("(?:[^"\\]|\\.)*")'
"""Message type and id at the start of a frame.  Compiled when first needed, to keep the start fast."""
_UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)


# --- received ---------------------------------------------------------------------------------------------------------


def parse(text: str, max_bytes: int = 65536) -> Frame:
    """The frame that `text` holds.  Longer than `max_bytes` of UTF-8: refused; a leading byte order mark is skipped."""
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
        if _is_too_deep(parts):
            return _salvage(text, f"more than {MAX_DEPTH} nested arrays and objects")
        if _has_repeated_key(data, parts):
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
    """Many Central Systems leave out the last elements of a CALLERROR; they count as empty."""
    code, description, details = (*parts[2:5], None, None, None)[:3]
    return Error(
        parts[1],
        code if type(code) is str else "GenericError",
        description[:MAX_DESCRIPTION] if type(description) is str else "",
        raw[4] if type(details) is dict else _EMPTY,
    )


def _is_too_deep(parts: list[Any]) -> bool:
    level: list[Any] = [parts]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer)
            if type(inner) in (dict, list)
        ]
        if not level:
            return False
    return True


def _has_repeated_key(data: bytes, parts: list[Any]) -> bool:
    """Whether an object in `data` names a key twice; `parts` is what was decoded from it.

    Decoding keeps the last of equal keys only.  Each member of an object has one colon, so where all were kept, `parts`
    encoded again has as many colons as `data`: then the slow exact check is not needed.
    """
    all_kept = data.count(b":") == msgspec.json.encode(parts).count(b":")
    escaped = b"\\u003a" in data or b"\\u003A" in data  # decoded a colon more, which could hide a lost member
    return (escaped or not all_kept) and _find_repeated_key(data)


def _find_repeated_key(data: bytes) -> bool:
    found = False

    def check(members: list[tuple[str, Any]]) -> None:
        nonlocal found
        found = found or len({key for key, _ in members}) != len(members)

    json.loads(data, object_pairs_hook=check, parse_int=len, parse_float=len)
    return found


def _is_json(text: str) -> bool:
    """Whether a tolerant parser takes it: NaN, numbers of any length, lone surrogates, any depth."""
    try:
        json.loads(text, parse_int=len, parse_float=len)
    except RecursionError:
        return True
    except ValueError:
        return False
    return True


def _salvage(text: str, reason: str) -> Frame:
    """The refusal of an unreadable frame, where at least its type and id can be read; else Ignored."""
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


# --- sent -------------------------------------------------------------------------------------------------------------


def call(unique_id: str, action: str, payload: bytes | str) -> str:
    """A CALL; `payload` is JSON."""
    return f"[2,{_quoted(unique_id)},{_quoted(action)},{_text(payload)}]"


def result(unique_id: str, payload: bytes | str) -> str:
    """A CALLRESULT; `payload` is JSON."""
    return f"[3,{_quoted(unique_id)},{_text(payload)}]"


def error(unique_id: str, code: str, description: str = "") -> str:
    """A CALLERROR with empty details; the description is cut at 255 characters."""
    return f"[4,{_quoted(unique_id)},{_quoted(code)},{_quoted(description[:MAX_DESCRIPTION])},{{}}]"


def _text(payload: bytes | str) -> str:
    return payload if isinstance(payload, str) else payload.decode()


def _quoted(text: str) -> str:
    return msgspec.json.encode(text.encode(errors="replace").decode()).decode()
