"""The link against servers that misbehave on purpose: raw sockets, real time; each vice has its stage and its bound."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import resource
import socket
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from daemon.csms.limits import ConnectionLimits
from daemon.csms.link import CentralSystemLink
from ocpp16.events import Event, FrameReceived, LinkDown, LinkQuiet, LinkUp, SecuritySeen
from ocpp16.step import Link

QUICK = ConnectionLimits(
    open_s=0.7,
    close_s=0.3,
    silence_s=0.4,
    probe_s=0.1,
    stall_s=0.6,
    first_retry_s=0.05,
    reconnect_max_s=0.2,
    queue_frames=50,
)
MARGIN_S = 1.0
"""What a loaded machine may add."""

Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter
Script = Callable[[Reader, Writer], Awaitable[None]]


# --- the bench ------------------------------------------------------------------------------------------------------


class Station:
    """A link and what it delivered, with times."""

    def __init__(self, url: str, limits: ConnectionLimits = QUICK, ping_interval_s: int = 0) -> None:
        self.events: list[Event] = []
        self.logged: list[tuple[str, dict[str, object]]] = []
        self.crowded = False
        self._news = asyncio.Event()
        self.link = CentralSystemLink(
            url,
            "CP 1",
            7,
            self._deliver,
            limits,
            lambda *line: self.logged.append(line),
            hall_crowded=lambda: self.crowded,
        )
        self.link.want(Link(connected=True, ping_interval_s=ping_interval_s))
        self.began = time.monotonic()
        self.task = asyncio.ensure_future(self.link.run())

    def _deliver(self, event: Event) -> None:
        if isinstance(event, LinkQuiet):  # as the contract machine does
            self.link.send('[2,"x","Heartbeat",{}]')
            return
        self.events.append(event)
        self._news.set()

    async def until(self, kind: type[Event], count: int = 1, within_s: float = 5.0) -> Event:
        """The count-th event of the kind."""
        async with asyncio.timeout(within_s):
            while True:
                found = [event for event in self.events if isinstance(event, kind)]
                if len(found) >= count:
                    return found[count - 1]
                assert not self.task.done(), self.task
                self._news.clear()
                await self._news.wait()

    async def down(self, within_s: float) -> LinkDown:
        event = await self.until(LinkDown, within_s=within_s + MARGIN_S)
        assert isinstance(event, LinkDown)
        return event

    async def end(self) -> float:
        began = time.monotonic()
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task
        return time.monotonic() - began


class Server:
    """Plays one script per connection; the last one again and again."""

    def __init__(self, *scripts: Script) -> None:
        self.scripts = list(scripts)
        self.tasks: set[asyncio.Task[None]] = set()
        self.connections = 0

    async def __call__(self, reader: Reader, writer: Writer) -> None:
        self.connections += 1
        script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        try:
            await script(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def bench(
    *scripts: Script, limits: ConnectionLimits = QUICK, ping_interval_s: int = 0, rcvbuf: int = 0
) -> AsyncIterator[tuple[Station, Server]]:
    """A server on loopback and a station that dials it."""
    listening = socket.create_server(("127.0.0.1", 0))
    if rcvbuf:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
    play = Server(*scripts)
    server = await asyncio.start_server(play, sock=listening, limit=2**20)
    station = Station(f"ws://127.0.0.1:{listening.getsockname()[1]}/ocpp", limits, ping_interval_s)
    try:
        yield station, play
    finally:
        await station.end()
        await play.close()
        server.close()


async def request_of(reader: Reader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")


def answer(request: bytes, protocol: bytes | None = b"ocpp1.6", key: bytes | None = None, more: bytes = b"") -> bytes:
    (sent,) = (line[19:] for line in request.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key: "))
    accept = base64.b64encode(hashlib.sha1((key or sent) + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    chosen = b"Sec-WebSocket-Protocol: " + protocol + b"\r\n" if protocol is not None else b""
    head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    return head + b"Sec-WebSocket-Accept: " + accept + b"\r\n" + chosen + more + b"\r\n"


def frame(opcode: int, data: bytes = b"", first: int = 0x80, masked: bool = False) -> bytes:
    """An unmasked server frame; `first` holds FIN and the reserved bits."""
    mask = 0x80 if masked else 0
    size = len(data)
    if size < 126:
        head = struct.pack("!BB", first | opcode, mask | size)
    elif size < 65_536:
        head = struct.pack("!BBH", first | opcode, mask | 126, size)
    else:
        head = struct.pack("!BBQ", first | opcode, mask | 127, size)
    return head + (b"\0\0\0\0" if masked else b"") + data


async def read_frame(reader: Reader) -> tuple[int, bytes]:
    """The station's next frame, unmasked."""
    first, second = await reader.readexactly(2)
    size = second & 0x7F
    if size == 126:
        (size,) = struct.unpack("!H", await reader.readexactly(2))
    elif size == 127:
        (size,) = struct.unpack("!Q", await reader.readexactly(8))
    assert second & 0x80, "a client must mask"
    key = await reader.readexactly(4)
    data = await reader.readexactly(size)
    mask = (key * (size // 4 + 1))[:size]
    return first & 0x0F, (int.from_bytes(data, "big") ^ int.from_bytes(mask, "big")).to_bytes(size, "big")


# --- scripts --------------------------------------------------------------------------------------------------------


async def silence(reader: Reader, writer: Writer) -> None:
    await asyncio.sleep(60)


def says(data: bytes, then_close: bool = False) -> Script:
    """Reads the request, answers with these bytes, then says nothing more."""

    async def script(reader: Reader, writer: Writer) -> None:
        await request_of(reader)
        writer.write(data)
        await writer.drain()
        if not then_close:
            await silence(reader, writer)

    return script


def http(status: bytes, more: bytes = b"") -> Script:
    return says(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n" + more + b"\r\n")


async def slow_header(reader: Reader, writer: Writer) -> None:
    for octet in b"HTTP/1.1 101 Switching Protocols\r\n" * 9:
        writer.write(bytes([octet]))
        await writer.drain()
        await asyncio.sleep(0.05)


async def endless_headers(reader: Reader, writer: Writer) -> None:
    writer.write(b"HTTP/1.1 101 Switching Protocols\r\n")
    while True:
        writer.write(b"X-More: and more\r\n" * 100)
        await writer.drain()


def upgrades(**kind: bytes | None) -> Script:
    async def script(reader: Reader, writer: Writer) -> None:
        writer.write(answer(await request_of(reader), **kind))  # type: ignore[arg-type]
        await writer.drain()
        await silence(reader, writer)

    return script


def opens(*data: bytes, then: Script = silence) -> Script:
    """Agrees, sends these bytes, then goes on as told."""

    async def script(reader: Reader, writer: Writer) -> None:
        writer.write(answer(await request_of(reader)))
        for piece in data:
            writer.write(piece)
        await writer.drain()
        await then(reader, writer)

    return script


async def reset(reader: Reader, writer: Writer) -> None:
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    await asyncio.sleep(0.05)
    writer.transport.abort()


async def fin(reader: Reader, writer: Writer) -> None:
    writer.close()


async def pongs(reader: Reader, writer: Writer) -> None:
    while True:
        opcode, data = await read_frame(reader)
        if opcode == 9:
            writer.write(frame(10, data))


def echo(reader: Reader, writer: Writer) -> Awaitable[None]:
    return _echo(reader, writer)


async def _echo(reader: Reader, writer: Writer) -> None:
    while True:
        opcode, data = await read_frame(reader)
        if opcode == 8:
            writer.write(frame(8, data))
            return
        writer.write(frame(10 if opcode == 9 else opcode, data))


# --- no connection --------------------------------------------------------------------------------------------------

FOREIGN = b"Location: ws://elsewhere.example/\r\n"

ATTEMPTS: dict[str, tuple[Script, str, str, float]] = {
    "silence": (silence, "HTTP", "did not complete its answer to our request within 0.7 s", 0.7),
    "slow header": (slow_header, "HTTP", "'HTTP/1.1 101", 0.7),
    "endless headers": (endless_headers, "HTTP", "no HTTP answer", 0.7),
    "200": (http(b"200 OK"), "HTTP", "answers 200 'OK': an ordinary web page", 0),
    "401": (http(b"401 Unauthorized"), "HTTP", "refuses our credentials", 0),
    "403": (http(b"403 Forbidden"), "HTTP", "forbids this station", 0),
    "404": (http(b"404 Not Found"), "HTTP", "does not know this path or identity", 0),
    "429": (http(b"429 Slow down", b"Retry-After: 7\r\n"), "HTTP", "too many requests", 0),
    "500": (http(b"500 Oops"), "HTTP", "out of order", 0),
    "503": (http(b"503 Away"), "HTTP", "answers 503 'Away'", 0),
    "301 same origin": (http(b"301 Moved", b"Location: /other\r\n"), "HTTP", "go to '/other': redirects are not", 0),
    "302 other origin": (http(b"302 Found", FOREIGN), "HTTP", "go to 'ws://elsewhere.example/'", 0),
    "307 to http": (http(b"307 Temporary", b"Location: http://x.example/\r\n"), "HTTP", "http://x.example/", 0),
    "two locations": (http(b"302 Found", FOREIGN + FOREIGN), "HTTP", "ws://elsewhere.example/, ws", 0),
    "401 without end": (says(b"HTTP/1.1 401 Unauthorized\r\n\r\n"), "HTTP", "'HTTP/1.1 401 Unauthorized'", 0.7),
    "not HTTP": (says(b"SSH-2.0-OpenSSH_9.2\r\n"), "HTTP", "'SSH-2.0-OpenSSH_9.2'", 0),
    "HTTP/1.0": (says(b"HTTP/1.0 503 Away\r\n\r\n"), "HTTP", "'HTTP/1.0 503 Away'", 0),
    "FIN at once": (says(b"", then_close=True), "HTTP", "without an answer", 0),
    "RST at once": (reset, "HTTP", "without an answer", 0),
    "no subprotocol": (upgrades(protocol=None), "WebSocket", "chose no subprotocol", 0.3),
    "other subprotocol": (upgrades(protocol=b"ocpp2.0.1"), "WebSocket", "ocpp2.0.1", 0),
    "subprotocol in capitals": (upgrades(protocol=b"OCPP1.6"), "WebSocket", "OCPP1.6", 0),
    "wrong accept key": (upgrades(key=b"x"), "WebSocket", "Sec-WebSocket-Accept", 0),
    "compression": (upgrades(more=b"Sec-WebSocket-Extensions: permessage-deflate\r\n"), "WebSocket", "extension", 0),
    "forged line": (http(b"401 \x1b[2J\x07oops"), "HTTP", "no HTTP answer but 'HTTP/1.1 401 \\x1b[2J\\x07oops'", 0),
}


@pytest.mark.parametrize("name", ATTEMPTS)
async def test_an_attempt_that_fails(name: str) -> None:
    """Each vice of a server that lets us not in is one LinkDown of its stage, one printable line, in bounded time."""
    script, stage, piece, due_s = ATTEMPTS[name]
    async with bench(script) as (station, _):
        down = await station.down(due_s)
        assert (down.stage, piece in down.cause) == (stage, True), down
        assert down.cause.isascii() and down.cause.isprintable() and len(down.cause) <= 200
        assert not [event for event in station.events if isinstance(event, LinkUp)]
        assert ("link-failed", stage) in [(code, fields.get("stage")) for code, fields in station.logged]


async def test_refused() -> None:
    """Nobody listens: TCP, at once, and tried again for ever."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    station = Station(f"ws://127.0.0.1:{port}")
    down = await station.down(0)
    assert down == LinkDown("TCP", f"127.0.0.1 port {port} refuses the connection: nothing listens there, or a "
                            "firewall refuses; check the port", 0.0, "tcp-refused")  # fmt: skip
    await station.until(LinkDown, count=4)
    await station.end()


async def test_syn_dropped() -> None:
    """A host that drops our SYN: TCP, when the time for opening is over."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(0)
    full = [socket.socket() for _ in range(3)]
    for sock in full:
        sock.setblocking(False)
        sock.connect_ex(listening.getsockname())
    station = Station(f"ws://127.0.0.1:{listening.getsockname()[1]}")
    down = await station.down(QUICK.open_s)
    await station.end()
    for sock in (*full, listening):
        sock.close()
    assert down.stage == "TCP" and "within 0.7 s" in down.cause


@pytest.mark.parametrize("host", ["no-such-host.invalid", "x" * 64 + ".example"])
async def test_no_such_name(host: str) -> None:
    """A name that does not resolve, or not in time: DNS."""
    station = Station(f"ws://{host}:9")
    down = await station.down(QUICK.open_s)
    await station.end()
    assert down.stage == "DNS", down


async def test_retry_after_is_honoured() -> None:
    """429 with Retry-After: no second try before the ceiling of the back-off is over."""
    script = http(b"429 Too Many", b"Retry-After: 3600\r\n")
    async with bench(script, limits=ConnectionLimits(first_retry_s=0.01, reconnect_max_s=0.5)) as (station, server):
        await station.down(0)
        await asyncio.sleep(0.4)
        assert server.connections == 1
        await station.until(LinkDown, count=2)


async def test_a_given_up_attempt_leaves_no_socket() -> None:
    """When the time for opening is over, the server sees the connection end."""
    seen: list[bytes] = []

    async def listen(reader: Reader, writer: Writer) -> None:
        await request_of(reader)
        try:
            seen.append(await reader.read())
        except ConnectionResetError:
            seen.append(b"")

    async with bench(listen) as (station, _):
        await station.down(QUICK.open_s)
        await asyncio.sleep(0.05)
        assert seen == [b""]


async def test_another_epoch_waits_for_nothing() -> None:
    """A long back-off is cut short by the wish for another connection."""
    limits = ConnectionLimits()
    async with bench(http(b"503 Away", b"Retry-After: 200\r\n"), limits=limits) as (station, _):
        await station.down(0)
        assert station.link.state["next_attempt_s"] >= 199
        station.link.want(Link(connected=True, epoch=1))
        await station.until(LinkDown, count=2, within_s=limits.first_retry_s + MARGIN_S)


async def test_twins() -> None:
    """A server that throws us out again and again is asked the right question."""
    async with bench(opens(frame(8, b"\x03\xf0"), then=fin)) as (station, _):
        last = await station.until(LinkDown, count=4)
        assert isinstance(last, LinkDown) and "does another station use this identity?" in last.cause


# --- an open connection ---------------------------------------------------------------------------------------------

BIG = 65_536
ENDS: dict[str, tuple[Script, str, str, float]] = {
    "RST": (opens(then=reset), "TCP", "was reset", 0),
    "FIN": (opens(then=fin), "TCP", "without a close frame", 0),
    "64 KiB + 1": (opens(frame(1, b"x" * (BIG + 1))), "WebSocket", "65537 bytes", 0.3),
    "a header claiming 2^62": (opens(b"\x81\x7f" + struct.pack("!Q", 2**62)), "WebSocket", str(2**62), 0.3),
    "64 KiB + 1 in fragments": (opens(frame(1, b"x" * BIG, 0), frame(0, b"x")), "WebSocket", "bytes", 0.3),
    "empty continuations": (opens(frame(1, b"[", 0), frame(0, b"", 0) * 20_000), "WebSocket", "fragments", 0.3),
    "deflate bit": (opens(frame(1, b"[]", 0xC0)), "WebSocket", "reserved bits", 0.3),
    "reserved bit 2": (opens(frame(1, b"[]", 0xA0)), "WebSocket", "reserved bits", 0.3),
    "reserved opcode": (opens(frame(3, b"[]")), "WebSocket", "invalid opcode", 0.3),
    "no UTF-8": (opens(frame(1, b"\xff\xfe")), "WebSocket", "not UTF-8", 0.3),
    "binary": (opens(frame(2, b"[]")), "WebSocket", "binary frame", 0.3),
    "binary in fragments": (opens(frame(2, b"[", 0)), "WebSocket", "binary frame", 0.3),
    "masked": (opens(frame(1, b"[]", masked=True)), "WebSocket", "masking", 0.3),
    "control frame too long": (opens(frame(9, b"x" * 126)), "WebSocket", "too long", 0.3),
    "continuation of nothing": (opens(frame(0, b"x")), "WebSocket", "continuation", 0.3),
    "close 1000": (opens(frame(8, b"\x03\xe8")), "WebSocket", "closed with 1000", 0.3),
    "close without a code": (opens(frame(8)), "WebSocket", "closed with 1005", 0.3),
    "close 1001": (opens(frame(8, b"\x03\xe9bye"), then=fin), "WebSocket", "closed with 1001 'bye'", 0.3),
    "close 1008": (opens(frame(8, b"\x03\xf0")), "WebSocket", "against its rules", 0.3),
    "close 1012": (opens(frame(8, b"\x03\xf4")), "WebSocket", "1012", 0.3),
    "close 4000": (opens(frame(8, b"\x0f\xa0a\nforged line")), "WebSocket", "4000 'a\\nforged line'", 0.3),
    "close 999": (opens(frame(8, b"\x03\xe7")), "WebSocket", "invalid status code", 0.3),
    "ping flood": (opens(frame(9) * 50_000), "WebSocket", "more than 20 pings a second", 0.3),
    "pong flood": (opens(frame(10) * 50_000), "WebSocket", "more than 20 pings a second", 0.3),
}


@pytest.mark.parametrize("name", ENDS)
async def test_a_connection_that_ends(name: str) -> None:
    """Each vice on an open connection ends it, with stage and cause, in bounded time; then we dial again."""
    script, stage, piece, due_s = ENDS[name]
    async with bench(script, opens(then=echo)) as (station, _):
        await station.until(LinkUp)
        down = await station.down(due_s)
        assert (down.stage, piece in down.cause) == (stage, True), down
        assert down.cause.isascii() and down.cause.isprintable() and len(down.cause) <= 200
        await station.until(LinkUp, count=2)
        assert [e for e in station.events if isinstance(e, FrameReceived)] == []


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(2, b"[]"), 1003),
        (frame(1, b"\xff"), 1007),
        (frame(9) * 100, 1008),
        (frame(1, b"x" * (BIG + 1)), 1009),
        (frame(1, b"[]", 0xC0), 1002),
    ],
)
async def test_the_server_is_told_why(data: bytes, code: int) -> None:
    """A refused frame is answered by a close frame with RFC 6455's code, and few pongs before it."""
    got: list[tuple[int, bytes]] = []

    async def listen(reader: Reader, writer: Writer) -> None:
        while not got or got[-1][0] != 8:
            got.append(await read_frame(reader))

    async with bench(opens(data, then=listen), opens()) as (station, _):
        await station.down(0.3)
    assert got[-1][0] == 8 and struct.unpack("!H", got[-1][1][:2]) == (code,)
    assert len(got) < 1_100


