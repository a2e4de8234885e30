"""Two carriers of the same conversation: in this process and over the socket."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from daemon.board.transport import Board, BoardSocket, InProcessBoard, stranger
from drivers.board_protocol import decode, encode, spoken
from drivers.simulated.board import SimulatedBoard
from ocpp16.events import (
    BoardAttached,
    BoardDone,
    BoardLost,
    BoardReady,
    CardPresented,
    ContactorChanged,
    Event,
    FaultChanged,
    MeterSampled,
    OfferAcked,
    PilotChanged,
)
from ocpp16.records import LatchedFault
from ocpp16.step import Order, Outlet


class Inbox:
    """Events as they come, and a way to wait for one."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.crowded_for = 0
        """So many times it says that it is crowded."""
        self.notes: list[str] = []
        self._news = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    def deliver(self, event: Event) -> None:
        self.events.append(event)
        task = asyncio.ensure_future(self._tell())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def crowded(self) -> bool:
        self.crowded_for = max(0, self.crowded_for - 1)
        return self.crowded_for > 0

    def log(self, code: str, **fields: object) -> None:
        self.notes.append(code)

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def wait(self, is_it: Callable[[Event], bool]) -> Event:
        async with self._news, asyncio.timeout(5):
            await self._news.wait_for(lambda: any(is_it(event) for event in self.events))
        return next(event for event in self.events if is_it(event))

    async def of(self, kind: type[Event]) -> Event:
        return await self.wait(lambda event: isinstance(event, kind))


@contextlib.asynccontextmanager
async def running(board: Board) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.ensure_future(board.run())
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


class Listener:
    """The board's end of the socket, played by hand."""

    def __init__(self, path: Path) -> None:
        self.server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        self.server.bind(str(path))
        self.server.listen(1)
        self.client: socket.socket | None = None
        self.loop = asyncio.get_running_loop()

    async def accept(self) -> None:
        self.client, _ = await asyncio.wait_for(self.loop.sock_accept(self.server), 5)

    async def say(self, *messages: dict[str, Any]) -> None:
        assert self.client is not None
        for message in messages:
            await self.loop.sock_sendall(self.client, encode(message))

    async def hear(self) -> dict[str, Any]:
        assert self.client is not None
        return decode(await asyncio.wait_for(self.loop.sock_recv(self.client, 2000), 5), "to_board")

    async def hear_offer(self) -> dict[str, Any]:
        while (message := await self.hear())["type"] != "offer":
            pass
        return message

    def close(self) -> None:
        if self.client is not None:
            self.client.close()
        self.server.close()


@pytest.fixture
async def listener(tmp_path: Path) -> AsyncIterator[Listener]:
    listener = Listener(tmp_path / "b")
    yield listener
    listener.close()


GREETING = SimulatedBoard(1).greet(1.0)


# --- in this process ----------------------------------------------------------------------------


async def test_the_board_in_this_process() -> None:
    """The whole way: greeting, decision, plug, offer, contactor; the world is kept after each turn."""
    inbox, kept, loop = Inbox(), list[int](), asyncio.get_running_loop()
    host = SimulatedBoard(1)
    board = InProcessBoard(lambda: (host, lambda: kept.append(1)), inbox.deliver, list, lambda: True, loop.time)
    board.want(Outlet(1, 16.0))  # before there is a board: it waits
    async with running(board):
        await inbox.of(BoardReady)
        assert isinstance(inbox.events[0], BoardAttached)
        board.decided()
        assert await inbox.of(OfferAcked)
        answers = list[tuple[bool, str]]()
        board.ask("sim", ["plug"], 1, lambda ok, detail: answers.append((ok, detail)))
        board.ask("sim", ["tap", "04A2"], 1, lambda ok, detail: answers.append((ok, detail)))
        assert [ok for ok, _ in answers] == [True, True]
        await inbox.of(CardPresented)
        await inbox.wait(lambda e: isinstance(e, PilotChanged) and e.state == "C")
        await inbox.wait(lambda e: isinstance(e, ContactorChanged) and e.closed)
        board.withdraw()
        await inbox.wait(lambda e: isinstance(e, OfferAcked) and e.amps == 0.0)
        board.order(Order(3, "clear-latched", 1))
        assert await inbox.of(BoardDone) == BoardDone(3, True, "cleared")
    assert kept


