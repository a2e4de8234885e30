"""Central Systems as they are: each vice over a real socket, and afterwards a session that ends well."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import pytest

from tests.csms.scripted import (
    Answer,
    ScriptedCentralSystem,
    call_first,
    close,
    conf,
    drop,
    error,
    late,
    silence,
    twice,
    wrong_id,
)
from tests.csms.station import Station

QUICK = {"TransactionMessageRetryInterval": 1, "MeterValueSampleInterval": 1, "ConnectionTimeOut": 30}


@asynccontextmanager
async def station_at(central: ScriptedCentralSystem, **ocpp: object) -> AsyncIterator[Station]:
    async with Station(central.url, **{**QUICK, **ocpp}) as station:
        yield station


async def good_session(central: ScriptedCentralSystem, station: Station, card: str = "GOOD") -> None:
    """Plug, card, energy, card, unplug: one Start, one Stop, true energy."""
    since = len(central.got)
    await station.ctl("sim", "plug")
    await station.ctl("sim", "tap", card)
    start = await central.wait("StartTransaction", since=since, idTag=card, within=20)
    await central.wait("StatusNotification", since=since, status="Charging")
    await central.wait("MeterValues", since=since)
    await station.ctl("sim", "tap", card)
    stop = await central.wait("StopTransaction", since=since, within=20)
    await station.ctl("sim", "unplug")
    await central.wait("StatusNotification", since=since, connectorId=1, status="Available")
    assert stop["meterStop"] >= start["meterStart"]


async def booted(central: ScriptedCentralSystem, within: float = 15) -> None:
    await central.wait("StatusNotification", connectorId=1, status="Available", within=within)


NOW = "2030-01-01T00:00:00Z"
BOOT_VICES: dict[str, list[Answer]] = {
    "interval 0": [conf(status="Accepted", currentTime=NOW, interval=0)],
    "interval negative": [conf(status="Accepted", currentTime=NOW, interval=-5)],
    "interval huge": [conf(status="Accepted", currentTime=NOW, interval=2**31)],
    "time of 1970": [conf(status="Accepted", currentTime="1970-01-01T00:00:00Z", interval=300)],
    "time without zone": [conf(status="Accepted", currentTime="2030-01-01T00:00:00", interval=300)],
    "answered twice": [twice()],
    "answer to nobody": [wrong_id()],
    "a CALL first": [call_first("GetConfiguration", {"key": ["HeartbeatInterval"]})],
    "an extra field": [conf(status="Accepted", currentTime=NOW, interval=300, vendorSays="hello")],
    "closed": [close(1012)],
    "torn off": [drop()],
}


@pytest.mark.parametrize("vice", BOOT_VICES, ids=str)
async def test_boot(vice: str) -> None:
    """Whatever the first answer to BootNotification is, the station gets to Available (§4.2)."""
    async with ScriptedCentralSystem() as central:
        central.script("BootNotification", *BOOT_VICES[vice])
        async with station_at(central):
            await booted(central, within=30)


@pytest.mark.parametrize("status", [HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE])
async def test_refused_handshake(status: HTTPStatus) -> None:
    """A handshake that is refused is tried again."""
    async with ScriptedCentralSystem() as central:
        central.http.extend([status])
        async with station_at(central):
            await booted(central, within=20)


async def test_no_subprotocol() -> None:
    """A server that does not agree to ocpp1.6 hears nothing of us (OCPP-J §3.1.2)."""
    async with ScriptedCentralSystem() as central:
        port = central.port
        await central.shut()
        central.subprotocols = None
        await central.listen(port)
        async with station_at(central):
            await central.until(lambda: len(central.connections) >= 2, within=15)
            assert central.got == []


REPORT_VICES: dict[str, tuple[str, list[Answer], dict[str, object]]] = {
    "Start refused once": ("StartTransaction", [error("InternalError")], {}),
    "Start answered twice": ("StartTransaction", [twice()], {}),
    "Start answered to nobody": ("StartTransaction", [wrong_id()], {}),
    "Start torn off": ("StartTransaction", [drop()], {}),
    "Start closed": ("StartTransaction", [close(1001)], {}),
    "Start with a CALL first": (
        "StartTransaction",
        [call_first("GetConfiguration", {"key": ["HeartbeatInterval"]})],
        {},
    ),
    "Start with id 0": ("StartTransaction", [conf(transactionId=0, idTagInfo={"status": "Accepted"})], {}),
    "Start with id -1": ("StartTransaction", [conf(transactionId=-1, idTagInfo={"status": "Accepted"})], {}),
    "Stop refused once": ("StopTransaction", [error("InternalError")], {}),
    "Stop torn off": ("StopTransaction", [drop()], {}),
    "Stop answered late": ("StopTransaction", [late(2)], {}),
    "MeterValues refused": ("MeterValues", [error("InternalError")] * 3, {"TransactionMessageAttempts": 3}),
    "MeterValues answered twice": ("MeterValues", [twice()], {}),
    "Status refused": ("StatusNotification", [error("FormationViolation")], {}),
    "Authorize answered twice": ("Authorize", [twice()], {}),
}


@pytest.mark.parametrize("vice", REPORT_VICES, ids=str)
async def test_reports(vice: str) -> None:
    """Whatever a report is answered, the session ends well, and so does the next (§4.8, §4.10)."""
    action, answers, ocpp = REPORT_VICES[vice]
    async with ScriptedCentralSystem() as central, station_at(central, **ocpp) as station:
        await booted(central)
        central.script(action, *answers)
        await good_session(central, station, "FIRST")
        await good_session(central, station, "SECOND")
        assert {stop["transactionId"] for stop in central.calls("StopTransaction")} >= {central.transaction}


async def test_start_is_never_answered() -> None:
    """A Start without an answer is sent again with the same facts, and charging goes on meanwhile (errata 3.18)."""
    async with ScriptedCentralSystem() as central, station_at(central) as station:
        await booted(central)
        central.script("StartTransaction", silence(), drop())
        await station.ctl("sim", "plug")
        await station.ctl("sim", "tap", "CARD")
        await central.until(lambda: bool(central.calls("StartTransaction")))
        assert central.connection is not None
        central.connection.transport.abort()
        await central.until(lambda: len(central.calls("StartTransaction")) >= 3, within=40)
        facts = {json.dumps(p, sort_keys=True) for p in central.calls("StartTransaction")}
        assert len(facts) == 1


NONSENSE: list[str | bytes] = [
    "",
    " ",
    "{}",
    "[]",
    "null",
    '"text"',
    "[2]",
    '[0,"x",{}]',
    '[5,"x",{}]',
    '["3","x",{}]',
    '[3,"x"]',
    '[3,"x",{},{},{}]',
    '[2,"x","Heartbeat"]',
    '[2,5,"Reset",{"type":"Soft"}]',
    "[3,null,{}]",
    '[4,"x"]',
    '\ufeff[2,"b","ClearCache",{}]',
    '[2,"n","ClearCache",{"a":NaN}]',
    '[2,"d","ClearCache",{},{}]',
    "[" * 5000,
    '[3,"{id}",{"status":5}]',
]


async def test_nonsense_frames() -> None:
    """Frames that are no OCPP-J change nothing, and a session afterwards ends well."""
    async with ScriptedCentralSystem() as central, station_at(central) as station:
        await booted(central)
        for text in NONSENSE:
            assert central.connection is not None
            await central.connection.send(text)
        answer = await central.call("GetConfiguration", {"key": ["HeartbeatInterval"]})
        assert answer[0] == 3
        assert len(central.connections) == 1, "text that is no OCPP-J is no reason to hang up"
        await good_session(central, station)


@pytest.mark.parametrize(
    "text", [b"\x00\x01", "x" * (300 * 1024), '[2,"big","ClearCache",{"a":"' + "y" * 300_000 + '"}]']
)
async def test_frames_beyond_the_cap(text: str | bytes) -> None:
    """A binary frame, or one beyond the cap, costs at most the connection: the station comes back at once."""
    async with ScriptedCentralSystem() as central, station_at(central) as station:
        await booted(central)
        assert central.connection is not None
        await central.connection.send(text)
        await central.until(lambda: len(central.connections) == 2)
        await good_session(central, station)


async def test_commands_while_pending() -> None:
    """During Pending a configuration may be read and changed, and nothing may start (§4.2.1)."""
    async with ScriptedCentralSystem() as central:
        pending: dict[str, Any] = {"status": "Pending", "currentTime": NOW, "interval": 60}
        central.script("BootNotification", conf(**pending))
        async with station_at(central):
            await central.wait("BootNotification")
            assert (await central.call("GetConfiguration", {"key": ["HeartbeatInterval"]}))[0] == 3
            changed = await central.call("ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": "7"})
            assert changed[2]["status"] == "Accepted"
            refused = await central.call("RemoteStartTransaction", {"idTag": "X", "connectorId": 1})
            assert refused[0] == 4 or refused[2]["status"] == "Rejected"
            assert {frame[2] for _, frame in central.got if frame[0] == 2} == {"BootNotification"}


@pytest.mark.parametrize(
    ("action", "payload", "wanted"),
    [
        ("RemoteStartTransaction", {"idTag": "X", "connectorId": 0}, "Rejected"),
        ("RemoteStartTransaction", {"idTag": "X", "connectorId": 99}, "Rejected"),
        ("RemoteStopTransaction", {"transactionId": 4711}, "Rejected"),
        ("RemoteStopTransaction", {"transactionId": 2**31 - 1}, "Rejected"),
        ("ChangeConfiguration", {"key": "NumberOfConnectors", "value": "2"}, "Rejected"),
        ("ChangeConfiguration", {"key": "Unknown", "value": "2"}, "NotSupported"),
        ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "9" * 400}, "Rejected"),
        ("ChangeAvailability", {"connectorId": 99, "type": "Operative"}, "Rejected"),
        ("UnlockConnector", {"connectorId": 99}, "NotSupported"),
        ("DataTransfer", {"vendorId": "org.nobody"}, "UnknownVendorId"),
    ],
)
async def test_senseless_commands(action: str, payload: dict[str, Any], wanted: str) -> None:
    """A valid request for what cannot be done is refused by its status (§5)."""
    async with ScriptedCentralSystem() as central, station_at(central):
        await booted(central)
        answer = await central.call(action, payload)
        assert answer[0] == 3 and answer[2]["status"] == wanted, answer


async def test_it_comes_back_at_once() -> None:
    """After an outage of the Central System the first try reaches it, within 3 s of its return."""
    async with ScriptedCentralSystem() as central, station_at(central) as station:
        await booted(central)
        port = central.port
        await central.shut()
        await station.ctl("sim", "plug")
        await station.ctl("sim", "tap", "OFFLINE")
        returned = time.monotonic()
        await central.listen(port)
        await central.until(lambda: len(central.connections) == 2, within=10)
        assert central.connections[1] - returned < 3
