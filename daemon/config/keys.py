"""The table of every key of `evsed.toml`: type, default, allowed values and the check.  No file is read here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

from ocpp16.configuration.key_names import Key

Value = Any
"""A TOML value: text, int, float, bool, list."""
ValueKind = Literal["text", "int", "bool", "texts"]

LONGEST_URL = 2048
IDENTITY = "{id}"
"""In the URL of the Central System: where the identity stands, percent-encoded.  Without it: at the end."""
SCHEMES = ("https", "ftps", "http", "ftp")
DEFAULT_PRODUCT = "chq-s-07sr"


class FileKey(NamedTuple):
    """One key: its type and default, the allowed values in words, and `check`: why a value of that type is refused."""

    kind: ValueKind
    first: Value
    allowed: str
    check: Callable[[Value], str | None] = lambda _: None
    env: str = ""
    """Environment variable, where it is not EVSED_SECTION_KEY."""
    secret: bool = False
    path: bool = False
    """A relative one counts from the folder of the file in which it stands."""
    word: str = ""
    """A value that is no path."""


def printable(value: str, longest: int) -> str | None:
    """Why `value` does not fit a CiString of at most `longest` characters, or None."""
    if not value.isascii() or not value.isprintable():
        return "contains characters that are not printable ASCII"
    if len(value) > longest:
        return f"too long: {len(value)} characters"
    return None


def _text(longest: int) -> FileKey:
    return FileKey(
        "text", "", f"printable ASCII, at most {longest} characters", lambda value: printable(value, longest)
    )


def _check_id(value: str) -> str | None:
    if not value:
        return "must not be empty"
    if ":" in value:  # the identity is the user of HTTP Basic authentication, which ends at the first colon
        return "contains a colon"
    return printable(value, 48)


def _check_id_tag(value: str) -> str | None:
    if value != value.strip():
        return "begins or ends with a blank"
    return printable(value, 20)


def _check_url(value: str) -> str | None:
    if not value:
        return "must not be empty"
    if len(value) > LONGEST_URL:
        return f"{len(value)} characters, at most {LONGEST_URL} are allowed"
    if not value.isascii() or not value.isprintable() or " " in value:
        return "contains a space or a character that is not printable ASCII"
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError as error:
        return f"not a URL: {error}"
    if parts.scheme not in ("ws", "wss"):
        return f"scheme {parts.scheme!r}" if parts.scheme else "no scheme"
    if not parts.hostname or port == 0:
        return "no host" if not parts.hostname else "port 0"
    if parts.username is not None or parts.password is not None:
        return "contains a user name or password"
    if parts.query or parts.fragment or "?" in value or "#" in value:
        return "contains a query or a fragment"
    return _check_place(parts.netloc, parts.path)


def _check_place(netloc: str, path: str) -> str | None:
    """`{id}` in the path is where the identity stands; anything else in braces is a slip."""
    if "{" in netloc or "}" in netloc:
        return "braces in the name of the host: {id} can only stand in the path"
    braces = re.sub(r"\{id\}", "", path)
    if "{" in braces or "}" in braces:
        return "braces that are not {id}, the place of the identity"
    if path.count(IDENTITY) > 1:
        return f"{IDENTITY} stands twice"
    return None


def _between(least: int, most: int) -> Callable[[int], str | None]:
    return lambda value: None if least <= value <= most else f"{value} is out of range"


def _one_of(*texts: str) -> Callable[[str], str | None]:
    return lambda value: None if value in texts else f"unknown value {value!r}"


def _check_hex_key(value: str) -> str | None:
    if not value or (re.fullmatch(r"[0-9A-Fa-f]{32,40}", value) and len(value) % 2 == 0):
        return None
    return f"{len(value)} characters, or characters other than 0-9, A-F"  # never the value itself


KINDS = ("P-256", "P-384", "P-521", "RSA-2048", "RSA-3072", "RSA-4096")
"""Kinds of a key that the station makes for its own certificate; the first is the default."""


def _check_key_kind(value: str) -> str | None:
    if value == "P-224":
        return "no TLS client of this station can negotiate P-224"
    return _one_of(*KINDS)(value)


def _check_path(value: str) -> str | None:
    if "\0" in value or "\n" in value:
        return "contains a control character"
    if "/~/" in value or value.endswith("/~"):
        return "~ is not expanded: write the whole path"
    return None


def _check_socket(value: str) -> str | None:
    if len(value.encode()) > 107:  # sun_path of Linux
        return f"too long: {len(value.encode())} bytes"
    return _check_path(value)


def _check_needed_path(value: str) -> str | None:
    return _check_path(value) if value else "must not be empty"


def _check_needed_socket(value: str) -> str | None:
    return _check_socket(value) if value else "must not be empty"


def _check_argv(argv: list[str]) -> str | None:
    if argv and not argv[0].startswith("/"):
        return f"{argv[0]!r} is not an absolute path"
    if any("\0" in argument for argument in argv):
        return "contains a control character"
    return None


def _check_schemes(schemes: list[str]) -> str | None:
    unknown = [scheme for scheme in schemes if scheme not in SCHEMES]
    return f"unknown scheme {unknown[0]!r}" if unknown else None


def _check_hosts(hosts: list[str]) -> str | None:
    from ipaddress import ip_network  # imported late: most stations name no host

    for host in hosts:
        try:
            ip_network(host, strict=False)
        except ValueError:
            if not re.fullmatch(r"(?!-)[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*\.?", host) or len(host) > 253:
                return f"{host!r} is not a host name, address or network"
    return None


_PATH = "the path of a file"
_SOCKET = "the path of a Unix socket, at most 107 bytes"


def _file(first: str, allowed: str, check: Callable[[str], str | None]) -> FileKey:
    return FileKey("text", first, allowed, check, path=True)


SECTIONS: Mapping[str, Mapping[str, FileKey]] = {
    "station": {
        "id": FileKey("text", None, "printable ASCII, 1 to 48 characters, no colon", _check_id),
        "vendor": FileKey("text", "evsed", "printable ASCII, at most 20 characters", lambda v: printable(v, 20)),
        "model": FileKey("text", "evsed", "printable ASCII, at most 20 characters", lambda v: printable(v, 20)),
        "serial": _text(25),
        "box_serial": _text(25),
        "iccid": _text(20),
        "imsi": _text(20),
        "meter_type": _text(25),
        "meter_serial": _text(25),
        "free_vend": FileKey(
            "text", "", "an idTag of 1 to 20 printable ASCII characters; empty: a car needs a card", _check_id_tag
        ),
        "product": FileKey("text", DEFAULT_PRODUCT, "the name or the path of a product profile", _check_needed_path),
    },
    "csms": {
        "url": FileKey(
            "text",
            None,
            "wss://HOST[:PORT]/PATH (profiles 0, 1: ws://), without the identity or {id} in its place",
            _check_url,
        ),
        "security_profile": FileKey("int", 2, "1, 2 or 3; 0 only together with allow_insecure = true", _between(0, 3)),
        "allow_insecure": FileKey("bool", False, "true or false"),
        "reconnect_max_s": FileKey("int", 300, "1 to 86400 seconds", _between(1, 86400)),
        "authorization_key": FileKey(
            "text", "", "32 to 40 hexadecimal digits, an even number", _check_hex_key, "EVSED_AUTHORIZATION_KEY", True
        ),
        "password": FileKey(
            "text", "", "printable ASCII, at most 40 characters", lambda v: printable(v, 40), "EVSED_PASSWORD", True
        ),
        "ca_file": _file("", _PATH, _check_path)._replace(word="system"),
        "cert_file": _file("", _PATH, _check_path),
        "key_file": _file("", _PATH, _check_path),
        "wildcards": FileKey("bool", False, "true or false"),
        "station_key": FileKey("text", KINDS[0], ", ".join(KINDS), _check_key_kind),
        "certificates_over_ws": FileKey("bool", True, "true or false"),
    },
    "store": {"dir": _file("/var/lib/evsed", "the path of a folder", _check_needed_path)},
    "board": {
        "kind": FileKey("text", "process", '"process" or "simulated"', _one_of("process", "simulated")),
        "socket": _file("/run/evsed/board.sock", _SOCKET, _check_needed_socket),
        "users": FileKey("texts", ["evsed-board"], "names or numbers of the users who may be the board"),
        "connectors": FileKey("int", None, "1 to 16", _between(1, 16)),
    },
    "simulated": {
        "state_dir": _file("", "the path of a folder", _check_path),
        "meter_wh": FileKey("int", 1_234_567, "0 to 1000000000 Wh", _between(0, 1_000_000_000)),
    },
    "control": {"socket": _file("/run/evsed/control.sock", _SOCKET, _check_needed_socket)},
    "jobs": {"socket": _file("", f"{_SOCKET}; empty: jobs run in a thread of evsed", _check_socket)},
    "hooks": {
        "install": FileKey("texts", [], "a list of strings: an absolute path and its arguments", _check_argv),
        "reboot": FileKey("texts", [], "a list of strings: an absolute path and its arguments", _check_argv),
        "trial": FileKey("texts", [], "a list of strings: an absolute path and its arguments", _check_argv),
        "commit": FileKey("texts", [], "a list of strings: an absolute path and its arguments", _check_argv),
        "rollback": FileKey("texts", [], "a list of strings: an absolute path and its arguments", _check_argv),
        "version": FileKey("texts", [], "a list of strings: an absolute path and its arguments", _check_argv),
    },
    "firmware": {
        "roots": _file(
            "", "the path of a folder of manufacturer roots (*.pem) and revocation lists (*.crl)", _check_path
        ),
        "allow_downgrade": FileKey("bool", False, "true or false"),
        "pkcs1_v15": FileKey("bool", False, "true or false"),
    },
    "transfers": {
        "schemes": FileKey("texts", list(SCHEMES), f"a list of any of {', '.join(SCHEMES)}", _check_schemes),
        "allow_hosts": FileKey("texts", [], "a list of host names, addresses and networks", _check_hosts),
        "allow_loopback": FileKey("bool", False, "true or false"),
    },
}
"""All sections except `[ocpp]` (see the OCPP key table).  Default None: must be given, or follows from other keys."""

NEEDED = (("station", "id"), ("csms", "url"))


def env_name(section: str, name: str) -> str:
    """The environment variable of the key; "" for a list, which has none."""
    key = SECTIONS[section][name]
    if key.kind == "texts":
        return ""
    return key.env or f"EVSED_{section}_{name}".upper()


ENV: Mapping[str, tuple[str, str]] = {
    env_name(section, name): (section, name)
    for section, keys in SECTIONS.items()
    for name in keys
    if env_name(section, name)
}


def is_secret(section: str, name: str) -> bool:
    """Whether the value of this key is a secret; of [ocpp], names are compared without regard to case (§7.28)."""
    if section == "ocpp":
        return name.casefold() == Key.AuthorizationKey.casefold()
    return SECTIONS[section][name].secret


def from_text(key: FileKey, text: str) -> Value:
    """The value of an environment variable, converted to the type of the key; unchanged where it cannot be converted
    (`why_wrong` then refuses its type)."""
    if key.kind == "int" and re.fullmatch(r"[+-]?[0-9]{1,9}", text):
        return int(text)
    if key.kind == "bool" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    return text


def why_wrong(key: FileKey, value: Value) -> str | None:
    """Why the value is refused (type first, then the check of the key), or None."""
    fits = {
        "text": isinstance(value, str),
        "int": isinstance(value, int) and not isinstance(value, bool),
        "bool": isinstance(value, bool),
        "texts": isinstance(value, list) and all(isinstance(entry, str) for entry in value),
    }[key.kind]
    if not fits:
        wanted = {
            "text": "a string in quotes",
            "int": "a whole number",
            "bool": "true or false",
            "texts": "a list of strings",
        }
        return f"must be {wanted[key.kind]}"
    return key.check(value)


def ocpp_text(value: Value) -> str | None:
    """A TOML value under `[ocpp]` as OCPP text (lists comma-separated, booleans in lower case); None: impossible."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        texts = [None if isinstance(entry, list) else ocpp_text(entry) for entry in value]
        if None not in texts:
            return ",".join(text for text in texts if text is not None)
    return None
