"""One WebSocket connection to the Central System within our limits; the only file that imports `websockets`.

websockets' Sans-I/O protocol does RFC 6455; reading, writing, timing and every limit are ours: a flood is stopped in
the middle of a packet, a slow peer never blocks the daemon, a closing connection has a deadline.  No message is parsed.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import ssl
import termios
from collections import deque
from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Protocol

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidMessage, InvalidStatus, SecurityError
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from daemon.csms import failure_causes, tls_failures
from daemon.csms.failure_causes import ConnectionFailed
from daemon.csms.limits import ConnectionLimits

SUBPROTOCOL = Subprotocol("ocpp1.6")
CALL = "[2,"
"""How our messages begin that must be answered."""
SLICE_BYTES = 2_048
"""Bytes parsed before other tasks get their turn, and before a broken limit is noticed."""
BUFFER_BYTES = 16_384
"""One buffer for all reads: asyncio's own is 256 kB, mapped and unmapped again at each read."""
CROWDED_PAUSE_S = 0.01
"""How soon reading is tried again while too many events wait."""
KEPT_BYTES = 200
"""Of the answer to our upgrade request, kept to explain a failure."""
REASON_CHARS = 100
"""Of the cause, sent in our close frame: its payload has at most 125 bytes (RFC 6455 §5.5)."""

CLOSE_HINTS: Mapping[int, str] = {
    CloseCode.NORMAL_CLOSURE: "it ended the connection in good order",
    CloseCode.GOING_AWAY: "it goes away, perhaps to restart",
    CloseCode.PROTOCOL_ERROR: "it found a fault in our WebSocket frames",
    CloseCode.POLICY_VIOLATION: "it considers us against its rules; see its log",
    CloseCode.MESSAGE_TOO_BIG: "it found our message too long",
    CloseCode.INTERNAL_ERROR: "it had an internal error; see its log",
    CloseCode.SERVICE_RESTART: "it restarts",
    CloseCode.TRY_AGAIN_LATER: "it is overloaded",
}
OTHER_HINT = "see its log"
FLAPPING_HINT = "again and again; does another station use this identity?"


class Listener(Protocol):
    """Receives what the connection brings."""

    def on_open(self, connection: WebSocketConnection) -> None:
        """The subprotocol is agreed; messages may follow within the same packet."""

    def on_text(self, text: str) -> None:
        """One whole message."""

    def crowded(self) -> bool:
        """Too many messages wait already: read nothing more until this turns false."""

    def flapping(self) -> bool:
        """Connections come and go: part of the explanation when the next one ends."""

    def last_words(self) -> str:
        """What the peer said just before the end, in a text that was no message; "" where nothing."""

    def on_quiet(self) -> None:
        """Nothing came since our last ping: let something be said that must be answered."""


class _Timer(Enum):
    READ = auto()
    STALL = auto()
    PING = auto()
    PROBE = auto()
    SILENCE = auto()
    CLOSE = auto()


def client_protocol(url: str, limits: ConnectionLimits, headers: Mapping[str, str]) -> ClientProtocol:
    """RFC 6455 without I/O, the upgrade request queued in it: no extension (so no compression), one subprotocol."""
    silent = logging.Logger("csms", logging.CRITICAL + 1)  # its debug lines would hold credentials and card numbers
    protocol = ClientProtocol(parse_uri(url), subprotocols=[SUBPROTOCOL], max_size=limits.frame_bytes, logger=silent)
    request = protocol.connect()
    request.headers.update({"User-Agent": "evsed", **headers})
    protocol.send_request(request)
    return protocol


