"""`make certify` and `evsectl certify`: plays everything that applies to a product and writes the pre-test report."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from tests.conformance.catalogue import PRODUCTS, catalogue, chosen, known_products, product_named
from tests.conformance.installed import Shared
from tests.conformance.report import Report, made, passed, written
from tests.conformance.run import OFF, Verdict

JOBS = 4
LOCAL = "local"


def tell(verdict: Verdict) -> None:
    if verdict.word != OFF:
        print(verdict.text(), flush=True)


def certify(
    product: str, folder: Path, only: str = "", jobs: int = JOBS, against: str = LOCAL, control: str = ""
) -> int:
    """0: nothing failed; 1: something did; 2: no such product, or nobody can listen at that URL.

    `against`: `local` for stations of its own, or the URL at which the judge listens for the installed station whose
    control socket is `control`.
    """
    try:
        product_named(product)
    except LookupError as wrong:
        print(f"product {product}: {wrong}", file=sys.stderr)
        return 2
    try:
        report = asyncio.run(played(product, only, jobs, against, control))
    except OSError as wrong:
        print(f"{against}: {wrong}", file=sys.stderr)
        return 2
    for path in written(report, folder):
        print(path)
    return 0 if passed(report) else 1


async def played(product: str, only: str, jobs: int, against: str, control: str) -> Report:
    cases = list(chosen(catalogue(), only))
    if against == LOCAL:
        return await made(product, cases, jobs, tell)
    async with Shared(product, against, Path(control)).open() as place:
        return await made(product, cases, 1, tell, place)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.certify", description=__doc__)
    parser.add_argument("--product", default=PRODUCTS[0], help=f"one of {', '.join(known_products())}")
    parser.add_argument("--out", type=Path, default=Path("build/certify"), help="the folder of the report")
    parser.add_argument("--only", default="", help="ids or patterns")
    parser.add_argument("--jobs", type=int, default=JOBS)
    words = parser.parse_args()
    return certify(words.product, words.out, words.only, words.jobs)


if __name__ == "__main__":
    sys.exit(main())