async def test_an_agreed_subprotocol_is_a_condition() -> None:
    """J §3.1.2: a 101 without ocpp1.6 is closed by us, before anything is said."""
    got: list[tuple[int, bytes]] = []

    async def listen(reader: Reader, writer: Writer) -> None:
        writer.write(answer(await request_of(reader), protocol=None))
        got.append(await read_frame(reader))

    async with bench(listen) as (station, _):
        await station.down(0.3)
        assert not station.link.send("[]")
    assert got[0][0] == 8


async def test_the_request() -> None:
    """The bytes of the upgrade: path kept, identity percent-encoded once, ocpp1.6 alone, no compression, no origin."""
    seen: list[bytes] = []

    async def listen(reader: Reader, writer: Writer) -> None:
        seen.append(await request_of(reader))

    async with bench(listen) as (station, _):
        await station.down(0)
    line, *headers = seen[0].decode().split("\r\n")
    fields = dict(header.split(": ", 1) for header in headers if header)
    assert line == "GET /ocpp/CP%201 HTTP/1.1"
    assert fields["Sec-WebSocket-Protocol"] == "ocpp1.6"
    assert set(fields) == {
        "Host", "Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Protocol",
        "User-Agent",
    }  # fmt: skip


# --- alive, dead, slow ----------------------------------------------------------------------------------------------


