"""A connection without a network: a server's bytes, a transport that records, and a clock that the test moves."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from websockets.exceptions import InvalidMessage, InvalidUpgrade, SecurityError
from websockets.frames import Close, Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from daemon.csms.connection import (
    FLAPPING_HINT,
    SLICE_BYTES,
    WebSocketConnection,
    client_protocol,
    close_hint,
    not_opened,
)
from daemon.csms.failure_causes import ConnectionFailed
from daemon.csms.limits import ConnectionLimits

LIMITS = ConnectionLimits(close_s=2, silence_s=10, stall_s=30, queue_frames=3)


def raw(opcode: int, data: bytes = b"") -> bytes:
    return bytes([0x80 | opcode, len(data)]) + data


class Timer:
    def __init__(self, then: Callable[[], object]) -> None:
        self.then: Callable[[], object] | None = then

    def cancel(self) -> None:
        self.then = None


class FakeLoop:
    """Time is a number; what is due is done when the test lets time pass."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.futures = asyncio.new_event_loop()
        self._due: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()

    def time(self) -> float:
        return self.now

    def create_future(self) -> asyncio.Future[Any]:
        return self.futures.create_future()

    def call_later(self, seconds: float, then: Callable[[], object]) -> Timer:
        timer = Timer(then)
        heapq.heappush(self._due, (self.now + seconds, next(self._order), timer))
        return timer

    def pass_s(self, seconds: float) -> None:
        until = self.now + seconds
        while self._due and self._due[0][0] <= until:
            self.now, _, timer = heapq.heappop(self._due)
            if timer.then is not None:
                timer.then()
        self.now = until


class FakeTransport(asyncio.Transport):
    """Remembers what was written; `taken` is how much the other side takes."""

    def __init__(self, connection: WebSocketConnection) -> None:
        super().__init__()
        self.connection = connection
        self.written: list[bytes] = []
        self.reading = True
        self.cut = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return self.cut

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def abort(self) -> None:
        if not self.cut:
            self.cut = True
            self.connection.connection_lost(None)


class Bench:
    """A connection, open and idle, and the server's side of it."""

    def __init__(self) -> None:
        self.loop = FakeLoop()
        self.texts: list[str] = []
        self.opened = 0
        self.is_crowded = False
        self.is_flapping = False
        self.words = ""
        self.quiet = 0
        protocol = client_protocol("ws://csms/ocpp/CP1", LIMITS, {"Authorization": "Basic x"})
        self.connection = WebSocketConnection(protocol, self, LIMITS, cast(asyncio.AbstractEventLoop, self.loop))
        self.transport = FakeTransport(self.connection)
        self.connection.connection_made(self.transport)
        self.server = ServerProtocol(subprotocols=[cast(Any, "ocpp1.6")], max_size=None)
        (request,) = self.sent()
        assert isinstance(request, Request) and request.headers["Authorization"] == "Basic x"
        self.server.send_response(self.server.accept(request))
        self.receive()

    def on_open(self, connection: WebSocketConnection) -> None:
        self.opened += 1

    def on_text(self, text: str) -> None:
        self.texts.append(text)

    def crowded(self) -> bool:
        return self.is_crowded

    def flapping(self) -> bool:
        return self.is_flapping

    def last_words(self) -> str:
        return self.words

    def on_quiet(self) -> None:
        self.quiet += 1

    def receive(self, more: bytes = b"") -> None:
        """What the server sends reaches the connection in one packet."""
        self.connection.data_received(b"".join(self.server.data_to_send()) + more)

    def sent(self) -> list[Any]:
        """What the connection wrote since, as the server's events."""
        for piece in self.transport.written:
            self.server.receive_data(piece)
        self.transport.written.clear()
        return list(self.server.events_received())

    def sent_frames(self) -> list[tuple[Opcode, bytes]]:
        return [(event.opcode, bytes(event.data)) for event in self.sent() if isinstance(event, Frame)]

    def end(self) -> ConnectionFailed:
        assert self.connection.ended.done()
        return self.connection.ended.result()


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.loop.futures.close()


def test_open(bench: Bench) -> None:
    """The agreed handshake opens the connection once and leaves it reading."""
    assert (bench.opened, bench.connection.is_open(), bench.transport.reading) == (1, True, True)
    assert bench.connection.opened.result() is None


def test_texts_both_ways(bench: Bench) -> None:
    """One text is one masked frame out, one frame is one text in."""
    assert bench.connection.send("[2]")
    assert bench.sent_frames() == [(Opcode.TEXT, b"[2]")]
    bench.server.send_text(b"[3]")
    bench.receive()
    assert bench.texts == ["[3]"]


