"""Two carriers of one conversation with a board: in this very process, and over the board socket.  They decide nothing.

Both run until cancelled; a board that is missing or lost is an event, never the end.
"""

from __future__ import annotations

import asyncio
import math
import os
import socket
import stat
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

from daemon.board.flow import PACKETS_PER_S, Flow
from daemon.board.probation import RETRY_S, Probation
from daemon.board.session import BoardSession, DoneCallback
from daemon.board.silence import Silence
from daemon.board.translation import LEASE_S, Packet
from drivers.board_protocol import MAX_BYTES, ProtocolError, check, decode, encode
from drivers.devices import BoardHost
from drivers.process.listener import peer_uid, users_allowed
from ocpp16.events import BoardLost, BoardReady, Event
from ocpp16.records import LatchedFault
from ocpp16.step import Order, Outlet


class Lost(NamedTuple):
    """The end of a conversation."""

    reason: str
    was_wrong: bool = False
    """It said what it must not, refused us, or fell silent."""
    met: bool = True
    """Somebody was there."""


World = Callable[[], tuple[BoardHost, Callable[[], None]]]
"""Makes the board, and what must be called after each turn of it: its world must survive us."""

STATES_WITHIN_S = 1.0
"""A board that has not told all its present states so long after its shape is taken as it is."""
FAULTS_WITHIN_S = 0.02
"""Its faults may follow on the heels of the last state."""
SEND_WITHIN_S = 1.0
"""A board that takes nothing for so long is lost; its lease decides."""
WAITING = 256
"""Packets that may wait for such a board."""
LISTENS_EVERY_S = 1.0
PAUSED_S = 0.5
"""A look that comes so late comes after a pause of our own."""
CROWDED_S = 0.02
"""How long a crowded inbox is left alone."""
FLOODS_TOLD_EVERY_S = 60.0

Deliver = Callable[[Event], None]
Latched = Callable[[], Iterable[LatchedFault]]


class Board(Protocol):
    """What the runner and the control socket may ask of a board."""

    def want(self, outlet: Outlet) -> None:
        """A level, sent now where a board is ready for it, and renewed as long as `alive` says so."""

    def withdraw(self) -> None:
        """Every offer to zero at once."""

    def decided(self) -> None:
        """The core has taken `BoardReady`: levels may leave."""

    def order(self, order: Order) -> None: ...

    def ask(self, what: str, words: list[str], connector: int | None, answer: DoneCallback) -> None: ...

    async def run(self) -> None: ...


class _Carrier:
    """What both have in common."""

    def __init__(self, deliver: Deliver, latched: Latched, alive: Callable[[], bool], lease_s: float = LEASE_S) -> None:
        self.talk = BoardSession(lease_s)
        self._deliver = deliver
        self._latched = latched
        self._alive = alive
        self._levels_leave = asyncio.Event()

    def _send(self, messages: list[Packet]) -> None:
        raise NotImplementedError

    def want(self, outlet: Outlet) -> None:
        self._send(self.talk.want(outlet))

    def withdraw(self) -> None:
        self._send(self.talk.withdraw())

    def decided(self) -> None:
        self._send(self.talk.ready())
        self._levels_leave.set()

    def order(self, order: Order) -> None:
        messages, events = self.talk.order(order)
        self._tell(events)
        self._send(messages)

    def ask(self, what: str, words: list[str], connector: int | None, answer: DoneCallback) -> None:
        self._send(self.talk.ask(what, words, connector, answer))

    def _tell(self, events: Iterable[Event]) -> None:
        for event in events:
            self._deliver(event)

    async def _renew(self) -> None:
        """The lease lives only as long as the hall's loop makes progress."""
        await self._levels_leave.wait()
        while True:
            await asyncio.sleep(self.talk.renew_every_s)
            if self._alive():
                self._send(self.talk.renew())