async def test_what_the_board_does_not_have_is_answered() -> None:
    """An order for a connector that is not there is answered no; a level for it is nobody's."""
    inbox, loop = Inbox(), asyncio.get_running_loop()
    board = InProcessBoard(lambda: (SimulatedBoard(1), lambda: None), inbox.deliver, list, lambda: True, loop.time)
    async with running(board):
        await inbox.of(BoardReady)
        board.decided()
        board.want(Outlet(2, 16.0))
        board.order(Order(3, "unlock", 2))
        done = await inbox.of(BoardDone)
        assert isinstance(done, BoardDone) and not done.ok and "connector 2" in done.detail


class Silent:
    """A board host that never wants to be called, and breaks when it is renewed."""

    def __init__(self) -> None:
        self.woken = self.offers = 0

    def greet(self, now: float) -> list[dict[str, Any]]:
        return GREETING

    def receive(self, now: float, message: dict[str, Any]) -> list[dict[str, Any]]:
        self.offers += message["type"] == "offer"
        if self.offers == 2:
            raise OSError("broken")
        return []

    def advance(self, now: float) -> list[dict[str, Any]]:
        self.woken += 1
        return []

    def wake_at(self) -> float:
        return float("inf") if self.woken else 0.0


async def test_a_renewal_that_breaks_ends_the_carrier() -> None:
    """An error of the board in this process is an error of ours: it is not swallowed."""
    inbox, loop = Inbox(), asyncio.get_running_loop()
    board = InProcessBoard(lambda: (Silent(), lambda: None), inbox.deliver, list, lambda: True, loop.time)
    board.talk.lease_s = 0.04
    board.want(Outlet(1, 16.0))
    task = asyncio.ensure_future(board.run())
    await inbox.of(BoardReady)
    board.decided()
    with pytest.raises(OSError, match="broken"):
        await task


# --- over the socket ----------------------------------------------------------------------------


def over(path: Path, inbox: Inbox, alive: Callable[[], bool] = lambda: True, lease_s: float = 20.0) -> BoardSocket:
    fault = LatchedFault(name="1/weld", connector=1, code="weld")
    return BoardSocket(
        str(path), inbox.deliver, lambda: [fault], alive, inbox.crowded, inbox.log, ("evsed-board",), lease_s
    )


async def test_a_missing_board_is_told_once(tmp_path: Path) -> None:
    """No board at the socket is an event with its reason, not the end."""
    inbox = Inbox()
    async with running(over(tmp_path / "none", inbox)) as task:
        lost = await inbox.of(BoardLost)
        assert isinstance(lost, BoardLost) and "no board at" in lost.reason
        assert not task.done()


async def test_the_conversation_over_the_socket(tmp_path: Path, listener: Listener) -> None:
    """Hello, faults on record, greeting, decision, offer, renewal, order, question, loss."""
    inbox = Inbox()
    board = over(tmp_path / "b", inbox, lease_s=0.2)
    board.want(Outlet(1, 16.0))
    async with running(board):
        await listener.accept()
        assert (await listener.hear())["type"] == "hello"
        assert (await listener.hear())["code"] == "weld"
        await listener.say(*GREETING)
        await inbox.of(BoardReady)
        kinds = [type(event).__name__ for event in inbox.events]
        assert kinds[0] == "BoardAttached" and kinds[-1] == "BoardReady"
        board.decided()
        first = await listener.hear_offer()
        assert first["amps"] == 16.0 and (await listener.hear_offer())["seq"] > first["seq"]
        board.order(Order(7, "unlock", 1))
        while (message := await listener.hear())["type"] != "do":
            pass
        await listener.say({"type": "done", "seq": message["seq"], "ok": False, "detail": "no lock"})
        assert await inbox.of(BoardDone) == BoardDone(7, False, "no lock")
        answer: asyncio.Future[tuple[bool, str]] = asyncio.get_running_loop().create_future()
        board.ask("sim", ["plug"], 1, lambda ok, detail: answer.set_result((ok, detail)))
        listener.close()
        assert await asyncio.wait_for(answer, 5) == (False, "the board went away")
        lost = await inbox.of(BoardLost)
        assert isinstance(lost, BoardLost) and "closed" in lost.reason


async def test_a_lease_is_not_renewed_without_progress(tmp_path: Path, listener: Listener) -> None:
    """Where the hall's loop makes no progress, leases lapse."""
    inbox, asked = Inbox(), asyncio.Event()

    def alive() -> bool:
        asked.set()
        return False

    board = over(tmp_path / "b", inbox, alive, 0.1)
    board.want(Outlet(1, 16.0))
    async with running(board):
        await listener.accept()
        await listener.say(*GREETING)
        await inbox.of(BoardReady)
        board.decided()
        assert (await listener.hear_offer())["amps"] == 16.0
        asked.clear()
        await asyncio.wait_for(asked.wait(), 5)
        board.want(Outlet(1, 8.0))
        assert (await listener.hear_offer())["amps"] == 8.0  # and nothing between the two