def test_pings_at_the_interval(bench: Bench) -> None:
    """WebSocketPingInterval: a ping every interval while each gets its pong."""
    bench.connection.keep_alive(30)
    for turn in range(1, 4):
        bench.loop.pass_s(29)
        assert bench.sent_frames() == []
        bench.loop.pass_s(1)
        assert bench.sent_frames() == [(Opcode.PING, b"%d" % turn)]
        bench.receive()
    assert bench.connection.is_open()


def test_silence(bench: Bench) -> None:
    """Nothing at all for 10 s more than the interval drops the connection of a peer that has answered pings."""
    bench.connection.keep_alive(30)
    bench.loop.pass_s(30)
    bench.sent_frames()
    bench.receive()
    bench.loop.pass_s(39.9)
    assert bench.connection.is_open()
    bench.loop.pass_s(0.2)
    end = bench.end()
    assert (end.stage, end.by_us) == ("TCP", True)
    assert "nothing received for 40 s, nor any answer to our pings" in end.cause


@pytest.mark.parametrize("life", [raw(10, b"0"), raw(10), raw(9), raw(1, b"[3]"), b"\x81"])
def test_point_3_anything_proves_life(bench: Bench, life: bytes) -> None:
    """A pong of any content, a ping, a message, or a part of one."""
    bench.connection.keep_alive(10)
    bench.connection.send('[2,"x","Heartbeat",{}]')
    for _ in range(10):
        bench.loop.pass_s(15)
        bench.sent_frames()
        bench.receive(life)
        if life == b"\x81":
            break
    bench.loop.pass_s(19.5)
    assert bench.connection.is_open()


def test_point_3_a_peer_that_answers_no_pings_is_asked(bench: Bench) -> None:
    """3 s after an unanswered ping a message is asked for; its answer keeps the connection, for as long as it likes."""
    bench.connection.keep_alive(10)
    for turn in range(1, 20):
        bench.loop.pass_s(13.1 if turn == 1 else 10.0)
        assert bench.quiet == turn
        bench.connection.send('[2,"x","Heartbeat",{}]')
        bench.sent()
        bench.receive(raw(1, b'[3,"x",{}]'))
    assert bench.connection.is_open()


def test_point_3_a_peer_that_answers_neither_is_gone(bench: Bench) -> None:
    """Without any pong so far the message must have had its 10 s."""
    bench.connection.keep_alive(10)
    bench.loop.pass_s(13.1)
    bench.connection.send('[2,"x","Heartbeat",{}]')
    bench.loop.pass_s(9.8)
    assert bench.connection.is_open()
    bench.loop.pass_s(0.3)
    assert "nothing received for 23" in bench.end().cause


def test_point_3_nothing_is_held_against_a_peer_that_owes_nothing(bench: Bench) -> None:
    """While a registration is pending we may ask nothing: silence without pongs is no sign of death, nor is ours."""
    bench.connection.keep_alive(10)
    bench.receive(raw(1, b'[2,"x","GetConfiguration",{}]'))
    bench.connection.send('[3,"x",{}]')
    bench.loop.pass_s(1_000)
    assert bench.connection.is_open()


def test_a_pong_in_time_asks_for_nothing_more(bench: Bench) -> None:
    """Where pings are answered no message is needed."""
    bench.connection.keep_alive(10)
    for _ in range(5):
        bench.loop.pass_s(10)
        bench.sent_frames()
        bench.receive()
        bench.loop.pass_s(0)
    assert bench.quiet == 0


@pytest.mark.parametrize("code", [1000, 1008])
def test_point_6_last_words_explain_a_close(bench: Bench, code: int) -> None:
    """A sentence before the close frame is its reason, beside that of the frame itself."""
    bench.words = "Unknown charge point CP1"
    bench.server.send_close(code, "go away" if code == 1000 else "")
    bench.receive()
    bench.transport.abort()
    said = "'go away', after 'Unknown charge point CP1'" if code == 1000 else "'Unknown charge point CP1'"
    assert f"closed with {code} {said}: " in bench.end().cause


def test_point_6_last_words_before_a_mere_end(bench: Bench) -> None:
    """So they are where no close frame follows."""
    bench.words = "Unknown charge point CP1"
    bench.transport.abort()
    assert "ended without a close frame, after 'Unknown charge point CP1'" in bench.end().cause


@pytest.mark.parametrize(("interval_s", "due_s"), [(10, 0.0), (40, 20.0)])
def test_a_new_interval_counts_from_the_last_ping(bench: Bench, interval_s: int, due_s: float) -> None:
    """A changed interval counts at once: the next ping is due that long after the last one, or now."""
    bench.connection.keep_alive(30)
    bench.loop.pass_s(20)
    bench.connection.keep_alive(interval_s)
    bench.loop.pass_s(max(0.0, due_s - 0.1))
    assert bool(bench.sent_frames()) == (due_s == 0.0)
    bench.loop.pass_s(0.1)
    assert bool(bench.sent_frames()) == (due_s != 0.0)


