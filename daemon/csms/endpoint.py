"""The address of the Central System: from the configured URL and the station's identity to the URL that is dialled."""

from __future__ import annotations

from urllib.parse import quote, urlsplit, urlunsplit

from daemon.config.keys import IDENTITY

PORTS = {"ws": 80, "wss": 443}


def central_system_url(url: str, station_id: str) -> str:
    """J §3.1.1: the endpoint's URL, a slash, the identity percent-encoded; a trailing slash of the URL changes nothing.

    Where the path has `{id}`, the identity stands there and nothing is appended or taken away.

    Raises ValueError with a reason for a URL that cannot be used.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("ws", "wss"):
        raise ValueError("the URL must begin with ws:// or wss://")
    if not parts.hostname:
        raise ValueError("the URL names no host")
    if parts.username is not None or parts.fragment:
        raise ValueError("the URL may hold neither a user name nor a fragment (#)")
    if parts.port == 0:  # urlsplit refuses the other impossible ones itself
        raise ValueError("Port out of range 1-65535")
    netloc = parts.netloc if parts.netloc.isascii() else parts.netloc.encode("idna").decode("ascii")
    place = parts.path if IDENTITY in parts.path else f"{parts.path.rstrip('/')}/{IDENTITY}"
    path = quote(station_id, safe="").join(quote(piece, safe="/%:@!$&'()*+,;=~") for piece in place.split(IDENTITY))
    return urlunsplit((parts.scheme, netloc, path, quote(parts.query, safe="/%:@!$&'()*+,;=~?"), ""))