async def test_a_board_that_does_not_tell_all_is_taken_as_it_is(tmp_path: Path, listener: Listener) -> None:
    """Where a state does not come, the board is ready a second after its shape."""
    inbox = Inbox()
    async with running(over(tmp_path / "b", inbox)):
        await listener.accept()
        await listener.say(*[message for message in GREETING if message["type"] != "meter"])
        await inbox.of(BoardReady)


async def test_nonsense_ends_the_connection_with_its_reason(tmp_path: Path, listener: Listener) -> None:
    """Whatever the page does not know closes the connection; the next one is tried."""
    inbox = Inbox()
    async with running(over(tmp_path / "b", inbox)):
        await listener.accept()
        await listener.say({"type": "nonsense"})
        lost = await inbox.of(BoardLost)
        assert isinstance(lost, BoardLost) and "nonsense" in lost.reason
        await listener.accept()
        await listener.say({"type": "refused", "reason": "a client is there"})
        await inbox.wait(lambda e: isinstance(e, BoardLost) and "a client is there" in e.reason)


# --- silence, floods, strangers ---------------------------------------------------------------------------------


def greeting(loop: asyncio.AbstractEventLoop) -> list[dict[str, Any]]:
    return SimulatedBoard(1).greet(loop.time())


async def lost(inbox: Inbox, why: str) -> float:
    """When the board was lost for that reason."""
    await inbox.wait(lambda e: isinstance(e, BoardLost) and why in e.reason)
    return asyncio.get_running_loop().time()


async def test_point_2_a_board_that_says_nothing_is_lost(tmp_path: Path, listener: Listener) -> None:
    """Held but mute: after a second; it is tried again."""
    inbox, loop = Inbox(), asyncio.get_running_loop()
    async with running(over(tmp_path / "b", inbox)):
        await listener.accept()
        began = loop.time()
        assert 0.9 < await lost(inbox, "no hello within 1 s") - began < 2.0
        await listener.accept()


async def test_point_2_a_board_that_only_listens_is_lost(tmp_path: Path, listener: Listener) -> None:
    """It greets, takes every offer and acknowledges none: a quarter of the lease (a second at least), then lost."""
    inbox, loop = Inbox(), asyncio.get_running_loop()
    board = over(tmp_path / "b", inbox, lease_s=6.0)
    board.want(Outlet(1, 16.0, transaction=True))
    async with running(board):
        await listener.accept()
        await listener.say(*greeting(loop))
        await inbox.of(BoardReady)
        board.decided()
        offered = loop.time()
        assert 1.4 < await lost(inbox, "no ack for") - offered < 2.5


async def test_point_2_withheld_readings_are_a_fault_of_the_meter(tmp_path: Path, listener: Listener) -> None:
    """Acks come, readings do not: meter-lost within four seconds of a closed contactor; gone with the next reading."""
    inbox, loop = Inbox(), asyncio.get_running_loop()
    async with running(over(tmp_path / "b", inbox)):
        await listener.accept()
        await listener.say(*greeting(loop))
        await inbox.of(BoardReady)
        closed = {"type": "contactor", "connector": 1, "closed": True, "confirmed": True, "at": loop.time()}
        await listener.say(closed)
        began = loop.time()
        ack = {"type": "ack", "connector": 1, "amps": 0.0, "why": "", "seq": 1}
        loop.call_later(2.5, lambda: asyncio.ensure_future(listener.say(ack)))
        fault = await inbox.of(FaultChanged)
        assert isinstance(fault, FaultChanged) and (fault.code, fault.on) == ("meter-lost", True)
        assert 3.0 < loop.time() - began < 4.5
        await listener.say({"type": "meter", "connector": 1, "wh": 5.0, "at": loop.time()})
        await inbox.wait(lambda e: isinstance(e, FaultChanged) and not e.on)


async def test_point_2_nothing_is_newer_than_now(tmp_path: Path, listener: Listener) -> None:
    """A reading from the future would be fresh for ever."""
    inbox, loop = Inbox(), asyncio.get_running_loop()
    async with running(over(tmp_path / "b", inbox)):
        await listener.accept()
        await listener.say(*greeting(loop))
        await listener.say({"type": "meter", "connector": 1, "wh": 5.0, "at": loop.time() + 1000.0})
        sample = await inbox.wait(lambda e: isinstance(e, MeterSampled) and e.wh == 5.0)
        assert isinstance(sample, MeterSampled) and sample.at <= loop.time()