def test_zero_means_no_pings(bench: Bench) -> None:
    """0: we do not ping, and no silence is too long; the server's pings are answered all the same."""
    bench.connection.keep_alive(30)
    bench.loop.pass_s(30)
    bench.connection.keep_alive(0)
    bench.sent_frames()
    bench.loop.pass_s(10_000)
    bench.receive(raw(9, b"you?"))
    assert bench.sent_frames() == [(Opcode.PONG, b"you?")]


def test_twenty_pings_a_second_are_borne(bench: Bench) -> None:
    """20 pings a second, for ever, are answered."""
    for _ in range(600):
        bench.loop.pass_s(0.05)
        bench.receive(raw(9))
    assert bench.connection.is_open()
    assert len(bench.sent_frames()) == 600


def test_more_pings_are_not(bench: Bench) -> None:
    """25 pings a second end in a close frame 1008 within ten seconds."""
    for _ in range(250):
        bench.loop.pass_s(0.04)
        bench.receive(raw(9))
        if not bench.connection.is_open():
            break
    frames = bench.sent_frames()
    assert frames[-1][0] is Opcode.CLOSE and Close.parse(frames[-1][1]).code == 1008
    assert bench.loop.now < 1_011


def test_a_flood_is_stopped_inside_the_packet(bench: Bench) -> None:
    """Of 100,000 pings in one packet no more than the first slice is looked at."""
    bench.receive(raw(9) * 100_000)
    assert len(bench.sent_frames()) <= SLICE_BYTES // 2 + 1
    bench.loop.pass_s(2)
    assert "pings a second" in bench.end().cause


def test_a_big_packet_is_taken_in_slices(bench: Bench) -> None:
    """Between two slices of a packet everybody else has a turn, and nothing more is read."""
    bench.receive(raw(1, b"[]") * 3_000)
    first = len(bench.texts)
    assert 0 < first <= SLICE_BYTES // 4 and not bench.transport.reading
    bench.loop.pass_s(0)
    assert bench.transport.reading and len(bench.texts) == 3_000


def test_a_crowded_hall_holds_the_reading(bench: Bench) -> None:
    """While the listener is crowded it gets nothing more; afterwards it gets all of it, in order."""
    bench.is_crowded = True
    bench.receive(b"".join(raw(1, b"%d" % number) for number in range(1_000)))
    few = len(bench.texts)
    bench.loop.pass_s(60)
    assert len(bench.texts) == few < 1_000 and not bench.transport.reading
    bench.is_crowded = False
    bench.loop.pass_s(1)
    assert bench.texts == [str(number) for number in range(1_000)] and bench.transport.reading


def test_a_crowded_hall_is_no_dead_path(bench: Bench) -> None:
    """While we do not read, a missing pong is our own fault and drops nothing."""
    bench.is_crowded = True
    bench.receive(raw(1, b"[]"))
    bench.connection.keep_alive(5)
    bench.loop.pass_s(60)
    assert bench.connection.is_open()
    bench.is_crowded = False
    bench.connection.send('[2,"x","Heartbeat",{}]')
    bench.loop.pass_s(60)
    assert bench.connection.ended.done()


def test_a_slow_peer_gets_all_in_order(bench: Bench) -> None:
    """What is given while the peer takes nothing waits, and goes out in order when it takes again."""
    bench.connection.pause_writing()
    for text in "abc":
        assert bench.connection.send(text)
    assert bench.connection.waiting() == 3 and bench.connection.unsent() and bench.sent_frames() == []
    bench.connection.resume_writing()
    assert bench.sent_frames() == [(Opcode.TEXT, text.encode()) for text in "abc"]
    bench.loop.pass_s(60)
    assert bench.connection.is_open()


def test_the_backlog_is_bounded(bench: Bench) -> None:
    """One frame above the cap ends the connection; the frame is refused."""
    bench.connection.pause_writing()
    assert [bench.connection.send(text) for text in "abcd"] == [True, True, True, False]
    assert "3 frames wait" in bench.end().cause


def test_a_stalled_peer_is_gone(bench: Bench) -> None:
    """A peer that takes nothing for 30 s is dropped."""
    bench.connection.pause_writing()
    bench.loop.pass_s(29.9)
    assert bench.connection.is_open()
    bench.loop.pass_s(0.2)
    assert "accepted no data" in bench.end().cause


