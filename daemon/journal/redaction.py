"""What must not be shown: secrets, card numbers, text from outside.  An allow-list: what it does not know is hidden.

The one place that knows this.  Journal, flight recorder, support bundle, control socket, link and transfers ask it;
`allow_list.py` says what is what in messages, records and events.  It imports little, so that `evsectl` starts fast.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ocpp16.configuration.key_names import Key

LINE_CHARS = 200
"""Usual length of a text from outside in a log line."""
CARD_CHARS = 20
"""§7.28: characters of a card number; longer texts are no card."""
VALUE_CHARS = 500
"""§5.3: characters of a configuration value."""

HIDDEN = "(hidden)"
"""Stands for a secret in a log line, where nobody compares lengths."""

CardText = Callable[[str], str]
"""A card number as it may be shown: `masked`, `in_full`, or the pseudonym of a record."""

SECRET_CONFIGURATION_KEYS = frozenset({Key.AuthorizationKey.casefold()})
"""Configuration keys whose value is a secret, folded: key names are compared without regard to case (§7.28)."""
SHOWN_CONFIGURATION_KEYS = frozenset(key.casefold() for key in Key) - SECRET_CONFIGURATION_KEYS
"""Configuration keys whose value may be shown; that of any other name is hidden."""
SECRET_SETTINGS = frozenset({"authorization_key", "password"})
"""Names of the configuration file whose value is a secret."""

_NAME = re.compile(r"[A-Za-z][A-Za-z._-]{0,49}")
_SCHEMES = ("https", "ftps", "http", "ftp", "wss", "ws")
_URL = re.compile(r"([a-z]{2,5})://([^/?#]*)([/?#].*)?", re.IGNORECASE | re.DOTALL)
_HOST = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_URL_IN_TEXT = re.compile(r"[a-z][a-z0-9+.-]{1,19}:(?:\\*/){2}[^\s'\"<>]*", re.IGNORECASE)
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*(?:'|$)|"(?:[^"\\]|\\.)*(?:"|$)|(?<=unknown field )`[^`]*(?:`|$)""")


# --- secrets ----------------------------------------------------------------------------------------------------------


def is_secret(name: str) -> bool:
    """Whether the value under this name is a secret: a configuration key or a setting, in any case."""
    return name.casefold() in SECRET_CONFIGURATION_KEYS or name.lower() in SECRET_SETTINGS


def value_is_shown(key: str) -> bool:
    """Whether the value of this configuration key may be shown: only those of the key table, secret ones excepted."""
    return key.casefold() in SHOWN_CONFIGURATION_KEYS


def zeros(secret: str) -> str:
    """Zeros of the same length: what is recorded in place of a value, so that a replay takes the same steps."""
    return "0" * min(len(secret), VALUE_CHARS + 1)


def hidden(text: str) -> str:
    """Stands for a text of which only the length may be known."""
    return f"(hidden, {len(text)} characters)"


def plain_name(text: str) -> str:
    """A name from outside (an action, a key, a property): of letters, dots and hyphens only, else its length."""
    return text if _NAME.fullmatch(text) else hidden(text)


def cut_url(text: str) -> str:
    """A URL's scheme, host and port, without user, path and query.  What is no URL of a known scheme is hidden whole.

    A password may hold characters that end the host for one reader and not for another: with an @ behind it, or two
    before, nobody can say which part is the host, and only the scheme is shown.
    """
    found = _URL.fullmatch(text[: VALUE_CHARS + 1])
    if found is None or found[1].lower() not in _SCHEMES:
        return hidden(text)
    scheme, authority, rest = found[1].lower(), found[2], found[3] or ""
    user, _, host = authority.rpartition("@")
    if "\\" in text or "@" in user or "@" in rest or "%40" in rest or not _HOST.fullmatch(host):
        return f"{scheme}://..."
    return f"{scheme}://{host}"


# --- card numbers -----------------------------------------------------------------------------------------------------


def holds_id_tag(name: str) -> bool:
    """Whether a field of this name holds a card number: `id_tag`, `idTag`, `parent_id_tag`, `card` ..."""
    return name.lower().replace("_", "").endswith(("idtag", "card"))


