"""The same sessions from end to end on both kinds: board and daemon in one process, and in two."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.csms.scripted import ScriptedCentralSystem
from tests.csms.station import BoardKind
from tests.processes.bench import Bench, first, flows, running

both = pytest.mark.parametrize("board", ["simulated", "process"])


@asynccontextmanager
async def at_work(board: BoardKind, **ocpp: object) -> AsyncIterator[tuple[ScriptedCentralSystem, Bench]]:
    """A station that is ready to serve."""
    async with ScriptedCentralSystem() as central, Bench(central.url, board=board, **ocpp) as bench:
        await central.wait("StatusNotification", connectorId=1, status="Available")
        yield central, bench


def told(central: ScriptedCentralSystem) -> list[str]:
    """What was said of connector 1 and its transactions, in order; equal neighbours once."""
    words: list[str] = []
    for _, frame in central.got:
        if frame[0] != 2 or frame[3].get("connectorId") == 0:
            continue
        word = frame[3]["status"] if frame[2] == "StatusNotification" else frame[2]
        if words[-1:] != [word]:
            words.append(word)
    return words


async def answer(central: ScriptedCentralSystem, action: str, **payload: Any) -> str:
    frame = await central.call(action, payload)
    assert frame[0] == 3, frame
    return str(frame[2]["status"])


@both
async def test_from_the_plug_to_the_bill(board: BoardKind) -> None:
    """Boot, plug, card, charge, values, pause, resume, card, unplug: told in this order, billed to the Wh."""
    async with at_work(board) as (central, bench):
        await bench.ctl("sim", "plug")
        await central.wait("StatusNotification", status="Preparing")
        await bench.ctl("sim", "tap", "CARD-1")
        start = await central.wait("StartTransaction", connectorId=1, idTag="CARD-1")
        await central.wait("StatusNotification", status="Charging")
        await bench.until(flows)
        await bench.ctl("sim", "ev", "pause")
        await central.wait("StatusNotification", status="SuspendedEV")
        await bench.ctl("sim", "ev", "charge")
        await bench.until(flows, 15)
        await central.wait("MeterValues", transactionId=1, since=len(central.got))
        await bench.ctl("sim", "tap", "CARD-1")
        stop = await central.wait("StopTransaction", transactionId=1, idTag="CARD-1")
        await central.wait("StatusNotification", status="Finishing")
        await bench.ctl("sim", "unplug")
        await central.wait("StatusNotification", connectorId=1, status="Available", since=10)
        words = [word for word in told(central) if word != "MeterValues"]
        for phase in ("StartTransaction", "StopTransaction"):  # reports may overtake a status, not each other
            words.remove(phase)
        charging = ["Charging", "SuspendedEV", "Charging"]
        assert words == ["BootNotification", "Available", "Preparing", "Authorize", *charging, "Finishing", "Available"]
        register = first(await bench.at_peace())["register_wh"]
        assert start["meterStart"] == 0 < stop["meterStop"] == register
        assert stop.get("reason", "Local") == "Local"
        rows = await bench.json("transactions")
        assert rows["transactions"][0]["energy_wh"] == register


@both
async def test_remote_start_and_stop(board: BoardKind) -> None:
    """RemoteStart with the plug in, RemoteStop: one transaction with reason Remote (§5.11, §5.12)."""
    async with at_work(board) as (central, bench):
        await bench.sim("plug")
        await central.wait("StatusNotification", status="Preparing")
        assert await answer(central, "RemoteStartTransaction", idTag="REMOTE", connectorId=1) == "Accepted"
        await central.wait("StartTransaction", idTag="REMOTE")
        await bench.until(flows)
        assert await answer(central, "RemoteStopTransaction", transactionId=1) == "Accepted"
        stop = await central.wait("StopTransaction", transactionId=1)
        assert stop["reason"] == "Remote"
        status = await bench.at_peace()
        assert stop["meterStop"] == first(status)["register_wh"]
        assert not first(status)["contactor_closed"]


@both
async def test_a_soft_reset_ends_the_charge_and_the_process(board: BoardKind) -> None:
    """Reset Soft: the transaction is stopped properly, told, then exit 0; the next life boots and serves (§5.14)."""
    async with at_work(board) as (central, bench):
        await bench.charge()
        assert await answer(central, "Reset", type="Soft") == "Accepted"
        stop = await central.wait("StopTransaction")
        assert stop["reason"] == "SoftReset"
        assert await bench.gone() == 0
        heard = len(central.got)
        await bench.start_daemon()
        await central.wait("BootNotification", since=heard)
        status = await bench.at_peace()
        assert first(status)["transaction"] is None and first(status)["register_wh"] == stop["meterStop"]
        assert not central.calls("StopTransaction", since=heard)
        await bench.sim("unplug")
        await central.wait("StatusNotification", since=heard, connectorId=1, status="Available")


@both
async def test_a_hard_reset_reboots_the_unit(board: BoardKind) -> None:
    """Reset Hard: stopped with its reason, exit 0, the board begins a new boot; nothing is billed twice (§5.14)."""
    async with at_work(board) as (central, bench):
        await bench.charge(until=flows)
        assert await answer(central, "Reset", type="Hard") == "Accepted"
        stop = await central.wait("StopTransaction")
        assert stop["reason"] == "HardReset"
        assert await bench.gone() == 0
        heard = len(central.got)
        await bench.start()
        await central.wait("BootNotification", since=heard)
        status = await bench.at_peace()
        assert not running(status) and first(status)["register_wh"] == stop["meterStop"]
        assert len(central.calls("StartTransaction")) == len(central.calls("StopTransaction")) == 1
