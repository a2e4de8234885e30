"""One connection to the Central System inside our limits: a transport joined to a protocol machine.  It reads no text.

websockets' protocol machine (its Sans-I/O side) does RFC 6455; reading, writing, timing and every limit are ours: a
flood is stopped in the middle of a packet, a slow peer never blocks the hall, a closing connection has a deadline.
"""

from __future__ import annotations

import asyncio
import fcntl
import termios
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from daemon.csms import backoff
from daemon.csms.backoff import Failed, LinkLimits

SUBPROTOCOL = "ocpp1.6"
SLICE_BYTES = 2_048
"""Bytes parsed before the hall gets its turn, and before a broken limit is noticed."""
BREATH_S = 0.01
_CONT, _TEXT, _BINARY, _PING, _PONG = 0, 1, 2, 9, 10
_OPEN = 1


class Listener(Protocol):
    """Who carries on what the wire brings."""

    def on_open(self, wire: WebSocketConnection) -> None:
        """The subprotocol is agreed; texts may come within this very call's packet."""

    def on_text(self, text: str) -> None:
        """One whole message."""

    def crowded(self) -> bool:
        """Too many texts wait already: read nothing more until this turns false."""

    def flapping(self) -> bool:
        """Connections come and go: part of the explanation of the next end."""


