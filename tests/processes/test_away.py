"""What happened while we were away: every row of the design's table, played for real."""

from __future__ import annotations

import signal

import pytest

from tests.csms.scripted import ScriptedCentralSystem
from tests.csms.station import BoardKind
from tests.processes.bench import Bench, BoardClient, charges, first, flows, running


def bill(central: ScriptedCentralSystem) -> tuple[int, int, int]:
    """Starts, stops, and the Wh of the one stop."""
    starts, stops = central.calls("StartTransaction"), central.calls("StopTransaction")
    return len(starts), len(stops), stops[0]["meterStop"] - starts[0]["meterStart"] if stops else -1


async def end_of_session(central: ScriptedCentralSystem, bench: Bench) -> None:
    """The card again; one Start, one Stop, all of the register's energy."""
    await bench.sim("tap", "CARD-1")
    await central.wait("StopTransaction")
    register_wh = first(await bench.at_peace())["register_wh"]
    assert bill(central) == (1, 1, register_wh)


async def test_same_session_the_transaction_goes_on() -> None:
    """Only we were away (SIGKILL): same transaction, no gap in its energy, the contactor stays closed."""
    async with ScriptedCentralSystem() as central, Bench(central.url, tapped=True) as bench:
        await bench.ready()
        await bench.charge(until=flows)
        before = await bench.connector()
        await bench.killed()
        await bench.start_daemon()
        after = first(
            await bench.until(lambda s: running(s) and (first(s)["register_wh"] or 0) > before["register_wh"])
        )
        assert after["transaction"]["number"] == before["transaction"]["number"]
        assert bench.tap is not None
        assert [closed for _, closed in bench.tap.contactor()] == [False, True]
        assert bench.tap.unasked() == []
        await end_of_session(central, bench)


@pytest.mark.parametrize("evsed_too", [False, True], ids=["evsed lives", "evsed dies too"])
async def test_board_restarted_and_the_cable_stayed(evsed_too: bool) -> None:
    """Same boot, new session: the contactor was open, the cable stayed, so the transaction goes on to its one stop."""
    async with ScriptedCentralSystem() as central, Bench(central.url) as bench:
        await bench.ready()
        await bench.charge(until=flows)
        if evsed_too:
            await bench.killed()
        await bench.board_gone(signal.SIGKILL)
        if not evsed_too:
            await bench.until(lambda s: s["board"] is None and s["status"] == "Faulted")
        await bench.start_board()
        if evsed_too:
            await bench.start_daemon()
        await bench.until(charges, 15)
        await end_of_session(central, bench)


async def test_board_restarted_and_the_cable_was_pulled() -> None:
    """Same boot, new session, no cable: the transaction ended EVDisconnected, at the register's value."""
    async with ScriptedCentralSystem() as central, Bench(central.url) as bench:
        await bench.ready()
        await bench.charge()
        await bench.killed()
        await bench.board_gone(signal.SIGKILL)
        await bench.start_board()
        stranger = await BoardClient.after_daemon(bench.home / "board.sock")
        await stranger.order("unplug")
        await stranger.close()
        await bench.start_daemon()
        stop = await central.wait("StopTransaction")
        assert stop["reason"] == "EVDisconnected"
        status = await bench.at_peace()
        assert bill(central) == (1, 1, first(status)["register_wh"])
        assert first(status)["status"] == "Available"


async def test_planned_reboot_ends_with_the_notes_reason() -> None:
    """New boot after SIGTERM: the shutdown note says Reboot, not PowerLoss."""
    async with ScriptedCentralSystem() as central, Bench(central.url) as bench:
        await bench.ready()
        await bench.charge()
        bench.signal(signal.SIGTERM)
        assert await bench.gone() == 0
        assert not central.calls("StopTransaction"), "the board keeps the charge for the length of the lease"
        await dark(bench)
        await bench.start()
        assert (await central.wait("StopTransaction"))["reason"] == "Reboot"
        assert bill(central) == (1, 1, first(await bench.at_peace())["register_wh"])


@pytest.mark.parametrize("board", ["simulated", "process"])
async def test_darkness_ends_with_power_loss(board: BoardKind) -> None:
    """New boot without a note: PowerLoss, with the meter's own register; the cable is still there."""
    async with ScriptedCentralSystem() as central, Bench(central.url, board=board) as bench:
        await bench.ready()
        await bench.charge(until=flows)
        await bench.sim("power-cut")
        assert await bench.gone() == -signal.SIGKILL
        if bench.board_process is not None:
            assert await bench.board_process.wait() == -signal.SIGKILL
        await bench.start()
        assert (await central.wait("StopTransaction"))["reason"] == "PowerLoss"
        after = first(await bench.at_peace())
        assert bill(central) == (1, 1, after["register_wh"])
        assert after["plugged"] and not after["contactor_closed"]


@pytest.mark.parametrize("board", ["simulated", "process"])
async def test_darkness_while_the_central_system_is_away(board: BoardKind) -> None:
    """Started offline, dark offline, dark again offline: Start and Stop are told in order once it is back."""
    async with ScriptedCentralSystem() as central, Bench(central.url, board=board) as bench:
        await central.wait("StatusNotification", connectorId=1, status="Available")
        await bench.sim("plug")
        await bench.sim("tap", "CARD-1")  # now the card is in the cache
        await central.wait("StartTransaction")
        await bench.sim("tap", "CARD-1")
        await central.wait("StopTransaction")
        await bench.at_peace()
        port, heard = central.port, len(central.got)
        await central.shut()
        await bench.sim("tap", "CARD-1")
        await bench.until(flows)
        for _ in range(2):
            await bench.sim("power-cut")
            await bench.gone()
            if bench.board_process is not None:
                await bench.board_process.wait()
            await bench.start()
            await bench.until(lambda s: s["board"] is not None and first(s)["transaction"] is None)
        await central.listen(port)
        stop = await central.wait("StopTransaction", since=heard)
        assert stop["reason"] == "PowerLoss"
        assert stop["meterStop"] == first(await bench.at_peace())["register_wh"]
        told = [frame[2] for _, frame in central.got[heard:] if frame[0] == 2 and frame[2].endswith("Transaction")]
        assert told == ["StartTransaction", "StopTransaction"]


@pytest.mark.parametrize("board", ["simulated", "process"])
async def test_failing_mains_with_some_seconds_of_backup(board: BoardKind) -> None:
    """The mains fail, the backup supply lasts some seconds: told before the dark, nothing is left to tell after it."""
    async with ScriptedCentralSystem() as central, Bench(central.url, board=board, product="backup-power") as bench:
        await bench.ready()
        await bench.charge(until=flows)
        await bench.sim("backup-power")
        stop = await central.wait("StopTransaction", within=8)
        assert stop["reason"] == "PowerLoss"
        assert await bench.gone(within=10) == -signal.SIGKILL
        if bench.board_process is not None:
            assert await bench.board_process.wait() == -signal.SIGKILL
        await bench.start()
        await bench.until(lambda s: s["board"] is not None)
        assert bill(central) == (1, 1, first(await bench.at_peace())["register_wh"])


async def dark(bench: Bench) -> None:
    """The board's power fails while no daemon lives."""
    stranger = await BoardClient.after_daemon(bench.home / "board.sock")
    await stranger.order("power-cut")
    assert bench.board_process is not None
    assert await bench.board_process.wait() == -signal.SIGKILL
    await stranger.close()
