"""`python -m tests.conformance.planted`: every defect against the ids that must see it; 0 when all are caught."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Iterable

from tests.conformance.catalogue import catalogue, first_product
from tests.conformance.planted.defects import DEFECTS
from tests.conformance.run import FAIL, judge

JOBS = 6


async def escaped(names: Iterable[str], jobs: int = JOBS, loud: bool = False) -> list[str]:
    """`defect: id` for each id that stayed green."""
    gate, cases = asyncio.Semaphore(jobs), catalogue()

    async def one(name: str, number: str) -> str | None:
        async with gate:
            verdict = await judge(cases[number], first_product(cases[number]) or "", plant=name)
        # a station that does not start, or a case that breaks, proves nothing
        caught = verdict.word == FAIL and verdict.spoke and "Traceback" not in verdict.why
        if loud:
            print(f"{'caught ' if caught else 'ESCAPED'} {name}: {number}: {verdict.why[:110]}", flush=True)
        return None if caught else f"{name}: {number}"

    found = await asyncio.gather(*(one(name, number) for name in names for number in DEFECTS[name].ids))
    return [escape for escape in found if escape is not None]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.planted", description=__doc__)
    parser.add_argument("names", nargs="*", help="defects; none: all")
    parser.add_argument("--list", action="store_true")
    words = parser.parse_args()
    if words.list:
        for name, defect in DEFECTS.items():
            print(f"{name:36} {' '.join(defect.ids)}  {defect.sentence}")
        return 0
    began, names = time.monotonic(), words.names or list(DEFECTS)
    found = asyncio.run(escaped(names, loud=True))
    print(
        f"{len(names)} defects in {time.monotonic() - began:.0f} s, {len(found)} escaped: {', '.join(found) or 'none'}"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
