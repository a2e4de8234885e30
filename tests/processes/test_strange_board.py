"""A board that is not ours: it may be hasty, speak another version or nonsense; evsed survives it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from drivers.board_protocol import VERSION
from tests.csms.scripted import ScriptedCentralSystem
from tests.processes.bench import Bench, first

HELLO = {"type": "hello", "version": 1, "boot_id": "b1", "session_id": "s1", "board": "strange", "connectors": 1}
SHAPE = {
    "type": "connector", "connector": 1, "min_amps": 6.0, "max_amps": 32.0, "phases": 1, "outlet": "cable",
    "lock": False, "meter": True, "measurands": ["Energy.Active.Import.Register"],
}  # fmt: skip
STATES = (
    {"type": "pilot", "connector": 1, "state": "A", "at": 1.0},
    {"type": "cable", "connector": 1, "present": True, "max_amps": 32.0, "locked": False, "at": 1.0},
    {"type": "contactor", "connector": 1, "closed": False, "confirmed": True, "at": 1.0},
    {"type": "meter", "connector": 1, "at": 1.0, "wh": 0.0, "volts": [230.0], "amps": [0.0], "watts": [0.0]},
)


class StrangeBoard:
    """Listens where `evsed-board` would; says what the test lets it say."""

    def __init__(self, bench: Bench) -> None:
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        self._listener.bind(str(bench.home / "board.sock"))
        self._listener.listen(4)
        self._client: socket.socket | None = None

    async def greet(self, *messages: dict[str, Any]) -> None:
        """Wait for the daemon, then say all this."""
        self._client, _ = await asyncio.get_running_loop().sock_accept(self._listener)
        for message in messages or (HELLO, SHAPE, *STATES):
            self.say(message)

    def say(self, message: dict[str, Any] | bytes) -> None:
        assert self._client is not None
        self._client.send(message if isinstance(message, bytes) else json.dumps(message).encode())

    async def hear(self) -> dict[str, Any] | None:
        """The daemon's next word; None: it has hung up."""
        assert self._client is not None
        data = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(self._client, 4096), 5)
        return dict(json.loads(data)) if data else None

    def hang_up(self) -> None:
        assert self._client is not None
        self._client.close()

    async def until_hung_up(self) -> AsyncIterator[dict[str, Any]]:
        while (message := await self.hear()) is not None:
            yield message

    async def hung_up(self) -> None:
        while await self.hear() is not None:
            pass

    def close(self) -> None:
        for end in (self._client, self._listener):
            if end is not None:
                end.close()


class Alone(Bench):
    """A station whose `evsed-board` is not started."""

    async def start(self) -> None:
        await self.start_daemon()


async def test_no_word_is_lost_around_the_greeting() -> None:
    """Cards in every millisecond around the end of the greeting: each of them is judged."""
    async with ScriptedCentralSystem() as central:
        central.always["Authorize"] = _refuse
        for _ in range(3):
            bench = Alone(central.url)
            board = StrangeBoard(bench)
            async with bench:
                await board.greet()
                for number in range(40):
                    await asyncio.sleep(0.001)
                    board.say({"type": "card", "connector": None, "id_tag": f"CARD-{number:02}", "at": 2.0})
                await bench.until(lambda s: s["registration"] == "Accepted")
                await asyncio.sleep(0.3)
                await bench.at_peace()
                await bench.end()
                log = bench.log_text()
                left_out = sum(map(int, re.findall(r"(\d+) more messages of the kind card-refused", log)))
                assert log.count(" refused on ") + left_out == 40, "by the Central System, or as too many at once"
            board.close()


async def _refuse(central: ScriptedCentralSystem, frame: list[Any]) -> None:
    await central.send([3, frame[1], {"idTagInfo": {"status": "Invalid"}}])


NONSENSE: dict[str, dict[str, Any] | bytes] = {
    "no JSON": b"hello",
    "an unknown type": {"type": "explode"},
    "an unknown field": {**STATES[0], "colour": "red"},
    "an impossible number": {**STATES[3], "wh": -1e300},
    "a connector that is not there": {**STATES[0], "connector": 9},
    "too long": b'{"type":"hello","board":"' + b"x" * 2000 + b'"}',
    "a second hello": HELLO,
}