async def test_point_8_a_crowded_inbox_is_left_alone(tmp_path: Path, listener: Listener) -> None:
    """While too many events wait nothing is read; that is not the board's silence, and nothing is missing later."""
    inbox, loop = Inbox(), asyncio.get_running_loop()
    async with running(over(tmp_path / "b", inbox)):
        await listener.accept()
        await listener.say(*greeting(loop))
        await inbox.of(BoardReady)
        inbox.crowded_for = 100  # two seconds
        closed = {"type": "contactor", "connector": 1, "closed": True, "confirmed": True, "at": loop.time()}
        await listener.say(closed)
        await inbox.of(ContactorChanged)
        for number in range(80):
            await listener.say({"type": "card", "connector": 1, "id_tag": f"{number}", "at": 1.0})
        await inbox.wait(lambda e: isinstance(e, CardPresented) and e.id_tag == "79")
        assert inbox.crowded_for == 0
        assert [e.id_tag for e in inbox.events if isinstance(e, CardPresented)] == [str(n) for n in range(80)]
        assert not [e for e in inbox.events if isinstance(e, BoardLost | FaultChanged)]


async def test_point_8_a_flood_is_told_once(tmp_path: Path, listener: Listener) -> None:
    """Beyond the burst the board is read more slowly; a minute long one note is enough."""
    inbox, loop = Inbox(), asyncio.get_running_loop()
    async with running(over(tmp_path / "b", inbox)):
        await listener.accept()
        await listener.say(*greeting(loop))
        said, more = 0, 500
        while more:  # on a busy machine it takes more of them to be too fast
            await listener.say({"type": "card", "connector": 1, "id_tag": f"{said}", "at": 1.0})
            said, more = said + 1, more - bool(inbox.notes)
        await inbox.wait(lambda e: isinstance(e, CardPresented) and e.id_tag == f"{said - 1}")
        assert inbox.notes == ["board-floods"] and said > 2000


def test_point_13_who_may_be_the_board() -> None:
    """Root, the user of evsed, those of the configuration; whoever else took the place is named."""
    assert stranger(os.getuid(), []) == stranger(0, []) == stranger(4711, ["4711"]) == ""
    assert "user 4711, who is not allowed" in stranger(4711, ["no-such-user"])


async def test_point_3_a_board_of_version_1_hears_nothing_of_version_2(tmp_path: Path, listener: Listener) -> None:
    """hello in its version, offers without the new field; its reattached offer is unknown."""
    inbox, loop = Inbox(), asyncio.get_running_loop()
    board = over(tmp_path / "b", inbox)
    board.want(Outlet(1, 16.0, transaction=True))
    async with running(board):
        for version in (3, 2, 1):  # it comes again at once
            await listener.accept()
            assert (await listener.hear())["version"] == version
            await listener.say(*(spoken(message, 1) for message in greeting(loop)))
            if version > 1:
                await listener.say({"type": "refused", "reason": f"version {version}; understood here is 1"})
        attached = await inbox.of(BoardAttached)
        assert isinstance(attached, BoardAttached) and attached.connectors[0].offer == ""
        await inbox.of(BoardReady)
        board.decided()
        assert (await listener.hear_offer())["transaction"] is None
        assert not [event for event in inbox.events if isinstance(event, BoardLost)]


async def test_point_3_a_fatal_error_is_a_withdrawal_that_leaves_at_once(tmp_path: Path, listener: Listener) -> None:
    """No turn of the loop lies between the error and the offer of 0 A without a transaction."""
    inbox, loop = Inbox(), asyncio.get_running_loop()
    board = over(tmp_path / "b", inbox)
    board.want(Outlet(1, 16.0, transaction=True))
    async with running(board):
        await listener.accept()
        await listener.say(*greeting(loop))
        await inbox.of(BoardReady)
        board.decided()
        board.withdraw()
        assert listener.client is not None
        said = []
        with contextlib.suppress(BlockingIOError):
            while True:
                said.append(decode(listener.client.recv(2000), "to_board"))
        offers = [(message["amps"], message["transaction"]) for message in said if message["type"] == "offer"]
        assert offers == [(16.0, True), (0.0, False)]


async def test_a_path_that_is_no_socket(tmp_path: Path) -> None:
    """The reason is told in plain words."""
    (tmp_path / "file").write_text("")
    inbox = Inbox()
    async with running(over(tmp_path / "file", inbox)):
        await lost(inbox, "it is no socket")
