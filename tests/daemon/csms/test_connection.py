"""The wire on a desk: a server's bytes, a transport that only remembers, and a clock that the test turns."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from websockets.frames import Close, Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from daemon.csms.backoff import Failed, LinkLimits
from daemon.csms.connection import SLICE_BYTES, WebSocketConnection
from daemon.csms.link import machine_of

LIMITS = LinkLimits(close_s=2, pong_s=10, stall_s=30, queue_frames=3)


class Turn:
    def __init__(self, then: Callable[[], object]) -> None:
        self.then: Callable[[], object] | None = then

    def cancel(self) -> None:
        self.then = None


class DeskLoop:
    """Time is a number; what is due is done when the test lets time pass."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.futures = asyncio.new_event_loop()
        self._due: list[tuple[float, int, Turn]] = []
        self._order = itertools.count()

    def time(self) -> float:
        return self.now

    def create_future(self) -> asyncio.Future[Any]:
        return self.futures.create_future()

    def call_later(self, seconds: float, then: Callable[[], object]) -> Turn:
        turn = Turn(then)
        heapq.heappush(self._due, (self.now + seconds, next(self._order), turn))
        return turn

    def pass_s(self, seconds: float) -> None:
        until = self.now + seconds
        while self._due and self._due[0][0] <= until:
            self.now, _, turn = heapq.heappop(self._due)
            if turn.then is not None:
                turn.then()
        self.now = until


class DeskTransport(asyncio.Transport):
    """Remembers what was written; `taken` is how much the other side takes."""

    def __init__(self, wire: WebSocketConnection) -> None:
        super().__init__()
        self.wire = wire
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
            self.wire.connection_lost(None)


class Desk:
    """A wire, open and idle, and the server's side of it."""

    def __init__(self) -> None:
        self.loop = DeskLoop()
        self.texts: list[str] = []
        self.opened = 0
        self.is_crowded = False
        machine = machine_of("ws://desk/ocpp/CP1", LIMITS, {"Authorization": "Basic x"})
        self.wire = WebSocketConnection(machine, self, LIMITS, cast(asyncio.AbstractEventLoop, self.loop))
        self.transport = DeskTransport(self.wire)
        self.wire.connection_made(self.transport)
        self.server = ServerProtocol(subprotocols=[cast(Any, "ocpp1.6")], max_size=None)
        (request,) = self.heard()
        assert isinstance(request, Request) and request.headers["Authorization"] == "Basic x"
        self.server.send_response(self.server.accept(request))
        self.says()

    def on_open(self, wire: WebSocketConnection) -> None:
        self.opened += 1

    def on_text(self, text: str) -> None:
        self.texts.append(text)

    def crowded(self) -> bool:
        return self.is_crowded

    def flapping(self) -> bool:
        return False

    def says(self, more: bytes = b"") -> None:
        """What the server has to say reaches the wire in one packet."""
        self.wire.data_received(b"".join(self.server.data_to_send()) + more)

    def heard(self) -> list[Any]:
        """What the wire wrote since, as the server's events."""
        for piece in self.transport.written:
            self.server.receive_data(piece)
        self.transport.written.clear()
        return list(self.server.events_received())

    def heard_frames(self) -> list[tuple[Opcode, bytes]]:
        return [(event.opcode, bytes(event.data)) for event in self.heard() if isinstance(event, Frame)]

    def end(self) -> Failed:
        assert self.wire.ended.done()
        return self.wire.ended.result()


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.loop.futures.close()


def raw(opcode: int, data: bytes = b"") -> bytes:
    return bytes([0x80 | opcode, len(data)]) + data


def test_open(desk: Desk) -> None:
    """The agreed handshake opens the wire once and leaves it reading."""
    assert (desk.opened, desk.wire.is_open(), desk.transport.reading) == (1, True, True)
    assert desk.wire.opened.result() is None


def test_texts_both_ways(desk: Desk) -> None:
    """One text is one masked frame out, one frame is one text in."""
    assert desk.wire.push("[2]")
    assert desk.heard_frames() == [(Opcode.TEXT, b"[2]")]
    desk.server.send_text(b"[3]")
    desk.says()
    assert desk.texts == ["[3]"]


