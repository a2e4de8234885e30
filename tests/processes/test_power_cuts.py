"""The whole unit goes dark at random moments of real sessions: the bill is the meter's own register."""

from __future__ import annotations

import asyncio
import random
import time

from tests.csms.scripted import ScriptedCentralSystem
from tests.processes.bench import Bench, first
from tests.processes.campaign import Driver, Judge

STATIONS = 4
CUTS_EACH = 9
AFTER_S = (0.4, 3.0, 5.0, 7.0)
"""How long the light is on: not at all plugged in, just begun, charging, perhaps stopping."""


class Campaign:
    """One station with the board in its own process, one driver, one power cut after the other."""

    def __init__(self, number: int) -> None:
        self.dice = random.Random(100 + number)
        self.cuts: list[float] = []

    async def run(self) -> int:
        async with ScriptedCentralSystem() as central, Bench(central.url, board="simulated") as bench:
            await bench.ready()
            driver = Driver(bench, self.dice, "CARD-1", (3.5, 6.0))
            driving = asyncio.create_task(driver.drive())
            while len(self.cuts) < CUTS_EACH:
                await asyncio.sleep(self.dice.choice(AFTER_S) * self.dice.uniform(0.5, 1.0))
                await self._cut(bench)
            driver.enough.set()
            await driving
            register_wh = first(await bench.at_peace())["register_wh"]
            judge = Judge(central, self.cuts)
            judge.judge(register_wh)
            reasons = [p["reason"] for _, p in judge.stops if "reason" in p]
            assert set(reasons) <= {"PowerLoss", "Local"}
            assert "Traceback" not in bench.log_text()
            print(judge.summary(), f"{reasons.count('PowerLoss')} ended by the dark", sep=", ")
            return reasons.count("PowerLoss")

    async def _cut(self, bench: Bench) -> None:
        if self.dice.random() < 0.3:
            bench.kill()  # with the board in the same process that is a power cut, too
        else:
            await bench.sim("power-cut")
        assert await bench.gone() == -9
        self.cuts.append(time.monotonic())
        await bench.start_daemon()
        await bench.ready(20)


async def test_darkness_at_any_moment_loses_no_energy() -> None:
    """36 power cuts: each transaction has one Start and one Stop, each bill begins where the last one ended."""
    async with asyncio.timeout(840):
        dark = await asyncio.gather(*(Campaign(number).run() for number in range(STATIONS)))
    assert sum(dark) >= STATIONS, "too few sessions were cut to prove anything"
