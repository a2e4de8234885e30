"""Why an attempt or a connection ended: stage, cause and a hint, one line for a log.  No socket, no WebSocket type."""

from __future__ import annotations

import errno
import socket

from daemon.csms.failure_codes import FailureCode as Code
from daemon.journal.redaction import single_line

CAUSE_CHARS = 200
"""Longest cause; quoted text of the other side takes at most `QUOTED_CHARS` of it, so that the hint remains."""
QUOTED_CHARS = 70


class ConnectionFailed(Exception):
    """An attempt or a connection ended.

    `stage`: DNS, TCP, TLS, HTTP or WebSocket; "" where we closed it ourselves.  `cause`: one line, hint included.
    `retry_after_s`: seconds that the server asked us to wait, 0 where it did not.  `code`: stable, for programs.
    """

    def __init__(self, stage: str, cause: str, hint: str = "", retry_after_s: float = 0.0, *, code: Code) -> None:
        self.stage = stage
        self.code = code
        self.cause = single_line(f"{cause}: {hint}" if hint else cause, CAUSE_CHARS)
        self.retry_after_s = retry_after_s
        super().__init__(stage, self.cause)

    @property
    def by_us(self) -> bool:
        """We gave the connection up, for the path or the peer was dead; the peer did not end it."""
        return self.code in (Code.TCP_SILENT, Code.TCP_STALLED, Code.TCP_QUEUE_FULL)

    def row(self, age_s: float) -> dict[str, str | float]:
        """For a person and for programs; `age_s`: how long ago it was."""
        return {"stage": self.stage, "code": str(self.code), "cause": self.cause, "age_s": round(age_s, 1)}


def quoted(text: str) -> str:
    """Text of the other side, in quotation marks and short."""
    return "'" + single_line(text, QUOTED_CHARS) + "'"


def _first_line(received: bytes) -> str:
    return quoted(received.decode("latin-1").strip().splitlines()[0]) if received.strip() else ""


_DNS = {
    socket.EAI_NONAME: (Code.DNS_NO_SUCH_NAME, "no such name: check [csms] url"),
    socket.EAI_AGAIN: (Code.DNS_NO_ANSWER, "the name server does not answer: check the network and its DNS"),
    socket.EAI_NODATA: (Code.DNS_NO_ADDRESS, "the name has no address: check [csms] url"),
}
_TCP = {
    errno.ECONNREFUSED: (
        Code.TCP_REFUSED,
        "refuses the connection",
        "nothing listens there, or a firewall refuses; check the port",
    ),
    errno.ENETUNREACH: (Code.TCP_UNREACHABLE, "is unreachable", "no route; is the network up?"),
    errno.EHOSTUNREACH: (
        Code.TCP_UNREACHABLE,
        "is unreachable",
        "no route to this host; check the network and the address",
    ),
    errno.ETIMEDOUT: (
        Code.TCP_NO_ANSWER,
        "does not answer",
        "host off, or a firewall drops; check the address and the port",
    ),
    errno.ECONNRESET: (Code.TCP_RESET, "reset the connection", "is a proxy or firewall in between?"),
}
_HTTP = {
    401: (Code.HTTP_UNAUTHORIZED, "it refuses our credentials; check the authorization key"),
    403: (Code.HTTP_FORBIDDEN, "it forbids this station; check the identity and its release in the back-office"),
    404: (Code.HTTP_NOT_FOUND, "it does not know this path or identity; check [csms] url and [station] id"),
    429: (Code.HTTP_TOO_MANY, "too many requests; we wait longer"),
}


# --- while connecting -------------------------------------------------------------------------------------------------


def unreachable(error: OSError, where: str) -> ConnectionFailed:
    """Name or address that could not be reached."""
    if isinstance(error, socket.gaierror):
        code, text = _DNS.get(error.errno or 0, (Code.DNS_FAILED, quoted(error.strerror or str(error))))
        return ConnectionFailed("DNS", where, text, code=code)
    other = (Code.TCP_FAILED, "cannot be reached", quoted(error.strerror or str(error)))
    code, what, hint = _TCP.get(error.errno or 0, other)
    return ConnectionFailed("TCP", f"{where} {what}", hint, code=code)


def late(stage: str, where: str, open_s: float, received: bytes) -> ConnectionFailed:
    """The time for opening ran out at this stage; `received`: the first bytes of an incomplete answer."""
    hint = _first_line(received) or "is this a WebSocket server?"
    code, what, hint = {
        "DNS": (Code.DNS_NO_ANSWER, f"no answer about the name of {where}", "check the network and its DNS"),
        "TCP": (
            Code.TCP_NO_ANSWER,
            f"no answer from {where}",
            "host off, or a firewall drops; check the address and the port",
        ),
        "TLS": (Code.TLS_NO_ANSWER, f"{where} accepts, then sends nothing", "does this port speak TLS?"),
    }.get(stage, (Code.HTTP_NO_ANSWER, f"{where} did not complete its answer to our request", hint))
    return ConnectionFailed(stage, f"{what} within {open_s:g} s", hint, code=code)


# --- the upgrade to WebSocket -----------------------------------------------------------------------------------------


