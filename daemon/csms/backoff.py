"""How to reach the Central System, in arithmetic and words: the address, the waiting, the causes.  No socket here."""

from __future__ import annotations

import errno
import socket
from collections import deque
from random import Random
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import msgspec

CAUSE_CHARS = 200
"""No cause is longer; what the other side wrote takes at most `FOREIGN_CHARS` of it, so that the hint survives."""
FOREIGN_CHARS = 70
FLAPS = 3
"""Connections lost young within `settle_s` that make a further "all is well" unbelieved."""


class LinkLimits(msgspec.Struct, frozen=True):
    """What a Central System may cost us.  Seconds, bytes, counts; all above 0."""

    frame_bytes: int = 65_536
    """The longest message taken in, 256 KiB at most."""
    reconnect_max_s: float = 300.0
    open_s: float = 15.0
    """From the name to the agreed subprotocol."""
    close_s: float = 2.0
    """How long a closing connection may take before it is cut."""
    pong_s: float = 10.0
    """A pong is due after this, or after the ping interval where that is shorter."""
    stall_s: float = 30.0
    """A peer that takes nothing for so long is gone."""
    queue_frames: int = 1_000
    """Frames waiting for a slow peer; one more closes the connection."""
    fragments: int = 1_024
    """Fragments of one message."""
    pings_per_s: int = 20
    """Control frames taken in, sustained; twice as many at once."""
    settle_s: float = 600.0
    """A connection that lived so long proves that all is well."""
    first_retry_s: float = 1.0
    """Jitter of the first try after a loss."""


class Failed(Exception):
    """An attempt or a connection ended: the stage (DNS, TCP, TLS, HTTP, WebSocket; "": our own wish) and why."""

    def __init__(self, stage: str, cause: str, hint: str = "", retry_after_s: float = 0.0) -> None:
        self.stage = stage
        self.cause = one_line(f"{cause}: {hint}" if hint else cause)
        self.retry_after_s = retry_after_s
        super().__init__(stage, self.cause)


def one_line(text: str, cap: int = CAUSE_CHARS) -> str:
    """Printable ASCII of at most `cap` characters: nothing in it can open a new line of a log or move a cursor."""
    safe = "".join(c if " " <= c <= "~" else c.encode("unicode_escape").decode("ascii") for c in text[: cap + 1])
    return safe if len(safe) <= cap else safe[: cap - 3] + "..."


def foreign(text: str) -> str:
    """What the other side wrote, quoted and short."""
    return "'" + one_line(text, FOREIGN_CHARS) + "'"


def _first_line(heard: bytes) -> str:
    return foreign(heard.decode("latin-1").strip().splitlines()[0]) if heard.strip() else ""