async def test_pings_go_out_and_pongs_keep_the_link() -> None:
    """WebSocketPingInterval: with pongs the connection lives on."""
    async with bench(opens(then=pongs), ping_interval_s=1) as (station, _):
        await station.until(LinkUp)
        await asyncio.sleep(2.5)
        assert len(station.events) == 1
        assert station.link.state["received_age_s"] < 1.5


async def test_half_open() -> None:
    """A peer that says nothing more is noticed within the ping interval and the time of a proof."""
    async with bench(opens(), opens(then=pongs), ping_interval_s=1) as (station, _):
        await station.until(LinkUp)
        down = await station.down(1 + 0.6)
        assert (down.stage, "nothing received for 1." in down.cause) == ("TCP", True)
        await station.until(LinkUp, count=2)


async def test_point_3_any_frame_is_life() -> None:
    """Data and unasked pongs stand in for the pong: a back-office that answers no pings is alive."""

    async def chatter(reader: Reader, writer: Writer) -> None:
        for _ in range(8):
            writer.write(frame(10, b"no") + frame(1, b"[]"))
            await asyncio.sleep(0.5)

    async with bench(opens(then=chatter), ping_interval_s=1) as (station, _):
        await asyncio.sleep(3.5)
        assert [event for event in station.events if isinstance(event, LinkDown)] == []


