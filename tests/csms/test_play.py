"""`make csms`: the small Central System to play with, and what can be typed at it."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.csms.central_system import Heard
from tests.csms.play import HELP, Desk, order_of
from tests.csms.station import Station
from tests.run_session import Transcript

ROOT = Path(__file__).parents[2]
ORDERS: list[tuple[str, str, dict[str, Any]]] = [
    ("start CARD", "RemoteStartTransaction", {"idTag": "CARD"}),
    ("start CARD 2", "RemoteStartTransaction", {"idTag": "CARD", "connectorId": 2}),
    ("stop", "RemoteStopTransaction", {"transactionId": 7}),
    ("unlock", "UnlockConnector", {"connectorId": 1}),
    ("limit off", "ClearChargingProfile", {}),
    ("get", "GetConfiguration", {}),
    ("get HeartbeatInterval", "GetConfiguration", {"key": ["HeartbeatInterval"]}),
    ("set HeartbeatInterval 60", "ChangeConfiguration", {"key": "HeartbeatInterval", "value": "60"}),
    ("trigger MeterValues", "TriggerMessage", {"requestedMessage": "MeterValues"}),
    ("off", "ChangeAvailability", {"connectorId": 0, "type": "Inoperative"}),
    ("on", "ChangeAvailability", {"connectorId": 0, "type": "Operative"}),
    ("reset hard", "Reset", {"type": "Hard"}),
    ('ClearCache {"x": 1}', "ClearCache", {"x": 1}),
]


@pytest.mark.parametrize(("line", "action", "payload"), ORDERS)
def test_15_what_can_be_typed(line: str, action: str, payload: dict[str, Any]) -> None:
    """Each short order is the CALL that it says."""
    assert order_of(line, 7) == (action, payload)


def test_15_a_limit() -> None:
    """A default profile for the whole station."""
    action, payload = order_of("limit 10.5", 7)
    assert action == "SetChargingProfile" and payload["connectorId"] == 0  # type: ignore[call-overload, index]
    assert "10.5" in json.dumps(payload)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("help", HELP),
        ("dance", "'dance' is no order"),
        ("start", "something is missing"),
        ("limit x", "no number"),
        ("ClearCache {", "no JSON"),
        ('ClearCache {"a":1}]', "no JSON"),
    ],
)
def test_15_what_cannot_be_sent_is_explained(line: str, text: str) -> None:
    """A slip is a line for the person who typed it."""
    answer = order_of(line, 7)
    assert isinstance(answer, str) and text in answer


async def test_15_before_a_station_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    """It says so; an empty line is nothing; the id of the newest transaction is known once it was given."""
    desk = Desk(Transcript())
    await desk.typed("\n")
    await desk.typed("stop")
    assert capsys.readouterr().out == "  no station is connected yet\n"
    answer = {"transactionId": 9, "idTagInfo": {"status": "Accepted"}}
    desk.heard(Heard(0.0, True, [3, "1", answer], [2, "1", "StartTransaction", {}]))
    assert desk.transaction == 9


async def test_15_without_anybody_who_types() -> None:
    """Started in the background, its input is nothing: it stays, until it is told to end."""
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.csms.play", "--port", "0"),
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert program.stdout and program.stderr
    assert b"A small Central System" in await asyncio.wait_for(program.stdout.readline(), 30)
    async with Station("ws://127.0.0.1:1/") as station:  # as long as a station takes to start
        await station.ready()
    program.terminate()
    assert await asyncio.wait_for(program.wait(), 10) == 0 and await program.stderr.read() == b""


async def test_15_make_csms() -> None:
    """A station connects to it, charges from remote and stops, while every line is printed; `quit` ends it."""
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.csms.play", "--port", "0"),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert program.stdin and program.stdout
    told: list[str] = []

    async def until(text: str) -> None:
        assert program.stdout
        async with asyncio.timeout(30):
            while text not in "".join(told[-1:]):
                told.append((await program.stdout.readline()).decode())
                assert told[-1], f"it ended before {text}"

    await until("url = ")
    url = told[-1].split('"')[1]
    async with Station(url) as station:
        await until("connector 1 is Available")
        await station.ctl("sim", "plug")
        await until("connector 1 is Preparing")
        program.stdin.write(b"start CARD9\n")
        await until("connector 1 is Charging")
        program.stdin.write(b"stop\n")
        await until("transaction 1 ends at")
    program.stdin.write(b"quit\n")
    assert await asyncio.wait_for(program.wait(), 10) == 0