def central_system_url(url: str, station_id: str) -> str:
    """J §3.1.1: the endpoint's URL, a slash, the identity percent-encoded; a trailing slash of the URL changes nothing.

    Raises ValueError in words for what cannot be dialled.
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
    path = quote(parts.path.rstrip("/"), safe="/%:@!$&'()*+,;=~") + "/" + quote(station_id, safe="")
    return urlunsplit((parts.scheme, netloc, path, quote(parts.query, safe="/%:@!$&'()*+,;=~?"), ""))


class Backoff:
    """When to try again: at once, then 1, 2, 4 … s up to the ceiling, each with full jitter.  Times are monotonic s."""

    def __init__(self, seed: int, limits: LinkLimits) -> None:
        self._random = Random(seed)
        self._limits = limits
        self._tries = 0
        self._lost_young: deque[float] = deque(maxlen=FLAPS)

    def wait_s(self) -> float:
        """Seconds from a loss or failure until the next try; the first comes within `first_retry_s`."""
        tries, self._tries = self._tries, min(self._tries + 1, 32)
        ceiling = self._limits.first_retry_s if tries == 0 else 2.0 ** (tries - 1)
        return self._random.uniform(0.0, min(ceiling, self._limits.reconnect_max_s))

    def reset(self) -> None:
        """Somebody wants a connection anew: the next try comes within a second."""
        self._tries = 0

    def lost(self, now: float, lived_s: float) -> None:
        """A connection ended after `lived_s`: a long life makes the next try a first one, a short one is remembered."""
        if lived_s >= self._limits.settle_s:
            self.reset()
            self._lost_young.clear()
        else:
            self._lost_young.append(now)

    def settled(self, now: float) -> None:
        """The Central System accepted us.  Not believed while connections come and go (two stations, one identity?)."""
        if not self.flapping(now):
            self.reset()

    def flapping(self, now: float) -> bool:
        """Whether the last `FLAPS` connections were all lost young, within `settle_s`."""
        return len(self._lost_young) == FLAPS and now - self._lost_young[0] < self._limits.settle_s


_DNS = {
    socket.EAI_NONAME: "no such name: check [csms] url",
    socket.EAI_AGAIN: "the name server does not answer: check the network and its DNS",
    socket.EAI_NODATA: "the name has no address: check [csms] url",
}
_TCP = {
    errno.ECONNREFUSED: ("refuses the connection", "nothing listens there, or a firewall refuses; check the port"),
    errno.ENETUNREACH: ("is out of reach", "no route; is the network up?"),
    errno.EHOSTUNREACH: ("is out of reach", "no route to this host; check the network and the address"),
    errno.ETIMEDOUT: ("does not answer", "host off, or a firewall drops; check the address and the port"),
    errno.ECONNRESET: ("reset the connection", "is a proxy or firewall in between?"),
}
_HTTP = {
    401: "it refuses our credentials; check the authorization key",
    403: "it forbids this station; check the identity and its release in the back-office",
    404: "it does not know this path or identity; check [csms] url and [station] id",
    429: "too many requests; we wait longer",
}
_NO_HTTP = ("InvalidMessage", "SecurityError", "StatusLineTooLong", "HeaderLineTooLong", "TooManyHeaders")
_CLOSE = {
    1000: "it ended the connection in good order",
    1001: "it goes away, perhaps to restart",
    1002: "it found a fault in our WebSocket frames",
    1008: "it finds us against its rules; look there",
    1009: "it found our message too long",
    1011: "it failed by itself; look there",
    1012: "it restarts",
    1013: "it is overloaded",
}


def unreachable(error: OSError, where: str, stage: str) -> Failed:
    """Name or address that could not be reached, or a TLS handshake that came to nothing."""
    if isinstance(error, socket.gaierror):
        return Failed("DNS", where, _DNS.get(error.errno or 0, foreign(error.strerror or str(error))))
    if stage == "TLS":
        reason = getattr(error, "verify_message", "") or getattr(error, "reason", "") or str(error)
        return Failed("TLS", f"no secure connection with {where}", foreign(str(reason)))
    what, hint = _TCP.get(error.errno or 0, ("cannot be reached", foreign(error.strerror or str(error))))
    return Failed("TCP", f"{where} {what}", hint)


def late(stage: str, where: str, open_s: float, heard: bytes) -> Failed:
    """The time for opening ran out at this stage; `heard`: the first bytes of an answer that never came to its end."""
    said = _first_line(heard)
    what, hint = {
        "DNS": (f"no answer about the name of {where}", "check the network and its DNS"),
        "TCP": (f"no answer from {where}", "host off, or a firewall drops; check the address and the port"),
        "TLS": (f"{where} accepts, then says nothing", "does this port speak TLS?"),
    }.get(stage, (f"{where} took our request and did not answer to the end", said or "is this a WebSocket server?"))
    return Failed(stage, f"{what} within {open_s:g} s", hint)


def refused_upgrade(status: int, phrase: str, location: str, retry_after: str) -> Failed:
    """An HTTP answer other than 101."""
    said = f"the server answers {status} {foreign(phrase)}"
    if 300 <= status < 400:
        return Failed("HTTP", f"the server answers {status}, go to {foreign(location)}", "redirects are not followed")
    if status >= 500:
        hint = "the Central System or a proxy before it is out of order; we try again"
    elif status < 300:
        hint = "an ordinary web page, no WebSocket; check the path in [csms] url"
    else:
        hint = _HTTP.get(status, "it refuses this request; check [csms] url")
    digits = retry_after.strip()
    return Failed("HTTP", said, hint, float(digits) if digits.isdecimal() and len(digits) < 8 else 0.0)


def wrong_subprotocol(chosen: str | None) -> Failed:
    """J §3.1.2: without the agreed ocpp1.6 nothing is said."""
    what = f"chose the subprotocol {foreign(chosen)}" if chosen else "chose no subprotocol"
    return Failed("WebSocket", f"the server {what}", "we speak ocpp1.6 only; is this an OCPP 1.6J endpoint?")


def closed_by_peer(code: int, reason: str, flapping: bool) -> Failed:
    """A close frame came in."""
    said = f"the Central System closed with {code} {foreign(reason) if reason else ''}".rstrip()
    hint = "again and again; does another station use this identity?" if flapping else _CLOSE.get(code, "look there")
    return Failed("WebSocket", said, hint)


def no_beginning(error: Exception | None, exc: Exception | None, heard: bytes) -> Failed:
    """The upgrade came to nothing: `error` of the protocol machine, `exc` of the connection, the bytes heard so far."""
    response = getattr(error, "response", None)
    if response is not None:
        location, retry_after = (", ".join(response.headers.get_all(k)) for k in ("Location", "Retry-After"))
        return refused_upgrade(response.status_code, response.reason_phrase, location, retry_after)
    if error is not None and type(error).__name__ not in _NO_HTTP:
        return Failed("WebSocket", f"no WebSocket handshake: {foreign(str(error))}", "a proxy in between?")
    if isinstance(exc, OSError) or not heard:
        return Failed("HTTP", "the server ended the connection without an answer", "wrong port, or TLS wanted?")
    why = (error and error.__cause__) or error
    return Failed("HTTP", f"no HTTP answer but {_first_line(heard)}", foreign(str(why)))


def ended(rcvd: Any, error: BaseException | None, exc: Exception | None, flapping: bool) -> Failed:
    """An open connection ended: by a close frame, by an error of the protocol machine, by the network."""
    if rcvd is not None:
        return closed_by_peer(rcvd.code, rcvd.reason, flapping)
    if error is not None and not isinstance(error, (EOFError, OSError)):
        return Failed("WebSocket", f"against the protocol: {foreign(str(error))}", "look at the server")
    if isinstance(exc, TimeoutError):  # the kernel's own limit on what is not acknowledged
        return stalled()
    how = "was reset" if isinstance(exc, OSError) else "ended without a close frame"
    return Failed("TCP", f"the connection {how}", "the network, a proxy, or a server that died")


def stalled() -> Failed:
    """The peer takes nothing any more."""
    return Failed("TCP", "the Central System took nothing for too long", "the path is dead, or the server hangs")