async def test_point_3_our_own_cuts_are_no_flapping() -> None:
    """A server that hangs after each upgrade is cut again and again, and not taken for a second station."""
    async with bench(opens(), opens(), opens(), opens(frame(8, b"\x03\xf0"), then=fin), ping_interval_s=1) as (
        station,
        _,
    ):
        last = await station.until(LinkDown, count=4, within_s=12.0)
        assert isinstance(last, LinkDown) and "closed with 1008" in last.cause
        assert "another station" not in last.cause


async def test_o1_three_connections_that_the_peer_ends_are_a_security_event() -> None:
    """The third in a row, and each further one; two are none."""
    ends = opens(frame(8, b"\x03\xf0"), then=fin)
    async with bench(ends) as (station, _):
        await station.until(LinkDown, count=2)
        assert not any(isinstance(event, SecuritySeen) for event in station.events)
        seen = await station.until(SecuritySeen, within_s=5.0)
        assert isinstance(seen, SecuritySeen) and seen.event == "SecondConnectionSuspected"


@pytest.mark.parametrize("words", ["Unknown charge point: CP 1", '{"error":"no tenant"}', '"not here"'])
async def test_point_6_a_sentence_before_the_end_is_its_reason(words: str) -> None:
    """Some servers say in a plain text what is wrong, and close with a bare 1008, or with nothing."""
    close = frame(1, words.encode()) + frame(8, b"\x03\xf0")
    async with bench(opens(close, then=fin), opens(frame(1, words.encode()), then=fin)) as (station, _):
        first, second = await station.until(LinkDown), await station.until(LinkDown, count=2)
        assert isinstance(first, LinkDown) and isinstance(second, LinkDown)
        assert f"closed with 1008 '{words}'" in first.cause
        assert f"after '{words}'" in second.cause


