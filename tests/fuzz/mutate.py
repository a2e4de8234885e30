"""Hostile input from good input: seeded, structure-aware mutation of JSON values, texts and bytes.  No target here."""

from __future__ import annotations

import copy
import json
from random import Random
from typing import Any

ODD: list[Any] = [
    *(
        None,
        True,
        False,
        0,
        -1,
        1,
        2**31 - 1,
        2**31,
        -(2**31),
        2**53,
        2**63,
        2**64,
        10**40,
        1e308,
        -1e308,
        1e-9,
        0.1,
        1.5,
    ),
    *(
        "",
        " ",
        "0",
        "-1",
        "1e9",
        "NaN",
        "true",
        "null",
        "²",
        "٣",
        "é",
        "\u0000",
        "\u2028",
        "\ud800",
        "\ufeff",
        "🔌",
        "%s",
        "../..",
    ),
    *("1970-01-01T00:00:00Z", "2030-01-01T00:00:00", "9999-12-31T23:59:60Z", "0001-01-01T00:00:00+23:59", "2030-02-30"),
    *(
        "Accepted",
        "accepted",
        "Energy.Active.Import.Register",
        "1.RST",
        "².RST",
        ",",
        ",,,",
        "x" * 21,
        "x" * 501,
        "x" * 5000,
    ),
    *([], {}, [[]], [{}], {"": ""}, [None] * 50, {"a": {"b": {"c": {}}}}),
]
TOKENS = [
    *(
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        '"',
        "\\",
        "\\u",
        "\\ud800",
        "null",
        "NaN",
        "Infinity",
        "-",
        "1e999",
        "0x1",
        "//",
        "\n",
    ),
    *(
        "\u0000",
        "\ufeff",
        "'",
        "=",
        "#",
        "[[",
        '"""',
        "[ocpp]",
        "2,",
        "3,",
        "4,",
        "é",
        "🔌",
        " " * 40,
        "9" * 400,
        "[" * 300,
    ),
]


def value(random: Random, seed: Any, others: list[Any]) -> Any:
    """The JSON value with one to four of its nodes bent."""
    result = copy.deepcopy(seed)
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        result = _bend(random, result, others)
    return result


def _bend(random: Random, whole: Any, others: list[Any]) -> Any:
    places = list(_places(whole))
    if not places or random.random() < 0.03:
        return random.choice(ODD)
    holder, key = random.choice(places)
    match random.randrange(7):
        case 0 | 1:
            holder[key] = copy.deepcopy(random.choice(ODD))
        case 2:
            del holder[key]
        case 3:
            _, donor = random.choice(list(_nodes(random.choice(others)))) if others else (None, 0)
            holder[key] = copy.deepcopy(donor)
        case 4:
            holder[key] = _stretch(random, holder[key])
        case 5:
            holder[key] = _other_type(holder[key])
        case 6:
            _add(random, holder)
    return whole


def _places(node: Any) -> Any:
    if isinstance(node, dict):
        for key, child in node.items():
            yield node, key
            yield from _places(child)
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield node, index
            yield from _places(child)


def _nodes(node: Any) -> Any:
    yield None, node
    for holder, key in _places(node):
        yield key, holder[key]


def _stretch(random: Random, node: Any) -> Any:
    if isinstance(node, str):
        return (node * random.choice((2, 10, 300)))[:200_000] or "x"
    if isinstance(node, list):
        return (node * random.choice((2, 10, 100)))[:20_000]
    if isinstance(node, dict):
        for _ in range(random.choice((5, 60))):
            node = {"a": node}
        return node
    if isinstance(node, bool) or node is None:
        return [node]
    return random.choice((-node, node + 1, node * 10**6, node + 0.05, node * 1.0))


def _other_type(node: Any) -> Any:
    if isinstance(node, str):
        return int(node) if node.isascii() and node.isdigit() and len(node) < 20 else [node]
    if isinstance(node, bool | int | float):
        return str(node)
    return json.dumps(node)[:2000]


def _add(random: Random, holder: Any) -> None:
    extra = copy.deepcopy(random.choice(ODD))
    if isinstance(holder, dict):
        holder[random.choice(("x", "", "type", "id", "connectorId", "vendor", "é", "status"))] = extra
    else:
        holder.insert(random.randrange(len(holder) + 1), extra)


def as_json(random: Random, node: Any) -> str:
    """The value as text, now and then in an unusual but legal (or nearly legal) spelling."""
    spelling = random.random()
    text = json.dumps(node, ensure_ascii=spelling < 0.7, separators=(",", ":") if spelling < 0.5 else (", ", ": "))
    if spelling > 0.97:
        text = "\ufeff" + text
    elif spelling > 0.94 and '":' in text:  # the same key twice
        text = text.replace('"', '"x":1,"', 1) if text.startswith("{") else text
    return text


def text(random: Random, seed: str, others: list[str]) -> str:
    """The text with one to six wounds."""
    result = seed
    for _ in range(random.choice((1, 1, 2, 3, 6))):
        a, b = sorted((random.randrange(len(result) + 1), random.randrange(len(result) + 1)))
        b = min(b, a + random.choice((1, 3, 20)))
        match random.randrange(7):
            case 0:
                result = result[:a] + result[b:]
            case 1:
                result = result[:a] + random.choice(TOKENS) + result[a:]
            case 2:
                result = result[:a] + random.choice(TOKENS) + result[b:]
            case 3:
                result = result[:b] + result[a:b] * random.choice((1, 2, 50)) + result[b:]
            case 4:
                result = result[:a]
            case 5:
                other = random.choice(others) if others else ""
                result = result[:a] + other[random.randrange(len(other) + 1) :]
            case 6:
                result = result[:a] + chr(random.choice((random.randrange(128), random.randrange(0xD000)))) + result[b:]
    return result[:200_000]


def data(random: Random, seed: bytes, others: list[bytes]) -> bytes:
    """The bytes with wounds of bytes."""
    result = bytearray(seed)
    for _ in range(random.choice((1, 1, 2, 5))):
        at = random.randrange(len(result) + 1)
        match random.randrange(4):
            case 0:
                result[at : at + random.choice((1, 4, 30))] = b""
            case 1:
                result[at:at] = bytes(random.randrange(256) for _ in range(random.choice((1, 2, 8))))
            case 2 if at < len(result):
                result[at] ^= 1 << random.randrange(8)
            case _:
                other = random.choice(others) if others else b""
                result[at:] = other[random.randrange(len(other) + 1) :]
    return bytes(result[:100_000])