def test_pings_at_the_interval(desk: Desk) -> None:
    """WebSocketPingInterval: a ping every interval while each gets its pong."""
    desk.wire.keep_alive(30)
    for turn in range(1, 4):
        desk.loop.pass_s(29)
        assert desk.heard_frames() == []
        desk.loop.pass_s(1)
        assert desk.heard_frames() == [(Opcode.PING, b"%d" % turn)]
        desk.says()
    assert desk.wire.is_open()


def test_no_pong_in_time(desk: Desk) -> None:
    """A pong absent for 10 s drops the connection: interval + 10 s after the path died."""
    desk.wire.keep_alive(30)
    desk.loop.pass_s(39.9)
    assert desk.wire.is_open()
    desk.loop.pass_s(0.2)
    assert (desk.end().stage, "no answer to our ping within 10 s" in desk.end().cause) == ("TCP", True)


def test_the_pong_is_due_within_a_short_interval(desk: Desk) -> None:
    """With an interval below 10 s the pong is due within the interval."""
    desk.wire.keep_alive(4)
    desk.loop.pass_s(8.1)
    assert "within 4 s" in desk.end().cause


def test_an_old_pong_does_not_count(desk: Desk) -> None:
    """Only the pong of the last ping proves that the path lives."""
    desk.wire.keep_alive(30)
    desk.loop.pass_s(30)
    desk.says(raw(10, b"0"))
    desk.loop.pass_s(10)
    assert desk.wire.ended.done()


@pytest.mark.parametrize(("interval_s", "due_s"), [(10, 0.0), (40, 20.0)])
def test_a_new_interval_counts_from_the_last_ping(desk: Desk, interval_s: int, due_s: float) -> None:
    """A changed interval counts at once: the next ping is due that long after the last one, or now."""
    desk.wire.keep_alive(30)
    desk.loop.pass_s(20)
    desk.wire.keep_alive(interval_s)
    desk.loop.pass_s(max(0.0, due_s - 0.1))
    assert bool(desk.heard_frames()) == (due_s == 0.0)
    desk.loop.pass_s(0.1)
    assert bool(desk.heard_frames()) == (due_s != 0.0)


def test_zero_means_no_pings(desk: Desk) -> None:
    """0: we do not ping, and an awaited pong is awaited no more; the server's pings are answered all the same."""
    desk.wire.keep_alive(30)
    desk.loop.pass_s(30)
    desk.wire.keep_alive(0)
    desk.heard_frames()
    desk.loop.pass_s(10_000)
    desk.says(raw(9, b"you?"))
    assert desk.heard_frames() == [(Opcode.PONG, b"you?")]


def test_twenty_pings_a_second_are_borne(desk: Desk) -> None:
    """20 pings a second, for ever, are answered."""
    for _ in range(600):
        desk.loop.pass_s(0.05)
        desk.says(raw(9))
    assert desk.wire.is_open()
    assert len(desk.heard_frames()) == 600


def test_more_pings_are_not(desk: Desk) -> None:
    """25 pings a second end in a close frame 1008 within ten seconds."""
    for _ in range(250):
        desk.loop.pass_s(0.04)
        desk.says(raw(9))
        if not desk.wire.is_open():
            break
    frames = desk.heard_frames()
    assert frames[-1][0] is Opcode.CLOSE and Close.parse(frames[-1][1]).code == 1008
    assert desk.loop.now < 1_011


def test_a_flood_is_stopped_inside_the_packet(desk: Desk) -> None:
    """Of 100,000 pings in one packet no more than the first slice is looked at."""
    desk.says(raw(9) * 100_000)
    assert len(desk.heard_frames()) <= SLICE_BYTES // 2 + 1
    desk.loop.pass_s(2)
    assert "pings a second" in desk.end().cause


def test_a_big_packet_is_taken_in_slices(desk: Desk) -> None:
    """Between two slices of a packet everybody else has a turn, and nothing more is read."""
    desk.says(raw(1, b"[]") * 3_000)
    first = len(desk.texts)
    assert 0 < first <= SLICE_BYTES // 4 and not desk.transport.reading
    desk.loop.pass_s(0)
    assert desk.transport.reading and len(desk.texts) == 3_000


def test_a_crowded_hall_holds_the_reading(desk: Desk) -> None:
    """While the hall is crowded nothing more comes to it; afterwards all of it does, in order."""
    desk.is_crowded = True
    desk.says(b"".join(raw(1, b"%d" % number) for number in range(1_000)))
    few = len(desk.texts)
    desk.loop.pass_s(60)
    assert len(desk.texts) == few < 1_000 and not desk.transport.reading
    desk.is_crowded = False
    desk.loop.pass_s(1)
    assert desk.texts == [str(number) for number in range(1_000)] and desk.transport.reading