class WebSocketConnection(asyncio.BufferedProtocol):
    """The connection; give it to `loop.create_connection`.

    `gate` judges the TLS session between its handshake and our upgrade request, whose credentials nobody hears before:
    why nothing may be sent, or None.
    `opened` gets None once the subprotocol is agreed, else why it failed; `ended` gets why the connection ended.
    `received` are the first bytes of the answer, `received_at` the loop's time of the last packet.
    """

    def __init__(
        self,
        protocol: ClientProtocol,
        listener: Listener,
        limits: ConnectionLimits,
        loop: asyncio.AbstractEventLoop,
        gate: Callable[[ssl.SSLObject | None], ConnectionFailed | None] = lambda tls: None,
    ) -> None:
        self._loop = loop
        self._gate = gate
        self._protocol = protocol
        self._listener = listener
        self._limits = limits
        self.opened: asyncio.Future[ConnectionFailed | None] = self._loop.create_future()
        self.ended: asyncio.Future[ConnectionFailed] = self._loop.create_future()
        self.received = b""
        self.received_at = self._pinged_at = self._counted_at = self._loop.time()
        self._made: asyncio.Transport | None = None
        self._failure: ConnectionFailed | None = None
        self._buffer = memoryview(bytearray(BUFFER_BYTES))
        """A view: of a bytearray, asyncio's TLS would fill a copy with all records of a packet but the first."""
        self._unread = bytearray()
        self._held = False
        self._fragments: list[bytes] = []
        self._backlog: deque[str] = deque()
        self._stalled = False
        self._pings = 0
        self._pong_came = False
        self._unanswered_since: float | None = None
        """When the oldest of our CALLs was sent since which nothing has come."""
        self._allowance = 2.0 * self._limits.pings_per_s
        self._timers: dict[_Timer, asyncio.TimerHandle] = {}

    @property
    def _transport(self) -> asyncio.Transport:
        assert self._made is not None, "used before it was connected"
        return self._made

    # --- called by the transport ----------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._made = transport
        if (refused := self._gate(transport.get_extra_info("ssl_object"))) is not None:
            self.drop(refused)
        else:
            self._write()  # the upgrade request is queued in the protocol

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.data_received(bytes(self._buffer[:nbytes]))

    def data_received(self, data: bytes) -> None:
        self.received_at, self._unanswered_since = self._loop.time(), None
        if not self.opened.done():
            self.received = (self.received + data)[:KEPT_BYTES]
        if _Timer.CLOSE not in self._timers:
            self._unread += data
            if not self._held:
                self._read()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._protocol.receive_eof()
        failed = self._failure or self._cause(exc)
        if not self.opened.done():
            self.opened.set_result(failed)
        self.ended.set_result(failed)

    def pause_writing(self) -> None:
        self._stalled = True
        self._after(_Timer.STALL, self._limits.stall_s, lambda: self.drop(failure_causes.stalled()))

    def resume_writing(self) -> None:
        self._stalled = False
        self._cancel(_Timer.STALL)
        while self._backlog and not self._stalled and self.is_open():
            self._put(self._backlog.popleft())

    # --- reading --------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        """Take one slice; the rest waits for other tasks, and longer while too many messages wait."""
        if not (self._held and self._listener.crowded()):
            piece = bytes(self._unread[:SLICE_BYTES])
            del self._unread[:SLICE_BYTES]
            if piece:
                self._take(piece)
        crowded = self._listener.crowded()
        if (self._unread or crowded) and _Timer.CLOSE not in self._timers:
            self._held = True
            self._transport.pause_reading()
            self._after(_Timer.READ, CROWDED_PAUSE_S if crowded else 0.0, self._read)
        elif self._held:
            self._held = False
            self._transport.resume_reading()

    def _take(self, piece: bytes) -> None:
        self._protocol.receive_data(piece)
        events = self._protocol.events_received()
        if not self.opened.done() and not self._agreed(events):
            return
        for event in events:
            if self._failure:
                break
            if isinstance(event, Frame):
                self._frame(event)
        self._write()
        if self._protocol.close_expected():
            self._expect_end()

    def _agreed(self, events: list[Request | Response | Frame]) -> bool:
        """Whether the answer to our upgrade request is complete and agrees; it is the first event."""
        if self._protocol.handshake_exc is not None:
            self.drop(self._cause(None))
        elif events and self._protocol.subprotocol != SUBPROTOCOL:  # J §3.1.2
            wrong = failure_causes.wrong_subprotocol(self._protocol.subprotocol)
            self._refuse(CloseCode.PROTOCOL_ERROR, wrong)
        elif events:
            self._pinged_at = self._loop.time()
            self.opened.set_result(None)
            self._listener.on_open(self)
            return True
        return False

    def _frame(self, frame: Frame) -> None:
        match frame.opcode:
            case Opcode.TEXT | Opcode.CONT:
                self._text(frame)
            case Opcode.BINARY:  # J §4.1: messages are text
                self._refuse(CloseCode.UNSUPPORTED_DATA, failure_causes.not_accepted("a binary frame"))
            case Opcode.PONG:
                self._pong_came = True
                if bytes(frame.data) != b"%d" % self._pings:
                    self._count_control_frame()
            case Opcode.PING:
                self._count_control_frame()

    def _text(self, frame: Frame) -> None:
        self._fragments.append(bytes(frame.data))
        if len(self._fragments) > self._limits.fragments:
            too_many = failure_causes.not_accepted("a message in too many fragments")
            self._refuse(CloseCode.POLICY_VIOLATION, too_many)
        elif frame.fin:
            whole = b"".join(self._fragments)
            self._fragments.clear()
            try:
                text = whole.decode()
            except UnicodeDecodeError:
                self._refuse(CloseCode.INVALID_DATA, failure_causes.not_accepted("a message that is not UTF-8"))
            else:
                self._listener.on_text(text)

    def _count_control_frame(self) -> None:
        """Pings are answered by websockets; more control frames than anybody needs end the connection."""
        now, rate = self._loop.time(), self._limits.pings_per_s
        self._allowance = min(2.0 * rate, self._allowance + (now - self._counted_at) * rate) - 1.0
        self._counted_at = now
        if self._allowance < 0.0:
            too_many = failure_causes.too_many_pings(rate)
            self._refuse(CloseCode.POLICY_VIOLATION, too_many)

    # --- writing --------------------------------------------------------------------------------------------------

    def is_open(self) -> bool:
        """Whether messages can be sent: the subprotocol is agreed and nobody is closing the connection."""
        return self.opened.done() and self._protocol.state is State.OPEN and not self._transport.is_closing()

    def send(self, text: str) -> bool:
        """Send the text, or queue it behind those that wait for a slow peer; False: the connection is closed."""
        if not self.is_open():
            return False
        if text.startswith(CALL):
            self._unanswered_since = self._unanswered_since or self._loop.time()
        if not self._stalled:
            self._put(text)
        elif len(self._backlog) < self._limits.queue_frames:
            self._backlog.append(text)
        else:
            self.drop(failure_causes.queue_full(len(self._backlog)))
            return False
        return True

    def _put(self, text: str) -> None:
        self._protocol.send_text(text.encode("utf-8", "replace"))
        self._write()

    def _write(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._transport.write(data)

    def waiting(self) -> int:
        """Frames that wait for a slow peer."""
        return len(self._backlog)

    def unsent(self) -> bool:
        """Whether anything given to `send` is not yet acknowledged by the other side's kernel."""
        if self._backlog or self._transport.get_write_buffer_size():
            return True
        sock = self._transport.get_extra_info("socket")
        unacknowledged = fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, b"\0\0\0\0") if sock.fileno() >= 0 else b""
        return any(unacknowledged)

    # --- keep-alive -----------------------------------------------------------------------------------------------

    def keep_alive(self, interval_s: int) -> None:
        """WebSocketPingInterval; takes effect at once.  0: no pings of ours, and no silence is too long."""
        for timer in (_Timer.PING, _Timer.PROBE, _Timer.SILENCE):
            self._cancel(timer)
        if interval_s > 0:
            self._plan_ping(interval_s)
            self._watch(interval_s + self._limits.silence_s)

    def _plan_ping(self, interval_s: int) -> None:
        due_s = max(0.0, self._pinged_at + interval_s - self._loop.time())
        self._after(_Timer.PING, due_s, lambda: self._ping(interval_s))

    def _ping(self, interval_s: int) -> None:
        """Some Central Systems answer no pings: where nothing comes, something else must show that they live."""
        self._pinged_at = self._loop.time()
        if self.is_open() and not self._stalled:
            self._pings += 1
            self._protocol.send_ping(b"%d" % self._pings)
            self._write()
            self._after(_Timer.PROBE, min(self._limits.probe_s, interval_s / 2), self._probe)
        self._plan_ping(interval_s)

    def _probe(self) -> None:
        if self.received_at < self._pinged_at and not self._held and self.is_open():
            self._listener.on_quiet()

    def _watch(self, most_s: float) -> None:
        """Whatever comes proves life: a message, a ping, a pong of any content."""
        now = self._loop.time()
        due_at = self.received_at + most_s
        if not self._pong_came:  # pings prove nothing here: only a CALL that had time to be answered does
            asked_at = now if self._unanswered_since is None else self._unanswered_since
            due_at = max(due_at, asked_at + self._limits.silence_s)
        if self._held:  # while we read nothing the silence is our own
            due_at = now + self._limits.silence_s
        if due_at > now:
            self._after(_Timer.SILENCE, due_at - now, lambda: self._watch(most_s))
        else:
            self.drop(failure_causes.silent(round(now - self.received_at, 1)))

    # --- ending ---------------------------------------------------------------------------------------------------

    def drop(self, failed: ConnectionFailed) -> None:
        """Cut the connection now."""
        self._failure = self._failure or failed
        self._transport.abort()

    def give_up_unless_open(self) -> None:
        """The time for opening is over."""
        if self._made is not None and not (self.opened.done() and self.opened.result() is None):
            self._made.abort()

    def _refuse(self, code: CloseCode, failed: ConnectionFailed) -> None:
        """Close with a code that the peer can read, and accept nothing more from it."""
        self._failure = failed
        self._protocol.fail(code, failed.cause[:REASON_CHARS])
        self._write()
        self._expect_end()

    def _expect_end(self) -> None:
        """A close frame was sent or received: the peer has `close_s` to end the connection."""
        self._unread.clear()
        if _Timer.CLOSE not in self._timers:
            self._after(_Timer.CLOSE, self._limits.close_s, self._transport.abort)

    async def close(self) -> None:
        """Close in good order, within `close_s`."""
        if self.is_open():
            self._protocol.send_close(CloseCode.GOING_AWAY)
            self._write()
        self._expect_end()
        await asyncio.wait([self.ended])

    def _cause(self, exc: Exception | None) -> ConnectionFailed:
        if not self.opened.done():
            return not_opened(self._protocol.handshake_exc, exc, self.received)
        return closed(self._protocol, exc, self._listener.flapping(), self._listener.last_words())

    # --- timers ---------------------------------------------------------------------------------------------------

    def _after(self, timer: _Timer, seconds: float, then: Callable[[], None]) -> None:
        self._cancel(timer)

        def due() -> None:
            self._timers.pop(timer, None)
            then()

        self._timers[timer] = self._loop.call_later(seconds, due)

    def _cancel(self, timer: _Timer) -> None:
        if handle := self._timers.pop(timer, None):
            handle.cancel()