async def test_a_new_ping_interval_counts_at_once() -> None:
    """Changed from never to 1 s on an open connection, the dead peer is noticed as if it had always been so."""
    async with bench(opens()) as (station, _):
        await station.until(LinkUp)
        await asyncio.sleep(1.0)
        assert len(station.events) == 1
        station.link.want(Link(connected=True, ping_interval_s=1))
        await station.down(0.6)


async def test_server_pings_are_answered() -> None:
    """A ping of the server comes back as a pong with its data, also at the allowed rate for a while."""
    got: list[tuple[int, bytes]] = []

    async def ask(reader: Reader, writer: Writer) -> None:
        for number in range(40):
            writer.write(frame(9, b"%d" % number))
            got.append(await read_frame(reader))
        await silence(reader, writer)

    async with bench(opens(then=ask)) as (station, _):
        await station.until(LinkUp)
        await asyncio.sleep(0.3)
        assert [e for e in station.events if isinstance(e, LinkDown)] == []
    assert got == [(10, b"%d" % number) for number in range(40)]


async def test_a_slow_reader_never_blocks_the_hall() -> None:
    """A zero window: `send` returns at once, the backlog is bounded, and one frame more ends the connection."""
    async with bench(opens(), rcvbuf=4_096) as (station, _):
        await station.until(LinkUp)
        began = time.monotonic()
        sent = 0
        while station.link.send("x" * 60_000):
            sent += 1
            assert sent < 1_000
        assert time.monotonic() - began < 2.0
        assert station.link.state["waiting_frames"] == QUICK.queue_frames
        down = await station.down(0)
        assert (down.stage, "50 frames wait" in down.cause) == ("TCP", True)
        assert station.logged[-1][0] in ("link-frame-dropped", "link-down")


