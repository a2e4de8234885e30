"""Two carriers of one conversation with a board: in this very process, and over the board socket.  They decide nothing.

Both run until cancelled; a board that is missing or lost is an event, never the end.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any, Protocol

from daemon.board.session import BoardTalk, DoneCallback
from daemon.board.translation import LEASE_S, Packet
from drivers.board_protocol import MAX_BYTES, ProtocolError, check, decode, encode
from drivers.devices import BoardHost
from ocpp16.events import BoardLost, BoardReady, Event
from ocpp16.records import LatchedFault
from ocpp16.step import Order, Outlet

World = Callable[[], tuple[BoardHost, Callable[[], None]]]
"""Makes the board, and what must be called after each turn of it: its world must survive us."""

RECONNECT_S = 1.0
STATES_WITHIN_S = 1.0
"""A board that has not told all its present states so long after its shape is taken as it is."""
FAULTS_WITHIN_S = 0.02
"""Its faults may follow on the heels of the last state."""
SEND_WITHIN_S = 1.0
"""A board that takes nothing for so long is lost; its lease decides."""

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
        self.talk = BoardTalk(lease_s)
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
        first_words = self.talk.opened(self._latched())
        self._send(first_words)  # what the board says to them is contained in its greeting
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
    """What this board does not have: who asked is told; a level for a connector that it lacks is nobody's."""
    if message["type"] != "do":
        return []
    return [{"type": "done", "seq": message["seq"], "ok": False, "detail": reason[:400]}]


class BoardSocket(_Carrier):
    """A board behind its socket: connects, reconnects every second, never ends by itself."""

    def __init__(
        self, path: str, deliver: Deliver, latched: Latched, alive: Callable[[], bool], lease_s: float = LEASE_S
    ) -> None:
        super().__init__(deliver, latched, alive, lease_s)
        self._path = path
        self._out: asyncio.Queue[bytes] = asyncio.Queue()
        self._said = ""
        """The last reason told: a board that stays away is told once."""
        self._undecided = False
        """The board is attached and its present states are awaited."""

    async def run(self) -> None:
        while True:
            reason = await self._one_connection()
            self._tell(self.talk.closed())
            if reason != self._said:
                self._said = reason
                self._deliver(BoardLost(reason))
            await asyncio.sleep(RECONNECT_S)

    async def _one_connection(self) -> str:
        """Until it is lost; why."""
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK) as sock:
            try:
                await loop.sock_connect(sock, self._path)
            except OSError as error:
                return f"no board at {self._path}: {error.strerror}"
            self._out = asyncio.Queue()
            self._levels_leave.clear()
            self._send(self.talk.opened(self._latched()))
            return await _first_to_fail([self._read(sock), self._write(sock), self._renew()])

    async def _read(self, sock: socket.socket) -> None:
        """No time-out around a read: one that ends in the very moment a packet comes would lose it."""
        loop = asyncio.get_running_loop()
        timer: asyncio.TimerHandle | None = None
        complete = False
        try:
            while data := await loop.sock_recv(sock, MAX_BYTES + 1):
                self._tell(self.talk.heard(decode(data, "from_board")))
                if timer is None and self.talk.attached is not None:
                    self._said, self._undecided = "", True
                    timer = loop.call_later(STATES_WITHIN_S, self._all_told)
                if timer is not None and self.talk.complete and not complete:
                    complete = True
                    timer.cancel()
                    timer = loop.call_later(FAULTS_WITHIN_S, self._all_told)
        finally:
            if timer is not None:
                timer.cancel()
        raise OSError("the board closed the connection")

    def _all_told(self) -> None:
        """Once a connection: nobody waits for further states."""
        if self._undecided:
            self._undecided = False
            self._deliver(BoardReady())

    async def _write(self, sock: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            data = await self._out.get()
            async with asyncio.timeout(SEND_WITHIN_S):
                await loop.sock_sendall(sock, data)

    def _send(self, messages: list[dict[str, Any]]) -> None:
        for message in messages:
            self._out.put_nowait(encode(message))


async def _first_to_fail(parts: Iterable[Coroutine[Any, Any, None]]) -> str:
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
    return str(lost[0]) or "the board takes nothing any more"
