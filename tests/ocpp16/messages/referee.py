"""The published JSON schemas as a referee over our words: the files that the independent package `ocpp` ships.

Judged are texts, so that a number is what stands on the wire.  Where we differ from those files, EXCEPTIONS says so.
"""

from __future__ import annotations

import functools
import importlib.util
import json
from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import msgspec
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from ocpp16.messages.call_error import Refusal
from ocpp16.messages.types import Message
from ocpp16.rpc import payload

Schema = dict[str, Any]

EXCEPTIONS = {
    "Hertz": "not in the schema of the Open Charge Alliance: Frequency has no unit in 1.6",
    "requestedMessage": "any text: an unknown word is answered with the status NotImplemented (§5.17)",
    "minItems": "these lists are [1..*] in the text of the specification",
    "null": "for an optional field the same as absent (JSON libraries write it so)",
    "[]": "for a payload without required members the same as {} (PHP writes it so)",
    "64 bits": "an integer that no database column holds is out of range",
    "multipleOf": "a limit with more decimals than one is rounded down where it is used, never refused",
    "UNDECIDED": "what does not decide in an answer to us may be missing; the answer counts all the same",
    "date-time": "a dateTime from the Central System must be one; jsonschema does not look",
}
UNDECIDED = {
    "BootNotificationResponse": ("currentTime", "interval"),
    "HeartbeatResponse": ("currentTime",),
    "StartTransactionResponse": ("idTagInfo",),
}
ONE_OR_MORE = ("chargingSchedulePeriod", "sampledValue", "meterValue")


class Case(NamedTuple):
    """A message type and what the referee says it looks like."""

    kind: type[Message]
    schema: Schema

    def __repr__(self) -> str:
        return self.kind.__name__


class Vice(NamedTuple):
    """A payload that is wrong in one place, and the code of J 4.2.3 that fits."""

    what: str
    payload: Any
    code: str


def cases(module: ModuleType) -> list[Case]:
    """All requests and confirmations of a module of words."""
    rows = {**module.INCOMING, **module.OUTGOING}
    return [
        Case(kind, schema_of(action + ending))
        for action, row in rows.items()
        for kind, ending in zip(row, ("", "Response"), strict=True)
    ]


# --- the schemas ----------------------------------------------------------------------------------------------------


@functools.cache
def schemas() -> Path:
    """The folder of the package, found without importing it."""
    found = importlib.util.find_spec("ocpp")
    assert found is not None and found.origin is not None
    return Path(found.origin).parent / "v16" / "schemas"


def schema_of(name: str) -> Schema:
    """The schema in one piece, its numbers exact, with our exceptions put into it."""
    text = (schemas() / f"{name}.json").read_text(encoding="utf-8-sig")
    whole = json.loads(text, parse_float=Decimal)
    resolved: Schema = _with_exceptions("", _resolved(whole, whole.get("definitions", {})))
    for undecided in UNDECIDED.get(name, ()):
        resolved["required"].remove(undecided)
    return resolved


def _resolved(node: Any, definitions: Schema) -> Any:
    if isinstance(node, list):
        return [_resolved(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("$ref"), str):
        return _resolved(definitions[node["$ref"].rpartition("/")[2]], definitions)
    return {key: _resolved(value, definitions) for key, value in node.items() if key != "definitions"}


def _with_exceptions(name: str, schema: Schema) -> Schema:
    if name in ONE_OR_MORE:
        schema["minItems"] = 1
    if name == "requestedMessage":
        del schema["enum"]
    schema.pop("multipleOf", None)
    if "Hertz" in schema.get("enum", ()):
        schema["enum"].remove("Hertz")
    if "items" in schema:
        _with_exceptions("", schema["items"])
    for key, value in schema.get("properties", {}).items():
        _with_exceptions(key, value)
    return schema


# --- payloads, right and wrong --------------------------------------------------------------------------------------


def right(schema: Schema, *, all_fields: bool) -> Any:
    """A payload without fault: with all fields, or with none that may be left out."""
    match schema["type"]:
        case "object":
            return {
                name: right(field, all_fields=all_fields)
                for name, field in schema.get("properties", {}).items()
                if all_fields or name in schema.get("required", ())
            }
        case "array":
            return [right(schema["items"], all_fields=all_fields)] * (2 if all_fields else 1)
        case "string" if "enum" in schema:
            return schema["enum"][-1 if all_fields else 0]
        case "string" if schema.get("format") == "date-time":
            return "2025-04-14T09:30:00Z"
        case "string":
            return "ä" * schema.get("maxLength", 600) if all_fields else ""
        case "integer":
            return 2**63 - 1 if all_fields else -(2**63)
        case "number":
            return 8.1 if all_fields else 0
        case _:
            return all_fields


def vices(schema: Schema) -> Iterator[Vice]:
    """The full payload, wrong in one place after the other."""
    whole = right(schema, all_fields=True)
    for path, node in _places(schema, ()):
        for what, value, code in _wrong_values(node, path == ()):
            yield Vice(f"{what} at {path}", _put(whole, path, value), code)
        for name in node.get("required", ()):
            yield Vice(f"no {name} at {path}", _put(whole, (*path, name), _GONE), "ProtocolError")
        if node["type"] == "object":
            extra = {**_get(whole, path), "extra": 1}
            yield Vice(f"one more at {path}", _put(whole, path, extra), "FormationViolation")


def _places(schema: Schema, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Schema]]:
    yield path, schema
    for name, field in schema.get("properties", {}).items():
        yield from _places(field, (*path, name))
    if "items" in schema:
        yield from _places(schema["items"], (*path, 1))