async def test_a_stalled_peer_is_dropped() -> None:
    """A peer that takes nothing for `stall_s` is gone, also below the cap of the backlog."""
    async with bench(opens(), rcvbuf=4_096) as (station, _):
        await station.until(LinkUp)
        while not station.link.state["waiting_frames"]:
            assert station.link.send("x" * 60_000)
        assert not await station.link.flush(0.05)
        down = await station.down(QUICK.stall_s)
        assert (down.stage, "accepted no data" in down.cause) == ("TCP", True)


async def test_a_slow_reader_that_recovers_gets_everything_in_order() -> None:
    """What waited goes out in order when the peer reads again."""
    got: list[bytes] = []

    async def late(reader: Reader, writer: Writer) -> None:
        await asyncio.sleep(0.3)
        while (text := await read_frame(reader))[0] == 1:
            got.append(text[1][:6])

    limits = ConnectionLimits(queue_frames=50, stall_s=10, close_s=0.3)
    async with bench(opens(then=late), limits=limits, rcvbuf=4_096) as (station, _):
        await station.until(LinkUp)
        count = 0
        while station.link.state["waiting_frames"] < 10:
            station.link.send(f"{count:06}" + "x" * 60_000)
            count += 1
        assert await station.link.flush(10)
        async with asyncio.timeout(10):
            while len(got) < count:
                await asyncio.sleep(0.05)
    assert got == [b"%06d" % number for number in range(count)]