class WebSocketConnection(asyncio.Protocol):
    """The connection.  `machine`: a websockets ClientProtocol, its request waiting; untyped: link.py is its door."""

    def __init__(self, machine: Any, link: Listener, limits: LinkLimits, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._machine = machine
        self._link = link
        self._limits = limits
        self.opened: asyncio.Future[Failed | None] = self._loop.create_future()
        self.ended: asyncio.Future[Failed] = self._loop.create_future()
        self.heard = b""  # the first bytes of the answer, for the person who must understand it
        self.heard_at = self._pinged_at = self._counted_at = self._loop.time()
        self._transport: asyncio.Transport
        self._made = False
        self._failure: Failed | None = None
        self._unread = bytearray()
        self._held = False
        self._parts: list[bytes] = []
        self._backlog: deque[str] = deque()
        self._stalled = False
        self._pings = 0
        self._allowance = 2.0 * self._limits.pings_per_s
        self._timers: dict[str, asyncio.TimerHandle] = {}

    # --- called by the transport ----------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._made = transport, True
        self._write()  # the upgrade request lies ready in the machine

    def data_received(self, data: bytes) -> None:
        self.heard_at = self._loop.time()
        if not self.opened.done():
            self.heard = (self.heard + data)[:200]
        if "close" not in self._timers:
            self._unread += data
            if not self._held:
                self._read()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._machine.receive_eof()
        failed = self._failure or self._why(exc)
        if not self.opened.done():
            self.opened.set_result(failed)
        self.ended.set_result(failed)

    def pause_writing(self) -> None:
        self._stalled = True
        self._after("stall", self._limits.stall_s, lambda: self.drop(backoff.stalled()))

    def resume_writing(self) -> None:
        self._stalled = False
        self._cancel("stall")
        while self._backlog and not self._stalled and self.is_open():
            self._put(self._backlog.popleft())

    # --- reading --------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        """Take one slice; what is left waits for the hall's turn, and longer while the hall is crowded."""
        if not (self._held and self._link.crowded()):
            piece = bytes(self._unread[:SLICE_BYTES])
            del self._unread[:SLICE_BYTES]
            if piece:
                self._take(piece)
        crowded = self._link.crowded()
        if (self._unread or crowded) and "close" not in self._timers:
            self._held = True
            self._transport.pause_reading()
            self._after("read", BREATH_S if crowded else 0.0, self._read)
        elif self._held:
            self._held = False
            self._transport.resume_reading()

    def _take(self, piece: bytes) -> None:
        self._machine.receive_data(piece)
        events: list[Any] = list(self._machine.events_received())
        if not self.opened.done() and not self._agreed(events):
            return
        for event in events:
            if self._failure:
                break
            self._frame(event.opcode, event.data, event.fin)
        self._write()
        if self._machine.close_expected():
            self._expect_end()

    def _agreed(self, events: list[Any]) -> bool:
        """Whether the answer to our upgrade request is in and good; it is the first event."""
        if self._machine.handshake_exc is not None:
            self.drop(self._why(None))
        elif events and self._machine.subprotocol != SUBPROTOCOL:  # J §3.1.2
            self._refuse(1002, backoff.wrong_subprotocol(self._machine.subprotocol))
        elif events:
            del events[0]
            self._pinged_at = self._loop.time()
            self.opened.set_result(None)
            self._link.on_open(self)
            return True
        return False

    def _frame(self, opcode: int, data: bytes, fin: bool) -> None:
        if opcode in (_TEXT, _CONT):
            self._text(data, fin)
        elif opcode == _BINARY:
            self._refuse(1003, Failed("WebSocket", "a binary frame came in", "OCPP-J is text; look at the server"))
        elif opcode == _PONG and bytes(data) == b"%d" % self._pings:
            self._cancel("pong")
        elif opcode in (_PING, _PONG):
            self._count()

    def _text(self, data: bytes, fin: bool) -> None:
        self._parts.append(data)
        if len(self._parts) > self._limits.fragments:
            self._refuse(1008, Failed("WebSocket", "a message in too many fragments came in", "look at the server"))
        elif fin:
            whole = b"".join(self._parts)
            self._parts.clear()
            try:
                text = whole.decode()
            except UnicodeDecodeError:
                self._refuse(1007, Failed("WebSocket", "a message that is no UTF-8 came in", "look at the server"))
            else:
                self._link.on_text(text)

    def _count(self) -> None:
        """The peer's pings are answered by the machine; what nobody needs is too many of them."""
        now, rate = self._loop.time(), self._limits.pings_per_s
        self._allowance = min(2.0 * rate, self._allowance + (now - self._counted_at) * rate) - 1.0
        self._counted_at = now
        if self._allowance < 0.0:
            self._refuse(1008, Failed("WebSocket", f"more than {rate} pings a second came in", "look at the server"))

    # --- writing --------------------------------------------------------------------------------------------------

    def is_open(self) -> bool:
        return self.opened.done() and self._machine.state == _OPEN and not self._transport.is_closing()

    def push(self, text: str) -> bool:
        """Put the text on the wire, or behind those that wait for a slow peer; False: the connection is closed."""
        if not self.is_open():
            return False
        if not self._stalled:
            self._put(text)
        elif len(self._backlog) < self._limits.queue_frames:
            self._backlog.append(text)
        else:
            self.drop(Failed("TCP", f"{len(self._backlog)} frames wait and the Central System takes none"))
            return False
        return True

    def _put(self, text: str) -> None:
        self._machine.send_text(text.encode("utf-8", "replace"))
        self._write()

    def _write(self) -> None:
        for data in self._machine.data_to_send():
            if data:
                self._transport.write(data)

    def waiting(self) -> int:
        """Frames that wait for a slow peer."""
        return len(self._backlog)

    def unsent(self) -> bool:
        """Whether anything given to `push` has not reached the other side's kernel."""
        if self._backlog or self._transport.get_write_buffer_size():
            return True
        sock = self._transport.get_extra_info("socket")
        unacknowledged = fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, b"\0\0\0\0") if sock.fileno() >= 0 else b""
        return any(unacknowledged)

    # --- keeping alive, ending ------------------------------------------------------------------------------------

    def keep_alive(self, interval_s: int) -> None:
        """WebSocketPingInterval; counts at once.  0: no pings of ours."""
        self._cancel("ping")
        if interval_s <= 0:
            self._cancel("pong")
            return
        due_s = max(0.0, self._pinged_at + interval_s - self._loop.time())
        self._after("ping", due_s, lambda: self._ping(interval_s))

    def _ping(self, interval_s: int) -> None:
        self._pinged_at = self._loop.time()
        if self.is_open() and "pong" not in self._timers:
            self._pings += 1
            self._machine.send_ping(b"%d" % self._pings)
            self._write()
            self._await_pong(min(self._limits.pong_s, interval_s))
        self.keep_alive(interval_s)

    def _await_pong(self, due_s: float) -> None:
        deaf = Failed("TCP", f"no answer to our ping within {due_s:g} s", "the path is dead, or the server hangs")
        # While the hall is too busy to let us read, silence is our own fault.
        self._after("pong", due_s, lambda: self._await_pong(due_s) if self._held else self.drop(deaf))

    def drop(self, failed: Failed) -> None:
        """Cut the connection now."""
        self._failure = self._failure or failed
        self._transport.abort()

    def give_up_unless_open(self) -> None:
        """The time for opening is over."""
        if self._made and not (self.opened.done() and self.opened.result() is None):
            self._transport.abort()

    def _refuse(self, code: int, failed: Failed) -> None:
        """Close with a code the peer can read, and take nothing more from it."""
        self._failure = failed
        self._machine.fail(code, failed.cause[:100])
        self._write()
        self._expect_end()

    def _expect_end(self) -> None:
        """A close frame is under way: the peer has `close_s` to end the connection."""
        self._unread.clear()
        if "close" not in self._timers:
            self._after("close", self._limits.close_s, self._transport.abort)

    async def farewell(self) -> None:
        """Close in good order, within `close_s`."""
        if self.is_open():
            self._machine.send_close(1001)
            self._write()
        self._expect_end()
        await asyncio.wait([self.ended])

    def _why(self, exc: Exception | None) -> Failed:
        if not self.opened.done():
            return backoff.no_beginning(self._machine.handshake_exc, exc, self.heard)
        closed = self._machine.close_exc
        return backoff.ended(closed.rcvd, closed.__cause__, exc, self._link.flapping())

    def _after(self, name: str, seconds: float, then: Callable[[], None]) -> None:
        self._cancel(name)

        def due() -> None:
            self._timers.pop(name, None)
            then()

        self._timers[name] = self._loop.call_later(seconds, due)

    def _cancel(self, name: str) -> None:
        if timer := self._timers.pop(name, None):
            timer.cancel()