class InProcessBoard(_Carrier):
    """The simulated board as a part of this process: its timer is ours."""

    def __init__(
        self,
        world: World,
        deliver: Deliver,
        latched: Latched,
        alive: Callable[[], bool],
        monotonic: Callable[[], float],
    ) -> None:
        super().__init__(deliver, latched, alive)
        self._world = world
        self._monotonic = monotonic
        self._poke = asyncio.Event()

    async def run(self) -> None:
        self._host, self._keep = self._world()
        self.talk.opened()
        self._send(self.talk.first_words(self._latched()))  # what the board says to them is contained in its greeting
        self._hear(self._host.greet(self._monotonic()))
        self._deliver(BoardReady())
        renewals = asyncio.create_task(self._renew())
        renewals.add_done_callback(lambda _: self._poke.set())
        try:
            while not renewals.done():
                await self._until_due()
                self._hear(self._host.advance(self._monotonic()))
            renewals.result()  # it ends by an error only
        finally:
            renewals.cancel()

    async def _until_due(self) -> None:
        self._poke.clear()
        wait_s = self._host.wake_at() - self._monotonic()
        if wait_s <= 0:
            await asyncio.sleep(0)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(None if wait_s == float("inf") else wait_s):
                await self._poke.wait()

    def _send(self, messages: list[Packet]) -> None:
        for message in messages:
            try:
                heard = self._host.receive(self._monotonic(), check(message, "to_board"))
            except ProtocolError as error:
                heard = _refused(message, str(error))
            self._hear(heard)

    def _hear(self, messages: Iterable[Packet]) -> None:
        for message in messages:
            self._tell(self.talk.heard(check(message, "from_board")))
        self._keep()
        self._poke.set()


def _refused(message: Packet, reason: str) -> list[Packet]:
    """Reject an order that this board cannot carry out; ignore an offer for a connector that it does not have."""
    if message["type"] != "do":
        return []
    return [{"type": "done", "seq": message["seq"], "ok": False, "detail": reason[:400]}]