def _wrong_values(schema: Schema, at_top: bool) -> Iterator[tuple[str, Any, str]]:
    right_types = {"object": (dict,), "array": (list,), "string": (str,), "boolean": (bool,)}.get(schema["type"], ())
    candidates: tuple[Any, ...] = ("7", 7.5, True, {})
    if not at_top or schema.get("required"):  # else it is what PHP writes for an empty object
        candidates += ([],)
    for value in candidates:
        if not isinstance(value, right_types) and not (schema["type"] == "number" and value == 7.5):
            yield f"{value!r}", value, "FormationViolation" if at_top else "TypeConstraintViolation"
    if "maxLength" in schema:
        yield "too long", "x" * (schema["maxLength"] + 1), "TypeConstraintViolation"
    if "enum" in schema:
        for word in (schema["enum"][0].lower() + "!", schema["enum"][0].swapcase(), ""):
            yield f"{word!r}", word, "PropertyConstraintViolation"
    if "minItems" in schema:
        yield "nothing", [], "OccurenceConstraintViolation"


_GONE = object()


def _get(tree: Any, path: tuple[str | int, ...]) -> Any:
    return functools.reduce(lambda node, step: node[step], path, tree)


def _put(tree: Any, path: tuple[str | int, ...], value: Any) -> Any:
    if not path:
        return value
    changed = deepcopy(tree)
    node = _get(changed, path[:-1])
    if value is _GONE:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return changed


def any_payload(schema: Schema) -> st.SearchStrategy[Any]:
    """Payloads of about the right shape, a good part of them wrong, in any number of places."""
    match schema["type"]:
        case "object":
            return _any_object(schema)
        case "array":
            good: st.SearchStrategy[Any] = st.lists(any_payload(schema["items"]), max_size=3)
        case "string" if "enum" in schema:
            good = st.sampled_from(schema["enum"])
        case "string" if schema.get("format") == "date-time":
            return st.just("2025-04-14T09:30:00Z")
        case "string":
            good = st.text(max_size=6) | st.just("x" * schema.get("maxLength", 600))
        case "integer":
            good = st.integers(-(2**63), 2**63 - 1)
        case "number":
            good = st.integers(-(10**9), 10**9).map(lambda n: Decimal(n) / 10) | st.integers(-50, 50)
        case _:
            good = st.booleans()
    long = st.just("x" * (schema.get("maxLength", 600) + 1))
    bad = st.sampled_from(["?", 1, True, [], {}, Decimal("0.25"), Decimal("21.4")]) | long
    return st.integers(0, 15).flatmap(lambda dice: bad if dice == 0 else good)


def _any_object(schema: Schema) -> st.SearchStrategy[Any]:
    properties, required = schema.get("properties", {}), schema.get("required", ())
    all_there = st.fixed_dictionaries(
        {name: any_payload(properties[name]) for name in required},
        optional={name: any_payload(field) for name, field in properties.items() if name not in required},
    )
    some_gone = st.fixed_dictionaries({}, optional={name: any_payload(field) for name, field in properties.items()})
    more = all_there.map(lambda whole: {**whole, "extra": "x"})
    return st.integers(0, 15).flatmap(lambda dice: [some_gone, more][dice] if dice < 2 else all_there)


# --- the verdicts ---------------------------------------------------------------------------------------------------

_write = msgspec.json.Encoder(decimal_format="number").encode


def agree(case: Case, value: Any) -> Refusal | None:
    """Both sides judge the text of the value; ours is returned.  What is right comes out of our hands unchanged."""
    text = _write(value)
    exact = json.loads(text, parse_float=Decimal)
    theirs = Draft4Validator(case.schema).is_valid(exact)
    ours = payload.decode(case.kind, text)
    assert isinstance(ours, Refusal) != theirs, (case, value, ours)
    if isinstance(ours, Refusal):
        return ours
    assert json.loads(payload.encode(ours)) == json.loads(text)
    return None


def judge_alike(case: Case) -> None:
    """Right payloads pass both judges; each vice is refused by both, and by ours with its own code."""
    for all_fields in (True, False):
        assert agree(case, right(case.schema, all_fields=all_fields)) is None
    for vice in vices(case.schema):
        refusal = agree(case, vice.payload)
        assert refusal is not None and refusal.code == vice.code, (case, vice, refusal)