async def test_a_flood_of_texts_leaves_the_hall_its_turns() -> None:
    """10,000 tiny messages arrive whole and in order, a crowded hall holds them back, the loop goes on."""
    flood = b"".join(frame(1, b"%d" % number) for number in range(10_000))
    limits = ConnectionLimits(orders_burst=10_000, writes_burst=10_000)
    async with bench(opens(flood, then=pongs), limits=limits, ping_interval_s=1) as (station, _):
        await station.until(LinkUp)
        worst, most, taken = 0.0, 0, []
        while len(taken) < 10_000:
            before = time.monotonic()
            await asyncio.sleep(0.002)
            worst = max(worst, time.monotonic() - before)
            texts = [event.text for event in station.events if isinstance(event, FrameReceived)]
            most = max(most, len(texts))
            station.crowded = not station.crowded and len(texts) > 100
            if not station.crowded:
                taken += texts
                station.events.clear()
            assert not station.task.done()
        assert taken == [str(number) for number in range(10_000)]
        assert most < 3_000 and worst < 0.5


async def test_a_ping_flood_costs_little() -> None:
    """A server that floods us for two seconds gets no more of the processor than its 1008 every time."""

    async def flood(reader: Reader, writer: Writer) -> None:
        while True:
            writer.write(frame(9) * 5_000)
            await writer.drain()

    limits = ConnectionLimits(close_s=0.3)
    async with bench(opens(then=flood), limits=limits) as (station, _):
        await station.until(LinkUp)
        usage = resource.getrusage(resource.RUSAGE_SELF)
        down = await station.down(0.3)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - usage.ru_maxrss
    assert "pings a second" in down.cause
    assert memory < 16 * 1024


# --- the life of a link ---------------------------------------------------------------------------------------------