def masked(id_tag: str) -> str:
    """A card number as it may stand in a log: enough to recognise it, too little to copy it."""
    return f"{id_tag[:2]}..{id_tag[-2:]}" if len(id_tag) > 5 else f"{id_tag[:1]}.."


def in_full(id_tag: str) -> str:
    """A card number as it is: for those who may see it, or where it is a pseudonym already."""
    return id_tag


# --- the fields of a note ---------------------------------------------------------------------------------------------

_NAMES = ("action", "code", "key")
_REASONS = ("reason", "what")
_OURS = frozenset({"link-up", "started"})
"""Codes whose fields come from the configuration file."""
_NO_CODE, _FLAWED, _UNKNOWN, _ACTION = "no error code", "not valid OCPP", ": unknown property", "unknown action "
"""Words of `ocpp16/rpc`: of a failure, of a message that was not sent, of a refused payload."""


def note_fields(code: str, fields: Mapping[str, Any], cards: CardText = masked) -> dict[str, Any]:
    """The fields of a note as they may be shown: bounded, without secrets, each card as `cards` gives it."""
    return {name: _note_field(code, name, value, fields, cards) for name, value in fields.items()}


def _note_field(code: str, name: str, value: Any, fields: Mapping[str, Any], cards: CardText) -> Any:
    if not isinstance(value, str):
        fits = value is None or isinstance(value, float) or (isinstance(value, int) and abs(value) < 1 << 64)
        return value if fits else HIDDEN
    if not value:
        return value
    if holds_id_tag(name):
        return single_line(cards(value), 2 * CARD_CHARS)
    if name == "value":
        return single_line(value) if value_is_shown(str(fields.get("key", ""))) else HIDDEN
    if name in _NAMES:
        return plain_name(value)
    if (shown := _WORDS_OF_THE_CENTRAL_SYSTEM.get((code, name))) is not None:
        return shown(value)
    if name in _REASONS:
        return without_quotes(value)
    return single_line(value) if code in _OURS else foreign_text(value)


def answer_text(text: str) -> str:
    """Why a message of ours failed.  Of a refusal, `code: description`, the code, and of the description the length:
    its words may name a card, or repeat what was sent.  Reasons of our own have no such form.
    """
    code, colon, description = text.partition(": ")
    if not colon:
        return foreign_text(text)
    if code == _FLAWED:
        return without_quotes(text)
    return f"{code if code == _NO_CODE else plain_name(code)} {hidden(description)}"


_WORDS_OF_THE_CENTRAL_SYSTEM: Mapping[tuple[str, str], Callable[[str], str]] = {
    ("report-retry", "error"): answer_text,
    ("report-parked", "error"): answer_text,
    ("boot-unanswered", "reason"): answer_text,
    ("call-error", "reason"): hidden,
}
"""Code and field -> how it is shown, where it holds an errorDescription: alone, or behind its errorCode."""


def without_quotes(text: str) -> str:
    """A reason of ours without what it quotes of the other side; names of properties stay where they are plain."""
    if text.startswith(_ACTION):
        return _ACTION + plain_name(text.removeprefix(_ACTION))
    text = _QUOTED.sub("'...'", text[: 2 * LINE_CHARS])
    return foreign_text("; ".join(map(_plain_property, text.split("; "))))


def _plain_property(reason: str) -> str:
    place, found, rest = reason.partition(_UNKNOWN)
    if not found:
        return reason
    before, dot, name = place.rpartition(".")
    return f"{before}{dot}{plain_name(name)}{found}{rest}"


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


def foreign_text(text: str, longest: int = LINE_CHARS) -> str:
    """As `single_line`; of each URL in it only scheme, host and port are left."""
    text = text[: 4 * longest]
    if "/" in text:
        text = _URL_IN_TEXT.sub(lambda found: cut_url(found[0].replace("\\", "")), text)
    return single_line(text, longest)


def printable(value: Any) -> Any:
    """A JSON value for a terminal: in each text, names of fields included, unprintable characters are escaped."""
    if isinstance(value, str):
        return value if value.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in value)
    if isinstance(value, list):
        return [printable(item) for item in value]
    if isinstance(value, dict):
        return {printable(name): printable(item) for name, item in value.items()}
    return value
