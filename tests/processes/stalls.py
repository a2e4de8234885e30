"""Campaign: evsed, its board or both stand still (SIGSTOP) at random moments of sessions; the bill is the register.

`python -m tests.processes.stalls --trials 200` prints a line for each session that is billed otherwise, and the sum.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import signal
import sys
from typing import NamedTuple

from tests.csms.scripted import ScriptedCentralSystem
from tests.processes.bench import Bench, Row, first, flows

LONGEST_S = 12.0


class Trial(NamedTuple):
    """What stood still, how long after the card that ends the session (before it: negative), and for how long."""

    seed: int
    who: str
    after_s: float
    for_s: float


def drawn(seed: int, longest_s: float) -> Trial:
    rng = random.Random(seed)
    return Trial(seed, rng.choice(["evsed", "board", "both"]), rng.uniform(-1.0, 3.0), rng.uniform(1.0, longest_s))


async def stand_still(bench: Bench, trial: Trial) -> None:
    assert bench.daemon is not None and bench.board_process is not None
    stopped = {"evsed": [bench.daemon], "board": [bench.board_process], "both": [bench.daemon, bench.board_process]}
    for process in stopped[trial.who]:
        process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(trial.for_s)
    for process in stopped[trial.who]:
        process.send_signal(signal.SIGCONT)


def ended(status: Row) -> bool:
    """A board that stands longer than its lease has ended the charge."""
    return status["board"] is not None and first(status)["transaction"] is None


async def play(trial: Trial) -> str:
    """Empty where the bill is the register, or says that it is not."""
    async with ScriptedCentralSystem() as central, Bench(central.url) as bench:
        await bench.ready(30)
        await bench.charge(until=flows)
        if trial.after_s < 0.0:
            stall = asyncio.ensure_future(stand_still(bench, trial))
            await asyncio.sleep(-trial.after_s)
            await stall
            await bench.until(lambda s: flows(s) or ended(s), 60)
            if not ended(await bench.status()):
                await bench.sim("tap", "CARD-1")
        else:
            await bench.sim("tap", "CARD-1")
            await asyncio.sleep(trial.after_s)
            await stand_still(bench, trial)
        stop = await central.wait("StopTransaction", within=60)
        status = await bench.until(lambda s: s["queue"] == 0 and first(s)["register_wh"] is not None, 40)
        (row,) = (await bench.json("transactions"))["transactions"]
        billed, register_wh = stop["meterStop"], first(status)["register_wh"]
        if billed == register_wh and row["stop_exact"]:
            return ""
        return f"{'marked' if not row['stop_exact'] else 'WRONG'}: billed {billed} of {register_wh} Wh"


async def campaign(trials: int, at_once: int, first_seed: int, longest_s: float) -> int:
    """How many bills are wrong, and do not say so."""
    room, wrong, marked = asyncio.Semaphore(at_once), 0, 0

    async def one(seed: int) -> None:
        nonlocal wrong, marked
        trial = drawn(seed, longest_s)
        async with room:
            try:
                found = await play(trial)
            except (AssertionError, OSError, TimeoutError) as error:
                found = f"WRONG: {type(error).__name__}: {str(error)[:200]}"
        wrong, marked = wrong + found.startswith("WRONG"), marked + found.startswith("marked")
        if found:
            print(f"{trial}: {found}", flush=True)

    await asyncio.gather(*(one(first_seed + number) for number in range(trials)))
    print(f"{trials} stalls: {trials - wrong - marked} billed to the Wh, {marked} marked inexact, {wrong} wrong")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.processes.stalls")
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--at-once", type=int, default=6)
    parser.add_argument("--from", type=int, default=0, dest="first_seed")
    parser.add_argument("--longest-s", type=float, default=LONGEST_S)
    given = parser.parse_args()
    return 1 if asyncio.run(campaign(given.trials, given.at_once, given.first_seed, given.longest_s)) else 0


if __name__ == "__main__":
    sys.exit(main())