async def test_texts_go_both_ways() -> None:
    """Frames go out and come in as they are, also above 64 KiB outwards and in fragments inwards."""
    async with bench(opens(frame(1, b"\xe2\x82", 0), frame(9), frame(0, b"\xac"), then=echo)) as (station, _):
        await station.until(LinkUp)
        assert station.link.send("[2,ü]")
        await station.until(FrameReceived, count=2)
        assert [e.text for e in station.events if isinstance(e, FrameReceived)] == ["€", "[2,ü]"]
        assert await station.link.flush(1)


async def test_a_lost_connection_is_tried_again_within_a_second() -> None:
    """With the limits of the product: from the loss to the next connection at most 1.5 s."""
    async with bench(opens(then=fin), opens(then=echo), limits=ConnectionLimits()) as (station, _):
        await station.until(LinkDown)
        lost = time.monotonic()
        await station.until(LinkUp, count=2)
        assert time.monotonic() - lost <= 1.5


async def test_the_level_rules() -> None:
    """Not wanted: closed and silent.  Another epoch: closed and dialled anew.  Each time with a LinkDown in between."""
    async with bench(opens(then=echo)) as (station, server):
        await station.until(LinkUp)
        station.link.want(Link(connected=True, epoch=1))
        await station.until(LinkUp, count=2)
        station.link.want(Link(connected=False, epoch=1))
        await station.until(LinkDown, count=2)
        assert not station.link.send("[]")
        assert station.logged[-1] == ("link-frame-dropped", {"chars": 2, "dropped": 1})
        await asyncio.sleep(0.3)
        assert server.connections == 2
        station.link.want(Link(connected=True, epoch=1))
        await station.until(LinkUp, count=3)
        assert [type(event) for event in station.events] == [LinkUp, LinkDown] * 2 + [LinkUp]
        assert station.events[1] == LinkDown("", "closed by ourselves", 0.0, "closed-by-station")


async def test_not_wanted_while_dialling() -> None:
    """A dial that nobody wants any more is given up at once and makes no event."""
    async with bench(silence) as (station, server):
        await asyncio.sleep(0.1)
        station.link.want(Link(connected=False))
        await asyncio.sleep(0.2)
        assert (server.connections, station.events) == (1, [])
        assert station.link.state["next_attempt_s"] is None


async def test_an_end_in_good_order() -> None:
    """Cancelled, the link says 1001 after its last word and is gone as soon as the server agrees."""
    got: list[tuple[int, bytes]] = []

    async def listen(reader: Reader, writer: Writer) -> None:
        while not got or got[-1][0] != 8:
            got.append(await read_frame(reader))
        writer.write(frame(8, got[-1][1]))

    async with bench(opens(then=listen)) as (station, _):
        await station.until(LinkUp)
        station.link.send("last word")
        assert await station.link.flush(1)
        assert await station.end() < 0.25
    assert got == [(1, b"last word"), (8, b"\x03\xe9")]


async def test_an_end_against_a_deaf_server() -> None:
    """Cancelled, the link waits no longer than `close_s` for a server that does not answer."""
    async with bench(opens()) as (station, _):
        await station.until(LinkUp)
        assert await station.end() < QUICK.close_s + MARGIN_S


async def test_the_state_tells_ages() -> None:
    """`state` names since when, the age of the last byte, the last failure and the next try; all of it JSON."""
    async with bench(http(b"503 Away"), opens(then=echo)) as (station, _):
        await station.down(0)
        state = station.link.state
        assert (state["connected"], state["last_failure"]["stage"]) == (False, "HTTP")
        assert 0 <= state["next_attempt_s"] <= 0.1
        await station.until(LinkUp)
        state = station.link.state
        assert state["connected"] and 0 <= state["received_age_s"] <= 1 and state["next_attempt_s"] is None


async def test_frames_beside_the_handshake_are_not_lost() -> None:
    """A frame in the very packet of the 101 comes after LinkUp."""
    async with bench(opens(frame(1, b"[early]"))) as (station, _):
        await station.until(FrameReceived)
        assert station.events == [LinkUp(), FrameReceived("[early]")]