@pytest.mark.parametrize("nonsense", NONSENSE.values(), ids=NONSENSE)
async def test_nonsense_costs_the_connection_only(nonsense: dict[str, Any] | bytes) -> None:
    """What is not of the table closes the connection; evsed says why, shows Faulted, and comes again: the board counts
    once it has spoken well for some seconds."""
    async with ScriptedCentralSystem() as central:
        bench = Alone(central.url)
        board = StrangeBoard(bench)
        async with bench:
            await board.greet()
            await bench.until(lambda s: s["board"] == "strange" and first(s)["status"] == "Available")
            board.say(nonsense)
            await board.hung_up()
            await bench.until(lambda s: s["board"] is None and s["status"] == "Faulted")
            await board.greet()
            await bench.until(lambda s: s["board"] == "strange" and first(s)["status"] == "Available")
            assert "Traceback" not in bench.log_text()
        board.close()


@pytest.mark.parametrize("nonsense", [b"hello", None], ids=["nonsense", "it hangs up"])
async def test_13_a_wrong_peer_does_not_flood(nonsense: bytes | None) -> None:
    """It greets well and errs soon after, again and again: the Central System is told of it twice, `why` gives the
    reason, and the peer is told why it was left, in each conversation."""
    async with ScriptedCentralSystem() as central:
        bench = Alone(central.url)
        board = StrangeBoard(bench)
        async with bench:
            greetings, last_words = 0, []
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(20):
                    while True:
                        await board.greet({**HELLO, "version": 2}, SHAPE, *STATES)
                        greetings += 1
                        await asyncio.sleep(0.5)
                        if nonsense is None:
                            board.hang_up()
                            continue
                        board.say(nonsense)
                        heard = [message async for message in board.until_hung_up()]
                        last_words.append(heard[-1])
            statuses = [p for p in central.calls("StatusNotification") if p["connectorId"] == 1]
            assert 3 <= greetings <= 6 and len(statuses) <= 4, (greetings, statuses)
            assert statuses[-1]["status"] == "Faulted"
            (why,) = (await bench.json("why"))["why"]
            assert (
                why["code"] == "board-missing" and ("not JSON" if nonsense else "closed the connection") in why["text"]
            )
            assert all(word["type"] == "refused" and "not JSON" in word["reason"] for word in last_words)
        board.close()


async def test_13_the_last_word_of_a_board_is_heard() -> None:
    """A board that refuses and hangs up at once: its reason is the one that is given."""
    async with ScriptedCentralSystem() as central:
        bench = Alone(central.url)
        board = StrangeBoard(bench)
        async with bench:
            for _ in range(3):
                await board.greet({"type": "refused", "reason": "out of order, call the service"})
                board.hang_up()
            await bench.until(lambda s: s["status"] == "Faulted")
            (why,) = (await bench.json("why"))["why"]
            assert "out of order, call the service" in why["text"]
        board.close()


@pytest.mark.parametrize(
    "hello", [{**HELLO, "version": VERSION + 1}, {**HELLO, "connectors": 2}], ids=["version", "connectors"]
)
async def test_a_board_that_does_not_fit(hello: dict[str, Any]) -> None:
    """A later version, or not the product's connectors: connected to the Central System, Faulted, and said why."""
    async with ScriptedCentralSystem() as central:
        bench = Alone(central.url)
        board = StrangeBoard(bench)
        async with bench:
            shapes = [{**SHAPE, "connector": number + 1} for number in range(hello["connectors"])]
            await board.greet(hello, *shapes, *STATES)
            fault = await central.wait("StatusNotification", connectorId=0, status="Faulted")
            assert fault["vendorErrorCode"] in ("board-missing", "board-mismatch")
            reason = f"version {VERSION + 1}" if hello["version"] > VERSION else "2"

            def said() -> bool:
                return any(reason in line and "board" in line for line in bench.log_text().splitlines())

            await central.until(said)
        board.close()
