"""`make fuzz`: hostile input from fresh seeds, a million executions or as long as asked; each door's slowest input.

Every door gets its share.  A find ends the run with its seed, and so does an input that never ends.
"""

from __future__ import annotations

import argparse
import faulthandler
import itertools
import sys
import time
import warnings
from collections.abc import Sequence

from tests.fuzz.targets import TARGETS, Found, Outcome, Target, run

ROUND = 10_000
"""Executions between two looks at the clock."""
STUCK_AFTER_S = 600.0
"""A round that takes longer waits for something that will not come: the stacks are printed and the run ends."""


def main(words: list[str] | None = None, targets: Sequence[Target] = TARGETS) -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--executions", type=int, default=1_000_000)
    options.add_argument("--seconds", type=float, help="instead of a number of executions")
    options.add_argument("--seed", type=int, default=int(time.time()), help="first seed: a run can be repeated")
    chosen = options.parse_args(words)
    warnings.simplefilter("ignore")  # the library's, on every certificate that is not quite one
    print(f"from seed {chosen.seed}", flush=True)
    total = sum(target.share for target in targets)
    best: dict[str, Outcome] = {target.name: Outcome(0, 0.0, "") for target in targets}
    began, done = time.monotonic(), 0
    for seed in itertools.count(chosen.seed):
        if time.monotonic() - began >= chosen.seconds if chosen.seconds is not None else done >= chosen.executions:
            break
        faulthandler.dump_traceback_later(STUCK_AFTER_S, exit=True, file=sys.__stderr__)
        try:
            for target in targets:
                outcome, before = run(target, seed, -(-ROUND * target.share // total)), best[target.name]
                worst = max(outcome, before, key=lambda one: one.slowest_ms)
                best[target.name] = worst._replace(executions=before.executions + outcome.executions)
                done += outcome.executions
        except Found as found:
            print(found)
            return 1
        finally:
            faulthandler.cancel_dump_traceback_later()
    for name, outcome in best.items():
        print(f"{name:<12} {outcome.executions:>9} executions, slowest {outcome.slowest_ms:6.2f} ms: {outcome.slowest}")
    print(f"{done} executions in {time.monotonic() - began:.0f} s: nothing uncaught, nothing that hangs")
    return 0


if __name__ == "__main__":
    sys.exit(main())
