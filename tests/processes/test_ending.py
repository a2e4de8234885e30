"""Asked to end: SIGTERM to either process.  And a board that is taken, missing, or comes later."""

from __future__ import annotations

import signal
import time

import pytest

from tests.csms.scripted import ScriptedCentralSystem
from tests.csms.station import BoardKind
from tests.processes.bench import Bench, BoardClient, charges, first

IDLE, CHARGING, OFFLINE = "idle", "charging", "offline"


@pytest.mark.parametrize("board", ["simulated", "process"])
@pytest.mark.parametrize("state", [IDLE, CHARGING, OFFLINE])
async def test_sigterm(board: BoardKind, state: str) -> None:
    """SIGTERM: exit 0 within 5 s, in whatever state; a board in the same process ends its charge with Reboot."""
    async with ScriptedCentralSystem() as central, Bench(central.url, board=board) as bench:
        await bench.ready()
        if state == IDLE:
            await bench.at_peace()
        else:
            await bench.charge()
        if state == OFFLINE:
            await central.shut()
        asked = time.monotonic()
        bench.signal(signal.SIGTERM)
        assert await bench.gone() == 0
        assert time.monotonic() - asked < 5.0
        if state == CHARGING and board == "simulated":
            assert (await central.wait("StopTransaction"))["reason"] == "Reboot"
        if state == CHARGING and board == "process":
            await bench.start_daemon()
            await bench.until(charges)
            assert not central.calls("StopTransaction"), "the board kept the charge"
        assert "Traceback" not in bench.log_text()


async def test_sigterm_of_the_board_ends_the_charge_properly() -> None:
    """evsed-board asked to stop: steady pilot, open when the car has stopped, exit 0; evsed stays and says why."""
    async with ScriptedCentralSystem() as central, Bench(central.url, tapped=True) as bench:
        await bench.ready()
        await bench.charge()
        heard = len(central.got)
        assert await bench.board_gone(signal.SIGTERM) == 0
        fault = await central.wait("StatusNotification", since=heard, connectorId=1, status="Faulted")
        assert bench.tap is not None
        steady = next(at for at, m in bench.tap.said("board", "ack")[-3:] if m["amps"] == 0.0)
        opened, closed = bench.tap.contactor()[-1]
        assert not closed and steady < opened < steady + 7.0
        assert fault["vendorErrorCode"] == "board-missing"
        await bench.start_board()
        await bench.until(charges, 15)
        await bench.sim("tap", "CARD-1")
        stop = await central.wait("StopTransaction")
        assert stop["meterStop"] == first(await bench.at_peace())["register_wh"]


async def test_a_second_controlling_client_is_refused() -> None:
    """Who comes second is told the reason and let go; the first one notices nothing."""
    async with ScriptedCentralSystem() as central, Bench(central.url) as bench:
        await bench.ready()
        await bench.until(lambda s: s["board"] is not None)
        second = BoardClient(bench.home / "board.sock")
        _, refused = await second.until(lambda m: m["type"] == "refused")
        assert "another client" in refused["reason"]
        assert [m["type"] for _, m in second.heard] == ["refused"]
        await second.close()
        await bench.charge()


async def test_a_board_that_comes_later() -> None:
    """No board at the start: connected, Faulted, and it says why; the board comes, and it serves."""
    async with ScriptedCentralSystem() as central, Bench(central.url) as bench:
        await bench.ready()
        assert await bench.board_gone(signal.SIGTERM) == 0
        await bench.killed()
        heard = len(central.got)
        await bench.start_daemon()
        await central.wait("BootNotification", since=heard)
        for connector in (0, 1):
            fault = await central.wait("StatusNotification", since=heard, connectorId=connector, status="Faulted")
            assert (fault["errorCode"], fault["vendorErrorCode"]) == ("InternalError", "board-missing")
        why = await bench.ctl("why")
        assert "board" in why and "evsed-board" in why
        assert (await bench.status())["linked"]
        heard = len(central.got)
        await bench.start_board()
        for connector in (0, 1):
            await central.wait("StatusNotification", since=heard, connectorId=connector, status="Available")
        await bench.charge()
        assert bench.log_text().count("no board") <= 2, "said once, not each second"