def not_opened(error: Exception | None, exc: Exception | None, received: bytes) -> ConnectionFailed:
    """Why the upgrade failed: `error` of the protocol, `exc` of the transport, the bytes received so far."""
    if isinstance(error, InvalidStatus):
        response = error.response
        location, retry_after = (", ".join(response.headers.get_all(name)) for name in ("Location", "Retry-After"))
        return failure_causes.refused_upgrade(response.status_code, response.reason_phrase, location, retry_after)
    if error is not None and not isinstance(error, InvalidMessage | SecurityError):
        return failure_causes.invalid_handshake(str(error))
    if isinstance(exc, OSError) or not received:
        return tls_failures.after_handshake(exc) or failure_causes.no_answer()
    return failure_causes.not_http(received, str((error and error.__cause__) or error))


def closed(protocol: ClientProtocol, exc: Exception | None, flapping: bool, last_words: str) -> ConnectionFailed:
    """Why an open connection ended: by a close frame, by a violation of the protocol, by the network (`exc`)."""
    reason = protocol.close_exc
    if reason.rcvd is not None:
        hint = FLAPPING_HINT if flapping else close_hint(reason.rcvd.code)
        return failure_causes.closed_by_peer(reason.rcvd.code, reason.rcvd.reason, hint, last_words)
    error = reason.__cause__
    if error is not None and not isinstance(error, EOFError | OSError):
        return failure_causes.against_protocol(str(error))
    if isinstance(exc, TimeoutError):  # the kernel's own limit on what is not acknowledged
        return failure_causes.stalled()
    return tls_failures.after_handshake(exc) or failure_causes.broken_off(isinstance(exc, OSError), last_words)


def close_hint(code: int) -> str:
    """What a received close code means (RFC 6455 §7.4.1)."""
    return CLOSE_HINTS.get(code, OTHER_HINT)
