"""What must not be shown: secrets by their names, card numbers in logs, text from outside that could forge a line.

The one place that knows this.  Journal, flight recorder, support bundle, control socket, link and transfers ask it.
It imports little, so that `evsectl` starts fast.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import msgspec

from ocpp16.configuration.key_names import Key

LINE_CHARS = 200
"""Usual length of a text from outside in a log line."""

HIDDEN = "(hidden)"
"""Stands for a secret in a log line, where nobody compares lengths."""

SECRET_CONFIGURATION_KEYS = frozenset({Key.AuthorizationKey.lower()})
"""Configuration keys whose value is a secret, in lower case: key names are compared without regard to case (§7.28)."""
SECRET_SETTINGS = frozenset({"authorization_key", "password"})
"""Names of the configuration file whose value is a secret."""

_VALUE = re.compile(r'("value"\s*:\s*")((?:[^"\\]|\\.)*)(")', re.IGNORECASE)
_USERINFO = re.compile(r"(://[^/\s\"@:]*:)([^@\"/\s]+)(@)")


# --- secrets ----------------------------------------------------------------------------------------------------------


def is_secret(name: str) -> bool:
    """Whether the value under this name is a secret: a configuration key or a setting, in any case."""
    return name.lower() in SECRET_CONFIGURATION_KEYS or name.lower() in SECRET_SETTINGS


def zeros(secret: str) -> str:
    """Zeros of the same length: what is recorded in place of a secret, so that a replay takes the same steps."""
    return "0" * len(secret)


def without_secret_value(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields of a note; where `key` names a secret, `value` is hidden."""
    return {**fields, "value": HIDDEN} if is_secret(str(fields.get("key", ""))) else fields


def without_secrets(frame: str) -> str:
    """An OCPP-J frame with zeros for the values of secret keys and for passwords in URLs; lengths stay."""
    if "\\u" in frame:  # a name may be spelled in escapes: write it plain first
        with suppress(msgspec.DecodeError, RecursionError):
            frame = msgspec.json.encode(msgspec.json.decode(frame)).decode()
    lower = frame.lower()
    if any(key in lower for key in SECRET_CONFIGURATION_KEYS):
        frame = _VALUE.sub(_zeros_inside, frame)
    if "://" in frame:
        frame = _USERINFO.sub(_zeros_inside, frame)
    return frame


def _zeros_inside(found: re.Match[str]) -> str:
    return found[1] + zeros(found[2]) + found[3]


# --- card numbers -----------------------------------------------------------------------------------------------------


def holds_id_tag(name: str) -> bool:
    """Whether a field of this name holds a card number: `id_tag`, `idTag`, `parent_id_tag`, `card` …"""
    return name.lower().replace("_", "").endswith(("idtag", "card"))


def masked(id_tag: str) -> str:
    """A card number as it may stand in a log: enough to recognise it, too little to copy it."""
    return f"{id_tag[:2]}..{id_tag[-2:]}" if len(id_tag) > 5 else f"{id_tag[:1]}.."


# --- text from outside ------------------------------------------------------------------------------------------------


def single_line(text: str, longest: int = LINE_CHARS) -> str:
    """Printable ASCII of at most `longest` characters (>= 3): it cannot begin a new line or move a cursor.

    What is not printable ASCII is written as an escape; what is cut off ends in "...".
    """
    text = text[: longest + 1]
    if not (text.isascii() and text.isprintable()):
        text = "".join(c if " " <= c <= "~" else c.encode("unicode_escape").decode("ascii") for c in text)
    return text if len(text) <= longest else text[: longest - 3] + "..."


def joined_line(text: str, longest: int = LINE_CHARS) -> str:
    """As `single_line`, the lines of a text of several lines joined by blanks."""
    return single_line(" ".join(text.split()), longest)


def printable(value: Any) -> Any:
    """A JSON value for a terminal: in each text, names of fields included, unprintable characters are escaped."""
    if isinstance(value, str):
        return value if value.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in value)
    if isinstance(value, list):
        return [printable(item) for item in value]
    if isinstance(value, dict):
        return {printable(name): printable(item) for name, item in value.items()}
    return value
