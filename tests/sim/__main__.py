"""`python -m tests.sim [--seeds N] [--from SEED] [--hours H]`: random worlds, and how often each fault struck."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from multiprocessing import Pool
from pathlib import Path

from tests.sim.chaos import Outcome, expected_strikes, run_seed

SEEDS = Path(__file__).with_name("seeds.txt")


def _play(task: tuple[int, float]) -> Outcome | str:
    try:
        return run_seed(*task)
    except AssertionError as error:
        return f"{task[0]} {error}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.sim")
    parser.add_argument("count", nargs="?", type=int)
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--from", type=int, default=0, dest="first")
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    args = parser.parse_args()
    strikes: Counter[str] = Counter()
    hours, steps, slowest, failed = 0.0, 0, 0.0, []
    began = time.perf_counter()
    tasks = [(args.first + n, args.hours) for n in range(args.count or args.seeds)]
    with Pool(args.jobs) as pool:
        for outcome in pool.imap_unordered(_play, tasks, chunksize=4):
            if isinstance(outcome, str):
                failed.append(outcome)
                print(f"FAILED seed {outcome}", flush=True)
                continue
            strikes.update(outcome.strikes)
            hours += outcome.hours
            steps += outcome.steps
            slowest = max(slowest, outcome.peace_s)
    took = time.perf_counter() - began
    for what, count in sorted(strikes.items()):
        print(f"{count:8}  {what}")
    missing = sorted(what for what in expected_strikes() if not strikes[what])
    if missing:
        print("never struck:", ", ".join(missing))
    rate = hours / took / args.jobs
    print(f"{len(tasks)} worlds, {len(failed)} failed; longest way to peace {slowest:.0f} s")
    print(
        f"{hours:,.0f} simulated hours, {steps:,} steps in {took:.1f} s on {args.jobs} cores: {rate:,.0f} h/s and core"
    )
    if failed:
        with SEEDS.open("a", encoding="utf-8") as file:
            file.writelines(f"{failure.split()[0]}\n" for failure in failed)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