def test_a_crowded_hall_is_no_dead_path(desk: Desk) -> None:
    """While we do not read, a missing pong is our own fault and drops nothing."""
    desk.is_crowded = True
    desk.says(raw(1, b"[]"))
    desk.wire.keep_alive(5)
    desk.loop.pass_s(60)
    assert desk.wire.is_open()
    desk.is_crowded = False
    desk.loop.pass_s(60)
    assert desk.wire.ended.done()


def test_a_slow_peer_gets_all_in_order(desk: Desk) -> None:
    """What is given while the peer takes nothing waits, and goes out in order when it takes again."""
    desk.wire.pause_writing()
    for text in "abc":
        assert desk.wire.push(text)
    assert desk.wire.waiting() == 3 and desk.wire.unsent() and desk.heard_frames() == []
    desk.wire.resume_writing()
    assert desk.heard_frames() == [(Opcode.TEXT, text.encode()) for text in "abc"]
    desk.loop.pass_s(60)
    assert desk.wire.is_open()


def test_the_backlog_is_bounded(desk: Desk) -> None:
    """One frame above the cap ends the connection; the frame is refused."""
    desk.wire.pause_writing()
    assert [desk.wire.push(text) for text in "abcd"] == [True, True, True, False]
    assert "3 frames wait" in desk.end().cause


def test_a_stalled_peer_is_gone(desk: Desk) -> None:
    """A peer that takes nothing for 30 s is dropped."""
    desk.wire.pause_writing()
    desk.loop.pass_s(29.9)
    assert desk.wire.is_open()
    desk.loop.pass_s(0.2)
    assert "took nothing" in desk.end().cause


def test_a_closing_connection_has_a_deadline(desk: Desk) -> None:
    """After our close frame the server has 2 s; what it still says is not read, what we would say is refused."""
    desk.says(raw(2, b"[]"))
    assert not desk.wire.is_open() and not desk.wire.push("[]") and not desk.wire.ended.done()
    desk.says(raw(1, b"late"))
    desk.loop.pass_s(2)
    assert desk.transport.cut and desk.texts == []
    assert "binary frame" in desk.end().cause


def test_after_a_refused_frame_nothing_counts(desk: Desk) -> None:
    """What lies behind a refused frame in the same packet is not delivered, and the first refusal is the cause."""
    desk.says(raw(2, b"[]") + raw(1, b"late") + raw(9) * 100)
    desk.loop.pass_s(2)
    assert desk.texts == [] and "binary frame" in desk.end().cause


def test_the_servers_close_has_the_same_deadline(desk: Desk) -> None:
    """A server that closes and keeps the socket is cut after 2 s; its code and reason are the cause."""
    desk.server.send_close(4001, "twin\x1b[31m")
    desk.says()
    desk.loop.pass_s(2)
    assert desk.end().stage == "WebSocket"
    assert "4001 'twin\\x1b[31m'" in desk.end().cause


@pytest.mark.parametrize(
    ("error", "piece"),
    [(None, "without a close frame"), (ConnectionResetError(), "was reset"), (TimeoutError(), "took")],
)
def test_a_network_that_ends_it(desk: Desk, error: Exception | None, piece: str) -> None:
    """FIN, RST and the kernel's time-out are of stage TCP."""
    desk.wire.connection_lost(error)
    assert (desk.end().stage, piece in desk.end().cause) == ("TCP", True)


def test_fragments(desk: Desk) -> None:
    """Fragments make one text, also around a ping; too many of them make none."""
    desk.server.send_text(b"\xe2", fin=False)
    desk.server.send_ping(b"")
    desk.server.send_continuation(b"\x82\xac", fin=True)
    desk.says()
    assert desk.texts == ["€"]
    desk.says(b"\x01\x00" + b"\x00\x00" * 2_000)
    desk.loop.pass_s(2)
    assert "too many fragments" in desk.end().cause


def test_lone_surrogates_do_not_break_the_wire(desk: Desk) -> None:
    """A text that is no Unicode goes out with question marks instead of ending the station."""
    assert desk.wire.push("a\ud800b")
    assert desk.heard_frames() == [(Opcode.TEXT, b"a?b")]