class BoardSocket(_Carrier):
    """A board behind its socket: connects, reconnects, never ends by itself; a wrong peer is tried less and less often.

    crowded  too many events wait: nothing is read for now
    users    who may be the board, besides root and ourselves
    """

    def __init__(
        self,
        path: str,
        deliver: Deliver,
        latched: Latched,
        alive: Callable[[], bool],
        crowded: Callable[[], bool],
        log: Callable[..., None],
        users: Iterable[str] = (),
        lease_s: float = LEASE_S,
    ) -> None:
        super().__init__(deliver, latched, alive, lease_s)
        self._path = path
        self._crowded = crowded
        self._log = log
        self._users = users
        self._socket: socket.socket | None = None
        self._silence = Silence(0.0, lease_s)
        self._flow = Flow()
        self._out: asyncio.Queue[bytes] = asyncio.Queue()
        """What the socket did not take at once."""
        self._said = ""
        """The last reason told: a board that stays away is told once."""
        self._undecided = False
        """The board is attached and its present states are awaited."""
        self._floods_told_at = -math.inf
        self._probation = Probation()

    async def run(self) -> None:
        while True:
            lost = await self._one_connection()
            for event in self.talk.closed():  # who waits for an answer gets one, also of a board that never counted
                self._deliver(event)
            if self.talk.speaks_older:
                continue
            if lost.reason != self._said:
                self._said = lost.reason
                self._deliver(BoardLost(lost.reason))
            now = asyncio.get_running_loop().time()
            await asyncio.sleep(self._probation.ended(now, lost.was_wrong) if lost.met else RETRY_S)

    async def _one_connection(self) -> Lost:
        """Until it is lost; why."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK) as sock:
            try:
                sock.connect(self._path)  # at once or not at all: asyncio would take EAGAIN for a connection under way
            except OSError as error:
                return Lost(f"no board at {self._path}: {why_not(self._path, error)}", met=False)
            now = asyncio.get_running_loop().time()
            self._probation.opened(now)
            if who := stranger(peer_uid(sock), self._users):
                return Lost(f"no board at {self._path}: {who}", was_wrong=True)
            self._socket, self._out = sock, asyncio.Queue()
            self._silence, self._flow = Silence(now, self.talk.lease_s), Flow()
            self._levels_leave.clear()
            self.talk.opened()
            self._send(self.talk.first_words(self._latched()))
            try:
                parts = [self._read(sock), self._write(sock), self._renew(), self._listen_for_silence()]
                lost = await _first_to_fail(parts)
                self._part(sock, lost)
                return self._last_word(sock, lost)
            finally:
                self._socket = None

    def _part(self, sock: socket.socket, lost: Lost) -> None:
        """The board learns why it is left, where its version knows how."""
        if lost.was_wrong and self.talk.tells_why:
            with suppress(OSError):
                sock.send(encode({"type": "refused", "reason": ascii(lost.reason)[1:-1][:200]}), socket.MSG_NOSIGNAL)

    def _last_word(self, sock: socket.socket, lost: Lost) -> Lost:
        """A board that closes may have said why, and we may have met the closed door before we had read it."""
        with suppress(OSError, ProtocolError):
            while not lost.was_wrong and (data := sock.recv(MAX_BYTES + 1)):
                packet = decode(data, "from_board")
                if packet["type"] == "refused":
                    return Lost(f"refused by the board: {packet['reason']}", was_wrong=True)
        return lost

    # --- reading ----------------------------------------------------------------------------------------------------

    async def _read(self, sock: socket.socket) -> None:
        """Until the conversation ends, by the error that ended it.

        Each packet is taken where the loop sees it arrive: a board says one a second, and each turn of a task, each
        change of what the loop listens to, would cost as much as the packet.
        """
        loop = asyncio.get_running_loop()
        timers: list[asyncio.TimerHandle] = []
        ended: asyncio.Future[None] = loop.create_future()
        resting: list[asyncio.TimerHandle] = []

        def arrived() -> None:
            try:
                self._take(loop, sock, timers)
            except BlockingIOError:
                return
            except Exception as error:
                loop.remove_reader(sock)
                ended.set_exception(error)
                return
            if (rest_s := self._rest_s(loop.time())) > 0.0:
                loop.remove_reader(sock)
                resting[:] = [loop.call_later(rest_s, rested)]

        def rested() -> None:
            self._silence.paused(loop.time())
            if self._crowded():
                resting[:] = [loop.call_later(CROWDED_S, rested)]
            else:
                loop.add_reader(sock, arrived)

        loop.add_reader(sock, arrived)
        try:
            await asyncio.wait([ended])
        except asyncio.CancelledError:
            if not ended.done():  # what the board said last comes before the closed door that `_write` met
                raise
        finally:
            loop.remove_reader(sock)
            for timer in (*timers, *resting):
                timer.cancel()
        ended.result()

    def _take(self, loop: asyncio.AbstractEventLoop, sock: socket.socket, timers: list[asyncio.TimerHandle]) -> None:
        """What has arrived, as much as is taken in one turn.  Raises what ends the conversation."""
        packets, ended = self._flow.read(loop.time(), sock, sock.recv(MAX_BYTES + 1))
        for packet in packets:
            self._hear(loop, packet, timers)
        if ended is not None:
            raise ended

    def _hear(self, loop: asyncio.AbstractEventLoop, packet: Packet, timers: list[asyncio.TimerHandle]) -> None:
        now = loop.time()
        if "at" in packet:
            packet["at"] = min(packet["at"], now)  # nothing has happened later than now
        self._tell(self._silence.heard(now, packet))
        self._tell(self.talk.heard(packet))
        if not timers and self.talk.attached is not None:
            self._undecided = True
            if self._probation.counts:
                self._said = ""
            timers.append(loop.call_later(self._probation.lasts_s or STATES_WITHIN_S, self._all_told))
        if len(timers) == 1 and self.talk.complete and self._probation.counts:
            timers[0].cancel()
            timers.append(loop.call_later(FAULTS_WITHIN_S, self._all_told))

    def _rest_s(self, now: float) -> float:
        """For how long a board is not read that says too much, or says it while others wait; 0: it is read on."""
        rest_s = self._flow.rest_s(now)
        if rest_s > 0 and now >= self._floods_told_at + FLOODS_TOLD_EVERY_S:
            self._floods_told_at = now
            self._log("board-floods", packets_per_s=PACKETS_PER_S)
        return max(rest_s, CROWDED_S) if rest_s > 0 or self._crowded() else 0.0

    def _all_told(self) -> None:
        """Once a connection: nobody waits for further states."""
        if self._undecided:
            self._undecided, self._said = False, ""
            for event in self._probation.over():
                self._deliver(event)
            self._deliver(BoardReady())

    def _tell(self, events: Iterable[Event]) -> None:
        for event in self._probation.held(events):
            self._deliver(event)

    async def _listen_for_silence(self) -> None:
        """What does not come is an event, too; but first everything is taken that came while we did not look."""
        loop = asyncio.get_running_loop()
        while True:
            wait_s = LISTENS_EVERY_S - loop.time() % LISTENS_EVERY_S  # at full seconds, when the runner wakes, too
            due = loop.time() + wait_s
            await asyncio.sleep(wait_s)
            now = loop.time()
            if now > due + PAUSED_S:
                self._silence.paused(now)
            if reason := self._silence.lost(now):
                raise OSError(reason)
            self._tell(self._silence.faults(now))
            self._tell(self.talk.unanswered(self._silence.unanswered(now)))

    # --- writing ----------------------------------------------------------------------------------------------------

    async def _write(self, sock: socket.socket) -> None:
        """What did not leave at once."""
        loop = asyncio.get_running_loop()
        while True:
            data = await self._out.get()
            async with asyncio.timeout(SEND_WITHIN_S):
                await loop.sock_sendall(sock, data)

    def _send(self, messages: list[dict[str, Any]]) -> None:
        """At once where the socket takes it: a level that falls does not wait for another turn of the loop."""
        if self._socket is None:
            return
        now = asyncio.get_running_loop().time()
        for message in messages:
            self._silence.said(now, message)
            data = encode(message)
            try:
                if not self._out.empty():
                    raise BlockingIOError
                self._socket.send(data, socket.MSG_NOSIGNAL)
            except OSError:  # `_write` waits for room, or meets the same error and loses the board
                if self._out.qsize() < WAITING:
                    self._out.put_nowait(data)


def stranger(uid: int, users: Iterable[str]) -> str:
    """Who must not be the board; empty: this user may."""
    return "" if uid in users_allowed(users) else f"there is user {uid}, who is not allowed; see [board] users"


def why_not(path: str, error: OSError) -> str:
    """Why nobody can be reached there."""
    if isinstance(error, BlockingIOError):
        return "it accepts no connection"
    with suppress(OSError):
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            return "it is no socket"
    return error.strerror or str(error)


async def _first_to_fail(parts: Iterable[Coroutine[Any, Any, None]]) -> Lost:
    """Run all until one of them loses the board; why.  No TaskGroup: before Python 3.13 one that fails in the very
    moment in which it is cancelled forgets that it was."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    lost = [end for end in ends if isinstance(end, Exception)]
    for error in lost:
        if not isinstance(error, OSError | ProtocolError):  # a time-out is an OSError
            raise error
    if isinstance(lost[0], OSError) and lost[0].strerror:
        return Lost(f"the board closed the connection ({lost[0].strerror})")
    return Lost(str(lost[0]) or "the board takes nothing any more", was_wrong=not isinstance(lost[0], ConnectionError))