def test_a_closing_connection_has_a_deadline(bench: Bench) -> None:
    """After our close frame the server has 2 s; what it still sends is not read, and we send nothing."""
    bench.receive(raw(2, b"[]"))
    assert not bench.connection.is_open() and not bench.connection.send("[]") and not bench.connection.ended.done()
    bench.receive(raw(1, b"late"))
    bench.loop.pass_s(2)
    assert bench.transport.cut and bench.texts == []
    assert "binary frame" in bench.end().cause


def test_after_a_refused_frame_nothing_counts(bench: Bench) -> None:
    """What lies behind a refused frame in the same packet is not delivered, and the first refusal is the cause."""
    bench.receive(raw(2, b"[]") + raw(1, b"late") + raw(9) * 100)
    bench.loop.pass_s(2)
    assert bench.texts == [] and "binary frame" in bench.end().cause


def test_the_servers_close_has_the_same_deadline(bench: Bench) -> None:
    """A server that closes and keeps the socket is cut after 2 s; its code and reason are the cause."""
    bench.server.send_close(4001, "twin\x1b[31m")
    bench.receive()
    bench.loop.pass_s(2)
    assert bench.end().stage == "WebSocket"
    assert "4001 'twin\\x1b[31m'" in bench.end().cause


@pytest.mark.parametrize(
    ("error", "piece"),
    [(None, "without a close frame"), (ConnectionResetError(), "was reset"), (TimeoutError(), "accepted no data")],
)
def test_a_network_that_ends_it(bench: Bench, error: Exception | None, piece: str) -> None:
    """FIN, RST and the kernel's time-out are of stage TCP."""
    bench.connection.connection_lost(error)
    assert (bench.end().stage, piece in bench.end().cause) == ("TCP", True)


def test_fragments(bench: Bench) -> None:
    """Fragments make one text, also around a ping; too many of them make none."""
    bench.server.send_text(b"\xe2", fin=False)
    bench.server.send_ping(b"")
    bench.server.send_continuation(b"\x82\xac", fin=True)
    bench.receive()
    assert bench.texts == ["€"]
    bench.receive(b"\x01\x00" + b"\x00\x00" * 2_000)
    bench.loop.pass_s(2)
    assert "too many fragments" in bench.end().cause


def test_lone_surrogates_do_not_break_the_connection(bench: Bench) -> None:
    """A text that is no Unicode goes out with question marks instead of ending the station."""
    assert bench.connection.send("a\ud800b")
    assert bench.sent_frames() == [(Opcode.TEXT, b"a?b")]


def test_an_upgrade_that_fails() -> None:
    """No answer, no HTTP, a handshake that does not agree: HTTP up to the status line, WebSocket after it."""
    assert "without an answer" in not_opened(InvalidMessage("?"), None, b"").cause
    assert "without an answer" in not_opened(InvalidMessage("?"), ConnectionResetError(), b"HTTP").cause
    assert "but 'SSH-2.0'" in not_opened(InvalidMessage("?"), None, b"SSH-2.0\r\n").cause
    assert "but 'HTTP" in not_opened(SecurityError("line too long"), None, b"HTTP").cause
    assert not_opened(InvalidUpgrade("Upgrade", "h2c"), None, b"HTTP/1.1 101").stage == "WebSocket"


def test_close_codes() -> None:
    """A close frame comes first, then what broke the protocol; connections that come and go raise a question."""
    assert "against its rules" in close_hint(1008) and close_hint(4000) == "see its log"
    for flapping, piece in ((False, "against its rules"), (True, FLAPPING_HINT)):
        bench = Bench()
        bench.is_flapping = flapping
        bench.server.send_close(1008)
        bench.receive()
        bench.loop.pass_s(2)
        assert "1008: " in bench.end().cause and piece in bench.end().cause
        bench.loop.futures.close()


def test_a_broken_protocol(bench: Bench) -> None:
    """A violation of RFC 6455 ends the connection and is its cause."""
    bench.receive(b"\xf1\x00")
    bench.loop.pass_s(2)
    assert bench.end().stage == "WebSocket" and "reserved bits" in bench.end().cause


def test_two_tls_records_in_one_read_are_both_read() -> None:
    """asyncio reads the second record into a slice of the buffer: it must be no copy."""
    protocol, loop = client_protocol("wss://a.example/CP", LIMITS, {}), cast(asyncio.AbstractEventLoop, FakeLoop())
    connection = WebSocketConnection(protocol, cast(Any, None), LIMITS, loop)
    buffer = connection.get_buffer(-1)
    buffer[:3] = b"abc"
    buffer[3:][:3] = b"def"
    heard: list[bytes] = []
    connection.data_received = heard.append  # type: ignore[method-assign]
    connection.buffer_updated(6)
    assert heard == [b"abcdef"]