def refused_upgrade(status: int, phrase: str, location: str, retry_after: str) -> ConnectionFailed:
    """An HTTP answer other than 101."""
    answer = f"the server answers {status} {quoted(phrase)}"
    if 300 <= status < 400:
        redirect = f"the server answers {status}, go to {quoted(location)}"
        return ConnectionFailed("HTTP", redirect, "redirects are not followed", code=Code.HTTP_REDIRECT)
    if status >= 500:
        code, hint = Code.HTTP_SERVER_ERROR, "the Central System or a proxy before it is out of order; we try again"
    elif status < 300:
        code, hint = Code.HTTP_NO_UPGRADE, "an ordinary web page, not a WebSocket; check the path in [csms] url"
    else:
        code, hint = _HTTP.get(status, (Code.HTTP_REFUSED, "it refuses this request; check [csms] url"))
    digits = retry_after.strip()
    wait_s = float(digits) if digits.isdecimal() and len(digits) < 8 else 0.0
    return ConnectionFailed("HTTP", answer, hint, wait_s, code=code)


def wrong_subprotocol(chosen: str | None) -> ConnectionFailed:
    """J §3.1.2: without the agreed subprotocol ocpp1.6 nothing is sent."""
    what = f"chose the subprotocol {quoted(chosen)}" if chosen else "chose no subprotocol"
    hint = "this station supports ocpp1.6 only; is this an OCPP 1.6J endpoint?"
    return ConnectionFailed("WebSocket", f"the server {what}", hint, code=Code.WEBSOCKET_SUBPROTOCOL)


def invalid_handshake(detail: str) -> ConnectionFailed:
    """A complete HTTP answer that does not agree to the upgrade."""
    return ConnectionFailed(
        "WebSocket",
        f"invalid WebSocket handshake: {quoted(detail)}",
        "a proxy in between?",
        code=Code.WEBSOCKET_HANDSHAKE,
    )


def no_answer() -> ConnectionFailed:
    """The connection ended before an HTTP answer was complete."""
    return ConnectionFailed(
        "HTTP",
        "the server ended the connection without an answer",
        "wrong port, or TLS wanted?",
        code=Code.HTTP_NO_ANSWER,
    )


def not_http(received: bytes, detail: str) -> ConnectionFailed:
    """The server sent something other than HTTP."""
    return ConnectionFailed(
        "HTTP", f"no HTTP answer but {_first_line(received)}", quoted(detail), code=Code.HTTP_NOT_HTTP
    )


# --- an open connection -----------------------------------------------------------------------------------------------


def closed_by_peer(code: int, reason: str, hint: str, last_words: str = "") -> ConnectionFailed:
    """A close frame was received; `last_words`: a sentence that came just before it and was no message."""
    said = [quoted(text) for text in (reason, last_words if last_words != reason else "") if text]
    cause = f"the Central System closed with {code} {', after '.join(said)}".rstrip()
    return ConnectionFailed("WebSocket", cause, hint, code=Code.WEBSOCKET_CLOSED)


def against_protocol(detail: str) -> ConnectionFailed:
    """The peer broke the WebSocket protocol (RFC 6455)."""
    return ConnectionFailed(
        "WebSocket",
        f"protocol violation by the server: {quoted(detail)}",
        "check the server",
        code=Code.WEBSOCKET_PROTOCOL,
    )


def too_many_pings(rate: int) -> ConnectionFailed:
    """More control frames a second than are answered."""
    cause = f"received more than {rate} pings a second"
    return ConnectionFailed("WebSocket", cause, "check the server", code=Code.WEBSOCKET_PINGS)


def not_accepted(what: str) -> ConnectionFailed:
    """The peer sent something valid that we do not accept, or too much of it."""
    return ConnectionFailed("WebSocket", f"received {what}", "check the server", code=Code.WEBSOCKET_NOT_ACCEPTED)


def broken_off(was_reset: bool, last_words: str = "") -> ConnectionFailed:
    """The connection ended without a close frame; `last_words` as for `closed_by_peer`."""
    how = "was reset" if was_reset else "ended without a close frame"
    if last_words:
        how = f"{how}, after {quoted(last_words)}"
    hint = "see the back-office's log" if last_words else "the network, a proxy, or a server that crashed"
    return ConnectionFailed("TCP", f"the connection {how}", hint, code=Code.TCP_BROKEN_OFF)


def stalled() -> ConnectionFailed:
    """The peer accepts no data any more."""
    what = "the Central System accepted no data for too long"
    return ConnectionFailed("TCP", what, "the path is dead, or the server hangs", code=Code.TCP_STALLED)


def silent(silent_s: float) -> ConnectionFailed:
    """Nothing at all was received for so long, not even an answer to our pings."""
    what = f"nothing received for {silent_s:g} s, nor any answer to our pings"
    return ConnectionFailed("TCP", what, "the path is dead, or the server hangs", code=Code.TCP_SILENT)


def queue_full(frames: int) -> ConnectionFailed:
    """Too many frames wait for a slow peer."""
    what = f"{frames} frames wait and the Central System accepts none"
    return ConnectionFailed("TCP", what, code=Code.TCP_QUEUE_FULL)
