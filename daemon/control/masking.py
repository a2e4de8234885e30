"""Answers as those see them who only look: card numbers are masked, and what could hold one is hidden.

It works on parsed values: by the names of fields, and in frames by the names that OCPP's messages have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any, NamedTuple, get_args

import msgspec

from daemon.journal.redaction import HIDDEN, holds_id_tag, masked

SENTENCES = frozenset({"text", "remedy", "info", "cause", "detail", "signalled_why"})
"""Fields of answers in which a card number of the same answer is looked for."""
FREE_TEXTS = frozenset({"data", "info"})
"""Fields of OCPP's messages in which anything may stand."""

_WORD = re.compile(r"[^\s\"'<>(),;:\[\]{}]*[^\s\"'<>(),;:\[\]{}.]")


def masked_answer(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer without card numbers; `masked` is true in it where anything was taken out."""
    cards = frozenset(card.casefold() for card in _cards(answer))
    shown = {name: _masked(name, value, cards) for name, value in answer.items()}
    return {**shown, "masked": True} if shown != answer else shown


def _cards(value: Any) -> Iterator[str]:
    """The card numbers in the fields that hold one."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, str) and holds_id_tag(name):
                yield inner
            elif isinstance(inner, dict | list):
                yield from _cards(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _cards(inner)


def _masked(name: str, value: Any, cards: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {key: _masked(key, inner, cards) for key, inner in value.items()}
    if isinstance(value, list):
        return [_masked(name, inner, cards) for inner in value]
    if not isinstance(value, str) or not value:
        return value
    if holds_id_tag(name):
        return masked(value)
    if name == "frame":
        return masked_frame(value)
    if name == "error":  # the code; what a Central System wrote behind it is anything
        return value.partition(":")[0]
    return _without(cards, value) if name in SENTENCES else value


def _without(cards: frozenset[str], text: str) -> str:
    """A text in which these card numbers are masked, in whatever case they are written, blanks in them included."""
    text = _WORD.sub(lambda word: masked(word[0]) if word[0].casefold() in cards else word[0], text)
    odd = [re.escape(card) for card in sorted(cards, key=len, reverse=True) if not _WORD.fullmatch(card)]
    return re.sub("|".join(odd), lambda card: masked(card[0]), text, flags=re.IGNORECASE) if odd else text


# --- frames -----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=8)  # all followers see the same frames
def masked_frame(text: str) -> str:
    """An OCPP-J frame with the actions and fields that OCPP knows; of anything else its length."""
    try:
        return msgspec.json.encode(_shown(msgspec.json.decode(text))).decode()
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return f"{HIDDEN[:-1]}, {len(text)} characters)"


def _shown(frame: Any) -> list[Any]:
    """Raises ValueError where it is no frame of OCPP-J."""
    match frame:
        case [2, str(unique_id), str(action), dict(payload)] if action in _known().actions:
            return [2, unique_id, action, _fields(payload)]
        case [3, str(unique_id), dict(payload)]:
            return [3, unique_id, _fields(payload)]
        case [4, str(unique_id), str(code), *_] if code in _known().error_codes:
            return [4, unique_id, code, HIDDEN, {}]
    raise ValueError("no frame")


def _fields(value: Any) -> Any:
    """The fields that OCPP knows; an unknown one is left out with its name."""
    if isinstance(value, dict):
        return {name: _field(name, inner) for name, inner in value.items() if name in _known().fields}
    return [_fields(inner) for inner in value] if isinstance(value, list) else value


def _field(name: str, value: Any) -> Any:
    if name in FREE_TEXTS:
        return HIDDEN
    if holds_id_tag(name):
        return masked(value) if isinstance(value, str) else HIDDEN
    return _fields(value)


class _Known(NamedTuple):
    actions: frozenset[str]
    fields: frozenset[str]
    error_codes: frozenset[str]


@cache
def _known() -> _Known:
    """All names in OCPP's messages."""
    from ocpp16.messages import core, firmware, local_list, remote_trigger, reservation, security, smart_charging, types
    from ocpp16.messages.call_error import ErrorCode

    messages = core, firmware, local_list, remote_trigger, reservation, security, smart_charging
    named = [thing for module in (*messages, types) for thing in vars(module).values()]
    structs = [thing for thing in named if isinstance(thing, type) and issubclass(thing, msgspec.Struct)]
    return _Known(
        frozenset(action for module in messages for action in (*module.INCOMING, *module.OUTGOING)),
        frozenset(field for struct in structs for field in struct.__struct_encode_fields__),
        frozenset(get_args(ErrorCode)),
    )
