"""SIGKILL to `evsed` at random moments of real sessions: the bill is whole, the contactor does not move."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import time

import pytest

from tests.csms.scripted import ScriptedCentralSystem, late
from tests.processes.bench import Bench, first
from tests.processes.campaign import Driver, Judge

STATIONS = 3
KILLS_EACH = 70
KILLS_PER_SESSION = 14
"""Beyond that many the killer waits for the session's next step: on a slow machine, too, sessions go on."""
PAUSES_S = (0.0, 0.1, 0.5, 2.0)
WORDS = ("StartTransaction", "StopTransaction", "MeterValues", "Authorize", "StatusNotification", "BootNotification")


class Campaign:
    """One station, one driver who charges again and again, one killer."""

    def __init__(self, number: int) -> None:
        self.dice = random.Random(number)
        self.card = f"CARD-{number}"
        self.kills: list[float] = []

    async def run(self) -> int:
        async with ScriptedCentralSystem() as central, Bench(central.url, tapped=True) as bench:
            await bench.ready()
            driver = Driver(bench, self.dice, self.card, (1.0, 5.0))
            driving = asyncio.create_task(driver.drive())
            await self._kill(bench, central)
            driver.enough.set()
            await driving
            register_wh = first(await bench.at_peace())["register_wh"]
            judge = Judge(central, self.kills)
            judge.judge(register_wh)
            assert bench.tap is not None
            assert bench.tap.unasked() == []
            closings = sum(closed for _, closed in bench.tap.contactor())
            assert closings <= judge.transactions, f"{closings} closings in {judge.transactions} transactions"
            assert "Traceback" not in bench.log_text()
            print(judge.summary(), f"{closings} closings of the contactor", sep=", ")
            return judge.transactions

    async def _kill(self, bench: Bench, central: ScriptedCentralSystem) -> None:
        """Kill, start again at once, let it live for a random while or until it has said a certain word."""
        while len(self.kills) < KILLS_EACH:
            if len(self.kills) > KILLS_PER_SESSION * (len(central.calls("StopTransaction")) + 1):
                await self._word(central, "StopTransaction", within=6.0)
            elif self.dice.random() < 0.5:
                await asyncio.sleep(self.dice.choice(PAUSES_S) * self.dice.random())
            else:
                await self._word(central, self.dice.choice(WORDS), within=1.0)
            await bench.killed()
            self.kills.append(time.monotonic())
            await bench.start_daemon()
            if self.dice.random() < 0.8:  # sometimes it dies while it starts
                await bench.ready(20)
        await bench.ready(20)

    async def _word(self, central: ScriptedCentralSystem, action: str, within: float) -> None:
        """The station says it; its answer is not sent yet, on the way, or just there.  Or the time has gone."""
        heard = len(central.got)
        central.scripts[action].clear()
        if self.dice.random() < 0.5:
            central.script(action, late(0.1))
        with contextlib.suppress(AssertionError):
            await central.until(lambda: bool(central.calls(action, since=heard)), within)
            await asyncio.sleep(self.dice.choice((0.0, 0.003, 0.03)))


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_sigkill_at_any_moment_loses_nothing_and_moves_no_contactor() -> None:
    """200 kills in the middle of real sessions: one logical Start, its values in order, one Stop, true energy."""
    async with asyncio.timeout(840):
        transactions = await asyncio.gather(*(Campaign(number).run() for number in range(STATIONS)))
    assert sum(transactions) >= 2 * STATIONS, "too few sessions were under way to prove anything"


async def _either_dies(number: int, times: int) -> int:
    dice = random.Random(200 + number)
    deaths: list[float] = []
    async with ScriptedCentralSystem() as central, Bench(central.url) as bench:
        await bench.ready()
        driver = Driver(bench, dice, "CARD-1", (5.0, 9.0))
        driving = asyncio.create_task(driver.drive())
        while len(deaths) < times:
            await asyncio.sleep(dice.choice((0.3, 4.0, 7.0)) * dice.uniform(0.5, 1.0))
            who = dice.choice(("board", "evsed", "both"))
            if who != "evsed":
                await bench.board_gone(signal.SIGKILL)
            if who != "board":
                await bench.killed()
            deaths.append(time.monotonic())
            if who != "evsed":
                await bench.start_board()
            if who != "board":
                await bench.start_daemon()
                await bench.ready(20)
        driver.enough.set()
        await driving
        judge = Judge(central, deaths)
        judge.judge(first(await bench.at_peace())["register_wh"])
        assert "Traceback" not in bench.log_text()
        print(judge.summary())
        return judge.transactions


async def test_either_process_may_die() -> None:
    """SIGKILL to the board process, to evsed, to both: the contactor opens with its process, the bill stays whole."""
    async with asyncio.timeout(840):
        transactions = await asyncio.gather(*(_either_dies(number, 6) for number in range(3)))
    assert sum(transactions) >= 3
