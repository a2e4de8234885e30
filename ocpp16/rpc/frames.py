"""OCPP-J frames: parses and writes CALL, CALLRESULT, CALLERROR (J 4.2), whatever their action and payload.

No text makes `parse` raise: a frame that cannot be used is returned as `Bad` (to be answered), `Unreadable` (an answer)
or `Ignored`.  A CALL is taken strictly; of an answer as much is read as can be, for refusing it helps nobody.
"""

from __future__ import annotations

import json
import re
from math import isfinite
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
    """A confirmation (CALLRESULT); its payload as in `Call`, of any JSON type.

    `flaw`: what is wrong with the frame and was left out or taken otherwise; "" where nothing is.
    """

    id: str
    payload: msgspec.Raw
    flaw: str = ""


class Unreadable(msgspec.Struct, frozen=True):
    """An answer (CALLRESULT or CALLERROR) that is too long, too deep, or no JSON at all behind its id."""

    id: str
    reason: str


class Error(msgspec.Struct, frozen=True):
    """A CALLERROR.

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


Frame = Call | Result | Error | Unreadable | Bad | Ignored

CALL, CALLRESULT, CALLERROR = 2, 3, 4
_EMPTY = msgspec.Raw(b"{}")
_elements = msgspec.json.Decoder(list[msgspec.Raw]).decode
_anything = msgspec.json.Decoder().decode
_HEAD = r'\s*\[\s*([234])\s*,\s*("(?:[^"\\]|\\.)*")'
"""Message type and id at the start of a frame.  Compiled when first needed, to keep the start fast."""
_UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
_AROUND = "\ufeff\0 \t\r\n\v\f\u0085\u00a0\u2028\u2029"
"""What some Central Systems send before or after a frame: byte order mark, NUL, line ends, blanks."""
_CONTRADICTION: list[Any] = []
"""In place of the values of a member that an answer gives twice and differently: it fits no field."""


# --- received ---------------------------------------------------------------------------------------------------------


def parse(text: str, max_bytes: int = 65536) -> Frame:
    """The frame that `text` holds, without what stands around it.  Longer than `max_bytes` of UTF-8: refused."""
    text = text.strip(_AROUND)
    if len(text) > max_bytes:
        return _refused(text[:max_bytes], f"longer than {max_bytes} bytes")
    try:
        data = text.encode()
        if len(data) > max_bytes:
            return _refused(text, f"longer than {max_bytes} bytes")
        parts = _anything(data)
        if type(parts) is not list:
            return Ignored("not an array")
        if _is_too_deep(parts):
            return _refused(text, f"more than {MAX_DEPTH} nested arrays and objects")
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
    return _error(parts, raw) if kind == CALLERROR else _result(parts, raw)


def _result(parts: list[Any], raw: list[msgspec.Raw]) -> Result:
    """Some Central Systems name the action before the payload, or send no payload: the object is the payload."""
    if len(parts) == 3:
        return Result(parts[1], _EMPTY if parts[2] is None else raw[2])
    found = next((index for index in range(2, len(parts)) if type(parts[index]) is dict), None)
    return Result(parts[1], _EMPTY if found is None else raw[found], f"CALLRESULT of {len(parts)} elements")


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


def _refused(text: str, reason: str) -> Frame:
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
    return Unreadable(unique_id, reason[:MAX_DESCRIPTION])


def _salvage(text: str, reason: str) -> Frame:
    """An answer, without what is no JSON in it or contradicts itself; a CALL is refused."""
    refused = _refused(text, reason)
    if not isinstance(refused, Unreadable):
        return refused
    try:
        parts = json.loads(
            text, object_pairs_hook=_members, parse_int=_integer, parse_float=_number, parse_constant=_nothing
        )
        data = json.dumps(parts, ensure_ascii=False).encode(errors="replace")
        parts, raw = _anything(data), _elements(data)
    except _UNREADABLE:
        return refused
    if _is_too_deep(parts):
        return refused
    frame = _sort(parts, raw)
    return Result(frame.id, frame.payload, refused.reason) if isinstance(frame, Result) else frame


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        found[key] = value if found.get(key, value) == value else _CONTRADICTION
    return found


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) < 20 else None


def _number(digits: str) -> float | None:
    number = float(digits)
    return number if isfinite(number) else None


def _nothing(name: str) -> None:
    """NaN and Infinity are no JSON."""


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
