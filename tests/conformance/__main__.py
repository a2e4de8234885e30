"""`make conformance`: each id against the real daemon, a verdict each; 0 when nothing failed."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import Counter

from tests.conformance.catalogue import Case, catalogue, chosen, first_product, known_products, product_named
from tests.conformance.run import FAIL, NOT_PLAYED, OFF, Verdict, play_all

JOBS = 6
"""Stations at a time: most of a case is waiting."""


def pairs_of(cases: list[Case], product: str) -> list[tuple[Case, str]]:
    """Each case with the product it is shown on: the named one, or the first to which it applies."""
    return [(case, product or first_product(case) or known_products()[0]) for case in cases]


def tell(verdict: Verdict) -> None:
    print(verdict.text(), flush=True)
    for remark in verdict.remarks:
        print(f"    remark: {remark}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("--only", default="", help="ids or patterns, as TC_00* or TC_054_CS")
    parser.add_argument("--product", default="", help=f"one of {', '.join(known_products())}")
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--plant", default="", help="a planted defect, to see the judge at work")
    parser.add_argument("--log", action="store_true", help="show the station's log of failed cases")
    words = parser.parse_args()
    if words.product:
        try:
            product_named(words.product)
        except LookupError as wrong:
            print(f"product {words.product}: {wrong}", file=sys.stderr)
            return 2
    cases = list(chosen(catalogue(), words.only))
    if not cases:
        print(f"no id matches {words.only}", file=sys.stderr)
        return 2
    began = time.monotonic()
    verdicts = asyncio.run(play_all(pairs_of(cases, words.product), words.jobs, tell, words.plant))
    counts = Counter(verdict.word for verdict in verdicts)
    failed = [verdict for verdict in verdicts if verdict.word == FAIL]
    if words.log:
        for verdict in failed:
            print(f"--- log of {verdict.case.id} ---\n{verdict.log}")
    summary = ", ".join(f"{counts[word]} {word}" for word in ("pass", FAIL, NOT_PLAYED, OFF) if counts[word])
    print(f"{len(verdicts)} ids in {time.monotonic() - began:.0f} s: {summary}")
    for verdict in failed:
        print(f"  failed: {verdict.case.id} on {verdict.product}: {verdict.why.splitlines()[0]}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
