"""`make fuzz`: hostile input from fresh seeds for as long as asked; prints the slowest input of each door."""

from __future__ import annotations

import argparse
import itertools
import time

from tests.fuzz.targets import TARGETS, Outcome, run


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=600)
    options.add_argument(
        "--seed", type=int, default=int(time.time()), help="first seed (printed, so that a night can be repeated)"
    )
    chosen = options.parse_args()
    print(f"from seed {chosen.seed}")
    best: dict[str, Outcome] = {target.name: Outcome(0, 0.0, "") for target in TARGETS}
    end = time.monotonic() + chosen.seconds
    for seed in itertools.count(chosen.seed):
        if time.monotonic() >= end:
            break
        for target in TARGETS:
            outcome, before = run(target, seed, 500), best[target.name]
            worst = max(outcome, before, key=lambda o: o.slowest_ms)
            best[target.name] = worst._replace(executions=before.executions + outcome.executions)
    for name, outcome in best.items():
        print(
            f"{name:<10} {outcome.executions:>10} executions, slowest {outcome.slowest_ms:6.2f} ms: {outcome.slowest}"
        )


if __name__ == "__main__":
    main()
