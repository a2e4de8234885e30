"""A board that is not ours: it may be hasty, speak another version or nonsense; evsed survives it."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from typing import Any

import pytest

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
        bench = Alone(central.url)
        board = StrangeBoard(bench)
        async with bench:
            await board.greet()
            await bench.until(lambda s: s["registration"] == "Accepted")
            for life in range(3):
                if life:
                    board.say(b"nonsense")
                    await board.hung_up()
                    await board.greet()
                for number in range(40):
                    await asyncio.sleep(0.001)
                    board.say({"type": "card", "connector": None, "id_tag": f"LIFE{life}-{number:02}", "at": 2.0})
                await asyncio.sleep(0.3)
                await bench.at_peace()
            await bench.end()
            log = bench.log_text()
            left_out = sum(map(int, re.findall(r"(\d+) more messages of the kind card-refused", log)))
            assert log.count(" refused on ") + left_out == 120, "refused by the Central System, or as too many at once"
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


async def test_nonsense_costs_the_connection_only() -> None:
    """What is not of the table closes the connection; evsed says why, shows Faulted, and comes again."""
    async with ScriptedCentralSystem() as central:
        bench = Alone(central.url)
        board = StrangeBoard(bench)
        async with bench:
            for nonsense in NONSENSE.values():
                await board.greet()
                await bench.until(lambda s: s["board"] == "strange" and first(s)["status"] == "Available")
                board.say(nonsense)
                await board.hung_up()
                await bench.until(lambda s: s["board"] is None and s["status"] == "Faulted")
            await board.greet()
            await bench.until(lambda s: s["board"] == "strange" and first(s)["status"] == "Available")
            assert "Traceback" not in bench.log_text()
        board.close()


@pytest.mark.parametrize("hello", [{**HELLO, "version": 3}, {**HELLO, "connectors": 2}], ids=["version", "connectors"])
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
            reason = "version 3" if hello["version"] == 3 else "2"
            assert any(reason in line and "board" in line for line in bench.log_text().splitlines()), bench.log_text()
        board.close()
