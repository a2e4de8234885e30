"""A URL from outside -> the addresses a transfer may connect to: parsed and resolved once, every address checked.

Opens no connection.  Transfers connect to these addresses; the name is never looked up a second time.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import unquote, urlsplit

import msgspec

from ocpp16.step import FILE_ENDINGS

LONGEST = 2048
"""Characters of a URL: OCPP sets no limit; the signed address of an object store has a thousand and more."""
PORTS = {"http": 80, "https": 443, "ftp": 21, "ftps": 21}
"""ftps is explicit TLS: it starts at the port of plain FTP."""

SCHEMES = frozenset((*PORTS, "", "data", "file", "gopher", "ldap", "scp", "sftp", "ssh", "tftp", "ws", "wss"))
"""Those that a refusal names."""

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Sequence[str]]
"""Host and port to addresses.  Raises OSError."""

_NAME = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,62}))*\.?")
_BROADCAST = IPv4Network("240.0.0.0/4")
_THIS_NET = IPv4Network("0.0.0.0/8")
_COMPATIBLE = IPv6Network("::/96")
_NAT64 = IPv6Network("64:ff9b::/96")


class UrlRefused(Exception):
    """The URL, or an address of its host, is not allowed: the reason, without any password."""


class Rules(msgspec.Struct, frozen=True):
    """What is allowed: [transfers] of the configuration, limited to what the product supports."""

    schemes: tuple[str, ...]
    allow_hosts: tuple[str, ...] = ()
    """Names, addresses or networks; empty: any but this machine."""
    allow_loopback: bool = False


class Location(msgspec.Struct, frozen=True):
    """A URL in its parts; `path` begins with a slash and is still encoded, user and password are decoded."""

    scheme: str
    host: str
    port: int
    path: str
    query: str = ""
    user: str | None = None
    password: str = ""

    def __repr__(self) -> str:  # passwords stay out of tracebacks
        return f"{self.scheme}://{self.host}:{self.port}{self.path}"

    @property
    def authority(self) -> str:
        """Host and port for the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def target(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path

    def joined(self, file_name: str) -> Location:
        """The target of an upload: a location with a file's ending is that file, any other is a folder; one with a
        query is complete, as what its server has signed."""
        if (self.query and self.scheme in ("http", "https")) or self.path.lower().endswith(FILE_ENDINGS):
            return self
        return msgspec.structs.replace(self, path=f"{self.path.rstrip('/')}/{file_name}")


def read_location(text: str, schemes: Sequence[str]) -> Location:
    """The parts of a URL.  Raises UrlRefused."""
    if len(text) > LONGEST:
        raise UrlRefused(f"it has {len(text)} characters, at most {LONGEST} are allowed")
    if not text.isascii() or not text.isprintable() or any(char in text for char in ' \\"<>^`{|}'):
        raise UrlRefused("it contains a blank, a control character or another invalid character")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:  # its text may repeat a password: `http://user:pass/word@host` has the port "pass"
        raise UrlRefused("it is not a valid URL: see its host and port") from None
    if parts.scheme not in schemes:
        found = repr(parts.scheme) if parts.scheme in SCHEMES else "unknown"  # that of `user:password@host` is "user"
        raise UrlRefused(f"its scheme is {found}, allowed: {', '.join(schemes) or 'none'}")
    assert parts.scheme in PORTS
    if port == 0:
        raise UrlRefused("its port is 0")
    if "[" in parts.netloc and ":" not in (parts.hostname or ""):
        raise UrlRefused("its host is not a valid address")
    user, password = _userinfo(parts.netloc)
    path = _decodable(parts.path or "/")
    return Location(
        scheme=parts.scheme,
        host=_host(parts.hostname or ""),
        port=port or PORTS[parts.scheme],
        path=path if path.startswith("/") else f"/{path}",
        query=parts.query,
        user=user,
        password=password,
    )


def _userinfo(netloc: str) -> tuple[str | None, str]:
    info, at, _ = netloc.rpartition("@")
    if "@" in info:
        raise UrlRefused("it contains more than one @")
    if not at:
        return None, ""
    user, _, password = info.partition(":")
    return unquote(_decodable(user)), unquote(_decodable(password))


def _decodable(part: str) -> str:
    """`part` unchanged, after a check that no control character is encoded in it.  Raises UrlRefused."""
    try:
        plain = unquote(part, errors="strict")
    except UnicodeDecodeError:
        raise UrlRefused("it contains octets that are not UTF-8") from None
    if any(ord(char) < 32 or ord(char) == 127 for char in plain):
        raise UrlRefused("it contains an encoded control character")
    return part


def _host(host: str) -> str:
    if not host:
        raise UrlRefused("it has no host")
    if ":" in host:
        try:
            return spelled(IPv6Address(host)) if "%" not in host else _no_zone()
        except ValueError:
            raise UrlRefused("its host is not a valid address") from None
    if not _NAME.fullmatch(host):
        raise UrlRefused("its host is neither a name nor an address")
    return host.lower()


def _no_zone() -> str:
    raise UrlRefused("its host has a zone")


# --- addresses --------------------------------------------------------------------------------------------------------


def system_addresses(host: str, port: int) -> list[str]:
    """All addresses of a host, in the system's order.  Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def spelled(address: Address) -> str:
    """The same on every Python: 3.13 writes the IPv4 address in an IPv6 one with dots."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(address) if mapped is None else f"::ffff:{mapped}"


def is_ours(address: Address) -> bool:
    """Whether an address is this machine's own: only those can be bound.  Sends nothing."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.bind((str(address), 0))
        return True
    return False


def checked_addresses(
    location: Location,
    rules: Rules,
    resolve: Resolve = system_addresses,
    ours: Callable[[Address], bool] = is_ours,
) -> list[str]:
    """The addresses to connect to, in order.  Raises UrlRefused where any of them is not allowed."""
    try:
        texts = list(resolve(location.host, location.port))
    except (OSError, UnicodeError) as error:
        raise UrlRefused(
            f"{location.host} is not found: {getattr(error, 'strerror', None) or type(error).__name__}"
        ) from None
    addresses = []
    for text in texts:
        try:
            addresses.append(ip_address(text))
        except ValueError:
            raise UrlRefused(f"{location.host} has an address that is none") from None
    if not addresses:
        raise UrlRefused(f"{location.host} has no address")
    for address in addresses:
        if reason := why_not(address, rules.allow_loopback, ours):
            raise UrlRefused(f"{spelled(address)} is {reason}")
        if not _is_listed(location.host, address, rules.allow_hosts):
            raise UrlRefused(f"{location.host} ({spelled(address)}) is not in [transfers] allow_hosts")
    return [spelled(address) for address in addresses]


def why_not(address: Address, allow_loopback: bool, ours: Callable[[Address], bool]) -> str:
    """Why nothing may be transferred to or from an address, or ""."""
    if isinstance(address, IPv6Address):
        if address.scope_id:
            return "an address with a zone"
        if address.ipv4_mapped is not None:
            return why_not(address.ipv4_mapped, True, ours) if allow_loopback else "an IPv4 address in disguise"
        if (inner := _carried(address)) is not None:
            return why_not(inner, allow_loopback, ours)
        if address in _COMPATIBLE and int(address) > 1:
            return "an IPv4 address in disguise"
    elif address in _BROADCAST:
        return "a reserved address"
    if address.is_multicast:
        return "a multicast address"
    if allow_loopback:
        return ""
    if address.is_loopback or address.is_unspecified or address in _THIS_NET or ours(address):
        return "this machine itself"
    return "a link-local address" if address.is_link_local else ""


def _carried(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address inside an IPv6 address of a translator or tunnel (NAT64, 6to4, Teredo)."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.sixtofour or (address.teredo[1] if address.teredo else None)


def _is_listed(host: str, address: Address, allowed: Sequence[str]) -> bool:
    if not allowed:
        return True
    for entry in allowed:
        if entry.lower().rstrip(".") == host.rstrip("."):
            return True
        with suppress(ValueError):
            if address in ip_network(entry, strict=False):
                return True
    return False
